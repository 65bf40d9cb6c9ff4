"""The FTP probe against scripted and real servers, and what is read from others' sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import pytest
from daemons import free_port, program, running

from iotscan.errors import NetworkError, OutOfTime
from iotscan.model import Ending, Endpoint, Impact, Outcome, Service, TlsFacts, Transcript
from iotscan.plugins import probes
from iotscan.probe_api import Login
from iotscan.testing import (
    Closes,
    FakeNetwork,
    Hears,
    Says,
    Step,
    converse,
    on_loopback,
    only_facts,
)

PROBE = next(probe for probe in probes() if probe.name == "ftp")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 21), "ftp")
ADMIN = Login("ftp-admin", "admin", "system")
GUEST = Login("ftp-ftp", "ftp", "system")
CONTROL = Login("control-x", "qzx", "system", control=True)
SECRETS = {ADMIN.id: b"s3same", GUEST.id: b"ftp", CONTROL.id: b"k3v9"}
HELLO = Says(b"220 Camera FTP server ready\r\n")
QUIT: list[Step] = [Hears(b"QUIT\r\n"), Says(b"221 bye\r\n")]
NO_TLS: list[Step] = [
    HELLO,
    Hears(b"FEAT\r\n"),
    Says(b"502 no\r\n"),
    Hears(b"AUTH TLS\r\n"),
    Says(b"502 no\r\n"),
    *QUIT,
]
NO_STRANGERS: list[Step] = [
    HELLO,
    Hears(b"USER iotscan\r\n"),
    Says(b"331 password\r\n"),
    Hears(b"USER anonymous\r\n"),
    Says(b"331 password\r\n"),
    Hears(b"PASS scan@example.invalid\r\n"),
    Says(b"530 no\r\n"),
    *QUIT,
]


def login(name: bytes, answer: bytes, *more: Step) -> list[Step]:
    return [
        HELLO,
        Hears(b"USER " + name + b"\r\n"),
        Says(b"331 password\r\n"),
        Hears(lambda data: data.startswith(b"PASS ")),
        Says(answer),
        *more,
    ]


def network(*connections: Sequence[Step] | NetworkError, service: Service = SERVICE) -> FakeNetwork:
    return FakeNetwork(service, connections, SECRETS)


facts = partial(only_facts, PROBE)


def kinds(talk: Transcript) -> list[str]:
    return [seen.kind for seen in PROBE.read(talk)]


async def test_a_server_without_tls_takes_logins_in_clear() -> None:
    talk = await network(NO_TLS, NO_STRANGERS).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    found = facts(talk, "ftp.service")
    assert found["cleartext"] is True
    assert (found["tls_offered"], found["tls_required"]) == (False, False)
    assert facts(talk, "ftp.anonymous") == {"accepted": False}


async def test_a_server_that_insists_on_tls_takes_none_in_clear() -> None:
    upgraded: list[Step] = [
        HELLO,
        Hears(b"FEAT\r\n"),
        Says(b"211-x\r\n AUTH TLS\r\n211 End\r\n"),
        Hears(b"AUTH TLS\r\n"),
        Says(b"234 go on\r\n"),
        *QUIT,
    ]
    strangers: list[Step] = [
        HELLO,
        Hears(b"USER iotscan\r\n"),
        Says(b"530 Non-anonymous sessions must use encryption.\r\n"),
        Hears(b"USER anonymous\r\n"),
        Says(b"530 no strangers\r\n"),
        *QUIT,
    ]
    net = network(upgraded, strangers)
    net.upgrade = TlsFacts("TLSv1.3")
    found = facts(await net.play(PROBE), "ftp.service")
    assert (found["cleartext"], found["tls_offered"], found["tls_required"]) == (False, True, True)
    assert found["features"] == ("AUTH TLS",)


async def test_a_refusal_that_does_not_speak_of_tls_leaves_clear_text_open() -> None:
    upgraded = [*NO_TLS[:4], Says(b"234 go on\r\n"), *QUIT]
    strangers: list[Step] = [
        HELLO,
        Hears(None),
        Says(b"530 no\r\n"),
        Hears(None),
        Says(b"530 no\r\n"),
        *QUIT,
    ]
    net = network(upgraded, strangers)
    net.upgrade = TlsFacts("TLSv1.3")
    found = facts(await net.play(PROBE), "ftp.service")
    assert "cleartext" not in found
    assert found["tls_offered"] is True


async def test_a_login_for_which_no_time_was_left_has_no_outcome() -> None:
    net = network(NO_TLS, NO_STRANGERS, OutOfTime())
    talk = await net.play(PROBE, (ADMIN, CONTROL))
    assert talk.ending is Ending.TIMEOUT
    assert net.outcomes == {}


def strangers_in(*after: Step) -> list[Step]:
    return [*NO_STRANGERS[:6], Says(b"230 in\r\n"), *after]


async def test_a_listing_shows_what_strangers_may_read_and_write() -> None:
    inside = strangers_in(
        Hears(b"SYST\r\n"),
        Says(b"215 UNIX Type: L8\r\n"),
        Hears(b"MLST\r\n"),
        Says(b"500 no\r\n"),
        Hears(b"EPSV\r\n"),
        Says(b"229 ok (|||40001|)\r\n"),
        Hears(b"LIST\r\n"),
        Says(b"150 here\r\n"),
        Says(b"226 done\r\n"),
        *QUIT,
    )
    data: list[Step] = [
        Says(b"drwxrwxrwx 2 0 0 4096 Nov 21 12:00 incoming\r\n"),
        Says(b"-rw-r--r-- 1 0 0 99 Nov 21 12:00 firmware.trx\r\n"),
        Closes(),
    ]
    net = network(NO_TLS, inside, data)
    talk = await net.play(PROBE)
    assert talk.channels[2].endpoint.port == 40001
    found = facts(talk, "ftp.anonymous")
    assert found == {
        "accepted": True,
        "listed": True,
        "entries": 2,
        "writable": True,
        "writable_names": ("incoming",),
        "telling": ("firmware",),
    }
    assert facts(talk, "ftp.service")["system"] == "UNIX Type: L8"


async def test_what_mlst_grants_counts_without_a_listing() -> None:
    inside = strangers_in(
        Hears(b"SYST\r\n"),
        Says(b"500 no\r\n"),
        Hears(b"MLST\r\n"),
        Says(b"250-x\r\n type=dir;perm=elc; /\r\n250 End\r\n"),
        Hears(b"EPSV\r\n"),
        Says(b"500 no\r\n"),
        Hears(b"PASV\r\n"),
        Says(b"500 no\r\n"),
        *QUIT,
    )
    found = facts(await network(NO_TLS, inside).play(PROBE), "ftp.anonymous")
    assert found == {"accepted": True, "writable": True, "writable_names": (".",)}


async def test_a_known_login_counts_when_a_random_one_is_refused() -> None:
    net = network(
        NO_TLS, NO_STRANGERS, login(b"admin", b"230 in\r\n", *QUIT), login(b"qzx", b"530 no\r\n")
    )
    talk = await net.play(PROBE, [ADMIN, CONTROL])
    assert net.outcomes == {ADMIN.id: Outcome.ACCEPTED, CONTROL.id: Outcome.REFUSED}
    found = facts(talk, "ftp.login")
    assert (found["accepted"], found["accepts_anything"]) == (True, False)
    assert (found["login"], found["username"], found["empty_password"]) == (
        ADMIN.id,
        "admin",
        False,
    )
    said = talk.said_by("client")
    assert b"PASS ******" in said
    assert b"s3same" not in said


async def test_a_server_that_takes_anything_is_told_apart() -> None:
    net = network(
        NO_TLS,
        NO_STRANGERS,
        login(b"admin", b"230 in\r\n", *QUIT),
        login(b"qzx", b"230 in\r\n", *QUIT),
    )
    found = facts(await net.play(PROBE, [ADMIN, CONTROL]), "ftp.login")
    assert found["accepts_anything"] is True


@pytest.mark.parametrize("answer", [b"421 too many\r\n", b"530 Account locked.\r\n"])
async def test_a_lock_ends_the_tries(answer: bytes) -> None:
    talk = await network(NO_TLS, NO_STRANGERS, login(b"admin", answer)).play(
        PROBE, [ADMIN, GUEST, CONTROL]
    )
    assert talk.ending is Ending.LOCKED_OUT
    found = facts(talk, "ftp.login")
    assert (found["accepted"], found["locked_out"]) == (False, True)


async def test_the_guest_of_an_open_server_is_no_known_login() -> None:
    unknown: list[Step] = [Hears(None), Says(b"500 no\r\n")]
    inside = strangers_in(*unknown * 4, *QUIT)
    talk = await network(NO_TLS, inside).play(PROBE, [GUEST, CONTROL])
    assert talk.ending is Ending.COMPLETE
    assert "ftp.login" not in kinds(talk)


async def test_no_login_is_tried_where_only_greeting_is_allowed() -> None:
    net = network(NO_TLS, NO_STRANGERS)
    net.impact = Impact.GREET
    assert (await net.play(PROBE, [ADMIN, CONTROL])).ending is Ending.COMPLETE


async def test_another_protocol_behind_a_like_greeting_is_not_ftp() -> None:
    unknown: list[Step] = [Hears(None), Says(b"500 what\r\n")]
    mute = [Says(b"220 hello\r\n"), *unknown * 3]
    talk = await network(mute, mute).play(PROBE)
    assert kinds(talk) == []


async def test_another_greeting_ends_the_conversation() -> None:
    talk = await network([Says(b"500 no\r\n")]).play(PROBE)
    assert talk.ending is Ending.WRONG_PROTOCOL


async def test_a_full_server_is_left_alone() -> None:
    talk = await network([Says(b"421 too many FTP sessions\r\n")]).play(PROBE, [ADMIN])
    assert talk.ending is Ending.LOCKED_OUT


@contextmanager
def vsftpd(folder: Path, *lines: str) -> Iterator[int]:
    """vsftpd on a loopback port, with a guest whose files are those of the folder."""
    port = free_port()
    (folder / "jail").mkdir()
    (folder / "files").mkdir()
    (folder / "files" / "backup.cfg").write_text("x", encoding="utf-8")
    (folder / "files" / "in").mkdir()
    (folder / "files" / "in").chmod(0o777)
    common = (
        "listen=YES",
        "listen_address=127.0.0.1",
        f"listen_port={port}",
        "background=NO",
        "seccomp_sandbox=NO",
        f"anon_root={folder}/files",
        f"secure_chroot_dir={folder}/jail",
        "ftp_username=games",
    )
    conf = folder / "vsftpd.conf"
    conf.write_text("\n".join((*common, *lines)) + "\n", encoding="utf-8")
    with running([program("vsftpd"), conf], port):
        yield port


@pytest.mark.skipif(os.geteuid() != 0, reason="vsftpd runs as root alone")
async def test_a_real_server_shows_its_files_to_strangers(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with vsftpd(tmp_path, "anonymous_enable=YES") as port:
        talk = await converse(PROBE, on_loopback(port, "ftp"), impact=Impact.GREET)
    found = facts(talk, "ftp.anonymous")
    assert (found["accepted"], found["listed"], found["entries"]) == (True, True, 2)
    assert (found["writable_names"], found["telling"]) == (("in",), ("settings",))
