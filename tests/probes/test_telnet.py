"""The telnet probe against scripted devices: what it says, what it never says, what is proven."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan import credentials
from iotscan.errors import Malformed, NetworkError, TimedOut
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Fact,
    Impact,
    Outcome,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.plugins import probes
from iotscan.probe_api import Login
from iotscan.protocols.telnet.codec import Subnegotiation
from iotscan.settings import Limits
from iotscan.testing import (
    HOSTILE,
    Closes,
    Fails,
    FakeNetwork,
    Hears,
    Says,
    Step,
    converse,
    on_loopback,
    serve,
)

PROBE = next(probe for probe in probes() if probe.name == "telnet")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 2323), "telnet")
ROOT = Login("xiongmai-root", "root", "system", "DVR")
ADMIN = Login("generic-admin-1", "admin", "system")
EMPTY = Login("generic-admin-3", "admin", "system")
CONTROL = Login("control-x", "qzx", "system", control=True)
SECRETS = {ROOT.id: b"xc3511", ADMIN.id: b"admin", EMPTY.id: b"", CONTROL.id: b"k3v9"}

MARKER = Hears(b"echo iot$((6*7))scan\r")
FALLBACK = Hears(b'echo ios""can\r')
EXIT = Hears(b"exit\r")
SILENCE = Fails(TimedOut("read"))
ASK_ENCRYPTION = Hears(b"\xff\xfd\x26\xff\xfb\x2e")

Script = list[Step]


def _login(secret: bytes, *answer: Step, name: bytes = b"root") -> Script:
    """A connection of a text-only device up to the answer to the password."""
    asked: Script = [Says(b"\r\ncam login: "), Hears(name + b"\r"), Says(b"Password: ")]
    return [*asked, Hears(secret + b"\r"), *answer]


def _shell(*, proof: bytes = b"iot42scan\r\n# ") -> Script:
    return [Says(b"\r\n# "), SILENCE, MARKER, Says(proof), EXIT]


GREETING: Script = [Says(b"\r\ncam login: ")]


async def _play(
    connections: Sequence[Sequence[Step] | NetworkError],
    logins: Sequence[Login] = (),
    impact: Impact = Impact.LOGIN,
) -> Transcript:
    return await FakeNetwork(SERVICE, connections, SECRETS, impact).play(PROBE, logins)


def _facts(talk: Transcript, kind: str) -> dict[str, Fact]:
    found = [seen for seen in PROBE.read(talk) if seen.kind == kind]
    assert len(found) == 1, found
    assert all(0 <= index < len(talk.turns) for index in found[0].proofs[0].turns)
    return dict(found[0].facts)


def _said(talk: Transcript) -> bytes:
    return talk.said_by("client")


# Recognition


@pytest.mark.parametrize(
    "heard",
    [
        b"\xff\xfd\x25",
        b"\xff\xfb\x01\xff\xfb\x03\r\nWelcome\r\n",
        b"\r\nRouter \xff\xfd\x1f",
        b"\r\nUser Access Verification\r\n\r\nUsername: ",
        b"\x1b[2JLocalHost login: ",
        b"Password: ",
        b"\xff\xfe\x24\xff\xfa\x18\x01\xff\xf0" * 100 + b"\x01\x02\x03",
    ],
)
def test_negotiation_and_login_prompts_are_telnet(heard: bytes) -> None:
    assert PROBE.recognises(heard)


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        b"SSH-2.0-dropbear_2022.83\r\n",
        b"220 cam FTP login:",
        b"HTTP/1.1 401 Unauthorized\r\n\r\nlogin: ",
        b"+OK login: ",
        b"* OK IMAP login: ",
        b"RFB 003.008\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"Welcome to the machine\r\n",
        b"special offer $ ",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\x00\xff\xfd\x18\x01\x02\x03\x04login: ",
        b"\xff\xfd\xc8",
        bytes(range(256)),
        b"A" * 4096,
    ],
)
def test_other_greetings_are_not(heard: bytes) -> None:
    assert not PROBE.recognises(heard)


# Greeting


async def test_at_impact_greet_no_login_is_tried() -> None:
    talk = await _play([GREETING], [ROOT, CONTROL], Impact.GREET)
    assert len(talk.channels) == 1
    assert _said(talk) == b""
    facts = _facts(talk, "telnet.service")
    assert (facts["prompt"], facts["login_required"], facts["cleartext"]) == ("login", True, True)
    assert (facts["encryption_offered"], facts["start_tls_offered"]) == (False, False)


async def test_options_are_refused_once_and_noted_and_encryption_is_asked_for() -> None:
    script: Script = [
        Says(b"\xff\xfd\x18\xff\xfd\x18\xff\xfb\x01"),
        Hears(b"\xff\xfc\x18\xff\xfe\x01"),
        Says(b"\xff\xfd\x18login: "),
        ASK_ENCRYPTION,
        Says(b"\xff\xfb\x26\xff\xfe\x2e"),
    ]
    facts = _facts(await _play([script], impact=Impact.GREET), "telnet.service")
    assert facts["options"] == ("TERMINAL-TYPE", "ECHO", "ENCRYPT")
    assert (facts["encryption_offered"], facts["start_tls_offered"]) == (True, False)


async def test_an_offer_of_start_tls_is_noted() -> None:
    script: Script = [
        Says(b"\xff\xfd\x2e"),
        Hears(b"\xff\xfc\x2e"),
        Says(b"login: "),
        ASK_ENCRYPTION,
        SILENCE,
    ]
    facts = _facts(await _play([script], impact=Impact.GREET), "telnet.service")
    assert facts["start_tls_offered"] is True


async def test_a_windows_server_is_asked_to_name_itself() -> None:
    names = struct.pack("<HH", 1, 10) + "KIOSK".encode("utf-16-le") + bytes(4)
    head = b"NTLMSSP\0" + struct.pack("<IHHII", 2, 0, 0, 48, 0x205) + bytes(16)
    message = head + struct.pack("<HHI", len(names), len(names), 48) + names
    reply = Subnegotiation(37, b"\x02\x0f\0\x01" + bytes(8) + message).encode()
    hello = b"\xff\xfd\x25\xff\xfb\x01"
    greeting: Script = [
        Says(hello),
        Hears(b"\xff\xfc\x25\xff\xfe\x01"),
        Says(b"Welcome to Microsoft Telnet Service \r\n\n\rlogin: "),
        ASK_ENCRYPTION,
        SILENCE,
    ]
    asked = Hears(lambda data: data.startswith(b"\xff\xfb\x25\xff\xfa\x25\0\x0f\0\0"))
    talk = await _play([greeting, [Says(hello), asked, Says(reply), SILENCE]], [], Impact.GREET)
    assert talk.ending is Ending.COMPLETE
    assert _facts(talk, "telnet.ntlm") == {"computer": "KIOSK"}
    assert not [seen for seen in PROBE.read(talk) if seen.kind == "telnet.session"]


async def test_telnet_inside_tls_is_not_clear_text() -> None:
    net = FakeNetwork(
        Service(SERVICE.endpoint, "telnet", tls=True),
        [GREETING],
        impact=Impact.GREET,
        tls=TlsFacts("TLSv1.2"),
    )
    assert _facts(await net.play(PROBE), "telnet.service")["cleartext"] is False


async def test_a_silent_device_is_woken_by_one_empty_line() -> None:
    script: Script = [Says(b"Booted.\r\n"), SILENCE, Hears(b"\r"), Says(b"Password: ")]
    talk = await _play([[Says(b"\xff\xfb\x01"), Hears(b"\xff\xfe\x01"), *script, ASK_ENCRYPTION]])
    assert _facts(talk, "telnet.service")["prompt"] == "password"


async def test_a_shell_without_login_is_proven_by_the_marker_and_left() -> None:
    script: Script = [Says(b"\xff\xfd\x1f"), Hears(None), Says(b"BusyBox v1.19.2\r\n# "), SILENCE]
    echo = Says(b"echo iot$((6*7))scan\r\niot42scan\r\n# ")
    talk = await _play([[*script, MARKER, echo, EXIT]], [ROOT, CONTROL], Impact.GREET)
    facts = _facts(talk, "telnet.service")
    assert (facts["open_shell"], facts["login_required"]) == (True, False)
    assert talk.ending is Ending.COMPLETE
    assert len(talk.channels) == 1


async def test_a_shell_without_arithmetic_is_proven_by_quotes() -> None:
    script: Script = [Says(b"\xff\xfd\x1f"), Hears(None), Says(b"# "), SILENCE]
    first: Script = [MARKER, Says(b"echo iot$((6*7))scan\r\nsyntax error\r\n# "), SILENCE]
    second: Script = [FALLBACK, Says(b'echo ios""can\r\nioscan\r\n# '), EXIT]
    talk = await _play([[*script, *first, *second]], [ROOT])
    assert _facts(talk, "telnet.service")["open_shell"] is True


async def test_a_prompt_that_only_echoes_is_no_open_shell() -> None:
    script: Script = [Says(b"\xff\xfd\x1f"), Hears(None), Says(b"Best prices: 5 $ "), SILENCE]
    echo: Script = [MARKER, Says(b"echo iot$((6*7))scan\r\n$ "), SILENCE]
    again: Script = [FALLBACK, Says(b'echo ios""can\r\n$ '), SILENCE, EXIT]
    talk = await _play([[*script, *echo, *again]], [ROOT])
    facts = _facts(talk, "telnet.service")
    assert "open_shell" not in facts
    assert "login_required" not in facts


async def test_the_banner_is_cleaned_and_what_it_discloses_is_told() -> None:
    banner = b"\x1b]0;evil\x07BusyBox v1.19.2\r\nFirmware Version: 2.1 \xe2\x80\xae\r\ncam login: "
    facts = _facts(await _play([[Says(banner)]], impact=Impact.GREET), "telnet.banner")
    assert facts["firmware"] == "2.1"
    assert facts["discloses"] == ("firmware", "busybox", "host")
    assert not set("\x1b\x07\u202e") & set(str(facts["banner"]))


# Logins


async def test_a_login_is_accepted_when_the_marker_is_evaluated_and_the_control_is_not() -> None:
    talk = await _play(
        [
            GREETING,
            _login(b"xc3511", *_shell()),
            _login(b"k3v9", Says(b"\r\nLogin incorrect\r\ncam login: "), name=b"qzx"),
        ],
        [ROOT, ADMIN, CONTROL],
    )
    facts = _facts(talk, "telnet.login")
    assert facts["accepted"] is True
    assert (facts["login"], facts["username"]) == ("xiongmai-root", "root")
    assert (facts["control_accepted"], facts["accepts_anything"]) == (False, False)
    assert (facts["empty_password"], facts["attempts"], facts["refused"]) == (False, 1, 0)
    assert b"xc3511" not in _said(talk)
    assert "xc3511" not in repr(facts)


async def test_a_device_that_takes_anything_is_not_reported_as_a_default_login_alone() -> None:
    talk = await _play(
        [GREETING, _login(b"xc3511", *_shell()), _login(b"k3v9", *_shell(), name=b"qzx")],
        [ROOT, CONTROL],
    )
    facts = _facts(talk, "telnet.login")
    assert (facts["control_accepted"], facts["accepts_anything"]) == (True, True)


async def test_without_a_control_nothing_is_said_of_one() -> None:
    facts = _facts(await _play([GREETING, _login(b"xc3511", *_shell())], [ROOT]), "telnet.login")
    assert facts["accepted"] is True
    assert "control_accepted" not in facts
    assert "accepts_anything" not in facts


async def test_refused_logins_are_counted_and_the_next_is_tried() -> None:
    refused = Says(b"\r\nLogin incorrect\r\n\r\ncam login: ")
    net = FakeNetwork(
        SERVICE,
        [GREETING, _login(b"xc3511", refused), _login(b"admin", refused, name=b"admin")],
        SECRETS,
    )
    talk = await net.play(PROBE, [ROOT, ADMIN, CONTROL])
    facts = _facts(talk, "telnet.login")
    assert (facts["accepted"], facts["attempts"], facts["refused"]) == (False, 2, 2)
    assert facts["locked_out"] is False
    assert net.outcomes == {ROOT.id: Outcome.REFUSED, ADMIN.id: Outcome.REFUSED}


async def test_no_further_login_is_tried_at_a_sign_of_lock_out() -> None:
    locked = Says(b"\r\nToo many failures. Try again in 30 minutes.\r\n")
    talk = await _play([GREETING, _login(b"xc3511", locked, Closes())], [ROOT, ADMIN, CONTROL])
    assert talk.ending is Ending.LOCKED_OUT
    assert len(talk.channels) == 2
    facts = _facts(talk, "telnet.login")
    assert (facts["accepted"], facts["locked_out"]) == (False, True)


async def test_a_device_that_turns_us_away_at_once_is_not_tried() -> None:
    script: Script = [Says(b"\xff\xfb\x01"), Hears(None), Says(b"Your address is blocked.\r\n")]
    talk = await _play([[*script, Closes()]], [ROOT])
    assert talk.ending is Ending.LOCKED_OUT
    assert len(talk.channels) == 1


async def test_answers_that_come_later_each_time_end_the_tries() -> None:
    late: Script = [SILENCE, SILENCE, Says(b"\r\nLogin incorrect\r\ncam login: ")]
    talk = await _play(
        [
            GREETING,
            _login(b"xc3511", Says(b"\r\nLogin incorrect\r\ncam login: ")),
            _login(b"admin", *late, name=b"admin"),
        ],
        [ROOT, ADMIN, EMPTY, CONTROL],
    )
    assert talk.ending is Ending.LOCKED_OUT
    assert len(talk.channels) == 3
    assert _facts(talk, "telnet.login")["locked_out"] is True


async def test_an_empty_password_that_works_is_told_as_such() -> None:
    talk = await _play([GREETING, _login(b"", *_shell(), name=b"admin")], [EMPTY])
    facts = _facts(talk, "telnet.login")
    assert (facts["empty_password"], facts["password_asked"]) == (True, True)


async def test_an_account_that_needs_no_password_is_told_as_such() -> None:
    script: Script = [Says(b"cam login: "), Hears(b"root\r"), *_shell()]
    facts = _facts(await _play([GREETING, script], [ROOT]), "telnet.login")
    assert (facts["empty_password"], facts["password_asked"]) == (True, False)


async def test_a_device_that_asks_for_a_password_only_gets_no_name_and_no_password_twice() -> None:
    ask: Script = [Says(b"Password: ")]
    refused = Says(b"\r\nWrong password\r\nPassword: ")
    again = Login("again", "other", "system")
    net = FakeNetwork(
        SERVICE,
        [ask, [*ask, Hears(b"xc3511\r"), refused], ask],
        {**SECRETS, "again": b"xc3511"},
    )
    talk = await net.play(PROBE, [ROOT, again])
    assert net.outcomes == {ROOT.id: Outcome.REFUSED, "again": Outcome.UNCLEAR}
    facts = _facts(talk, "telnet.login")
    assert (facts["attempts"], facts["refused"]) == (1, 1)
    assert b"root" not in _said(talk)


async def test_nothing_is_typed_where_a_new_password_is_demanded() -> None:
    demand = Says(b"\r\nYou must change your password.\r\nNew password: ")
    talk = await _play([GREETING, _login(b"xc3511", demand)], [ROOT])
    facts = _facts(talk, "telnet.login")
    assert (facts["accepted"], facts["change_forced"]) == (False, True)
    assert _said(talk).endswith(b"******\r")


async def test_nothing_is_typed_into_a_menu() -> None:
    menu: Script = [Says(b"\r\n 1. Reboot\r\n 2. Reset\r\nYour choice: "), *[SILENCE] * 4]
    talk = await _play([GREETING, _login(b"xc3511", *menu)], [ROOT])
    assert _facts(talk, "telnet.login")["accepted"] is False
    assert _said(talk).endswith(b"******\r")


async def test_a_device_that_hangs_up_after_a_login_is_neither_accepted_nor_refused() -> None:
    net = FakeNetwork(SERVICE, [GREETING, _login(b"xc3511", Closes())], SECRETS)
    talk = await net.play(PROBE, [ROOT])
    assert net.outcomes == {ROOT.id: Outcome.UNCLEAR}
    facts = _facts(talk, "telnet.login")
    assert (facts["accepted"], facts["attempts"], facts["refused"]) == (False, 1, 0)


async def test_a_command_line_that_knows_no_echo_is_proof_enough() -> None:
    unknown = Says(b"bad command name echo (line 1 column 1)\r\n[admin@box] > ")
    tried: Script = [MARKER, unknown, SILENCE, FALLBACK, unknown, SILENCE, EXIT]
    script = _login(b"", Says(b"\r\n[admin@box] > "), SILENCE, *tried, name=b"admin")
    talk = await _play([GREETING, script], [EMPTY])
    assert _facts(talk, "telnet.login")["accepted"] is True


async def test_the_line_ends_in_a_bare_carriage_return() -> None:
    talk = await _play([GREETING, _login(b"xc3511", *_shell())], [ROOT])
    assert b"\n" not in _said(talk)
    assert all(turn.data.endswith(b"\r") for turn in talk.turns if turn.sender == "client")


async def test_what_is_not_telnet_ends_as_another_protocol() -> None:
    net = FakeNetwork(SERVICE, [[Says(b"SSH-2.0-x\r\n"), SILENCE, Hears(b"\r"), Closes()]])
    with pytest.raises(Malformed):
        await PROBE.converse(SERVICE, net, ())  # type: ignore[arg-type]
    assert list(PROBE.read(net.transcript("telnet"))) == []


async def test_a_device_that_says_nothing_is_a_time_out_not_an_absence() -> None:
    talk = await _play([[SILENCE, Hears(b"\r"), SILENCE]])
    assert talk.ending is Ending.TIMEOUT
    assert list(PROBE.read(talk)) == []


# Real and hostile peers, through the real gateway

QUICK = Limits(read_timeout=0.3, login_pause=0.0, conversation_timeout=5.0)
HOME = ip_address("127.0.0.1")


async def _converse(
    port: int,
    logins: Sequence[Login] = (),
    limits: Limits = QUICK,
    vault: Mapping[str, bytes] = SECRETS,
) -> tuple[Transcript, float]:
    """What the engine would record of a talk with a loopback port, and how long it took."""
    began = time.monotonic()
    service = on_loopback(port, "telnet")
    talk = await converse(PROBE, service, logins, vault=vault, limits=limits)
    return talk, time.monotonic() - began


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_a_hostile_peer_costs_little_and_proves_nothing(name: str) -> None:
    async with serve(HOSTILE[name]) as port:
        talk, seconds = await _converse(port, [ROOT, ADMIN, CONTROL])
    assert seconds < QUICK.conversation_timeout + 1.0
    assert sum(len(turn.data) for turn in talk.turns) <= QUICK.conversation_bytes * 2
    assert talk.ending is not Ending.BUG
    seen = list(PROBE.read(talk))
    assert not [one for one in seen if one.facts.get("accepted") or one.facts.get("open_shell")]
    if name not in ("resets mid-reply", "one byte a second", "endless negotiation"):
        assert talk.ending is not Ending.COMPLETE
        assert seen == []


@asynccontextmanager
async def inetd(*argv: str) -> AsyncIterator[int]:
    """Runs a program per connection with the socket as its standard streams; gives the port."""
    server = socket.create_server((str(HOME), 0))
    server.setblocking(False)
    started: list[subprocess.Popen[bytes]] = []

    async def accept() -> None:
        while True:
            peer, _ = await asyncio.get_running_loop().sock_accept(server)
            with peer:
                fd = peer.fileno()
                started.append(subprocess.Popen(argv, stdin=fd, stdout=fd, stderr=fd))

    accepting = asyncio.create_task(accept())
    try:
        yield server.getsockname()[1]
    finally:
        accepting.cancel()
        server.close()
        for process in started:
            process.kill()
            process.wait()


LOGIN_PROGRAM = """\
import getpass, os, sys
print("CamOS 2.1", flush=True)
while True:
    name = input("cam login: ")
    password = getpass.getpass("Password: ")
    with open({log!r}, "a") as log:
        log.write(name + "\\n")
    if {accepts}:
        os.execv("/bin/sh", ["sh", "-i"])
    print("Login incorrect", flush=True)
"""


@pytest.fixture
def real_telnetd(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """The argv of inetutils telnetd with a login program that accepts by the given expression."""
    telnetd = shutil.which("telnetd", path="/usr/sbin:/usr/bin")
    if telnetd is None:
        pytest.skip("telnetd of inetutils is not installed")
    if os.geteuid() != 0:
        pytest.skip("telnetd needs root to make a terminal")

    def make(accepts: str) -> tuple[str, ...]:
        script = tmp_path / "login.py"
        source = LOGIN_PROGRAM.format(log=str(tmp_path / "tries"), accepts=accepts)
        script.write_text(f"#!{sys.executable}\n{source}")
        script.chmod(0o755)
        return (telnetd, "-h", "-E", str(script))

    return make


async def test_a_default_login_on_a_real_telnetd(
    real_telnetd: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    limits = Limits(login_pause=0.0)
    async with inetd(*real_telnetd("(name, password) == ('admin', 'admin')")) as port:
        talk, _ = await _converse(port, [ROOT, ADMIN, EMPTY, CONTROL], limits)
    assert talk.ending is Ending.COMPLETE, talk.note
    facts = _facts(talk, "telnet.login")
    assert (facts["accepted"], facts["login"]) == (True, ADMIN.id)
    assert (facts["attempts"], facts["refused"], facts["control_accepted"]) == (2, 1, False)
    assert (tmp_path / "tries").read_text().split() == ["root", "admin", "qzx"]
    service = _facts(talk, "telnet.service")
    assert service["encryption_offered"] is True
    assert service["start_tls_offered"] is False
    assert "TERMINAL-TYPE" in tuple(service["options"])  # type: ignore[arg-type]
    assert not [turn for turn in talk.turns if b"xc3511" in turn.data]


async def test_a_real_telnetd_that_takes_anything(
    real_telnetd: Callable[[str], tuple[str, ...]],
) -> None:
    async with inetd(*real_telnetd("True")) as port:
        talk, _ = await _converse(port, [ROOT, ADMIN, CONTROL], Limits(login_pause=0.0))
    facts = _facts(talk, "telnet.login")
    assert (facts["accepts_anything"], facts["attempts"]) == (True, 1)


async def test_a_real_telnetd_that_refuses_all(
    real_telnetd: Callable[[str], tuple[str, ...]],
) -> None:
    async with inetd(*real_telnetd("False")) as port:
        talk, _ = await _converse(port, [ROOT, ADMIN, CONTROL], Limits(login_pause=0.0))
    facts = _facts(talk, "telnet.login")
    assert (facts["accepted"], facts["attempts"], facts["refused"]) == (False, 2, 2)


async def test_a_real_shell_without_login(tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    async with inetd(busybox, "telnetd", "-i", "-l", "/bin/sh") as port:
        talk, _ = await _converse(port, [ROOT, CONTROL], Limits(login_pause=0.0))
    facts = _facts(talk, "telnet.service")
    assert (facts["open_shell"], facts["login_required"]) == (True, False)
    assert len(talk.channels) == 1


async def test_a_device_that_locks_at_the_fifth_failure_is_not_locked() -> None:
    failures: Counter[bytes] = Counter()

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\r\ngate login: ")
        name = await _line(reader)
        if not name:
            return
        writer.write(b"Password: ")
        await _line(reader)
        failures[name] += 1
        writer.write(b"\r\nLogin incorrect\r\ngate login: ")
        await reader.read(-1)

    known = credentials.load()
    logins, secrets = known.choose(
        "telnet", "", QUICK.logins_per_service, QUICK.logins_per_account, random.Random(1)
    )
    async with serve(device) as port:
        talk, _ = await _converse(port, logins, vault=known.vault() | secrets)
    assert talk.ending is Ending.COMPLETE, talk.note
    assert failures.total() == QUICK.logins_per_service < 5
    assert max(failures.values()) <= QUICK.logins_per_account
    assert _facts(talk, "telnet.login")["attempts"] == QUICK.logins_per_service


async def _line(reader: asyncio.StreamReader) -> bytes:
    """A line from the client, b"" when it is gone."""
    line = b""
    while not line.endswith(b"\r"):
        byte = await reader.read(1)
        if not byte:
            return b""
        line += byte
    return line


# Reading what others recorded


def _captured(*said: tuple[Sender, bytes]) -> Transcript:
    turns = tuple(Turn(s, float(i), data, frame=i + 10) for i, (s, data) in enumerate(said))
    return Transcript("c9", SERVICE, "capture", 0.0, turns, (Channel(SERVICE.endpoint),))


def _keys(typed: bytes) -> list[tuple[Sender, bytes]]:
    return [("client", bytes([key])) for key in typed]


def test_a_captured_login_gives_the_name_and_never_the_password() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x01OpenBSD\r\nlogin: "),
        *_keys(b"fake\r"),
        ("server", b"\r\nPassword:"),
        *_keys(b"hunter2\r"),
        ("server", b"\r\nLast login: Thu Dec  2 21:32:59 on ttyp1\r\n$ "),
        *_keys(b"ls\r"),
        ("server", b"ls\r\na b c\r\n$ "),
    )
    facts = _facts(talk, "telnet.session")
    assert facts == {
        "cleartext": True,
        "username": "fake",
        "outcome": "accepted",
        "password_seen": True,
    }
    seen = list(PROBE.read(talk))
    assert "hunter2" not in repr(seen)
    session = next(one for one in seen if one.kind == "telnet.session")
    assert session.proofs[0].frames[0] == 11


def test_each_captured_login_of_a_session_is_told() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x01login: "),
        ("client", b"bob\r\n"),
        ("server", b"Password: "),
        ("client", b"wrong\r\n"),
        ("server", b"\r\nLogin incorrect\r\nlogin: "),
        ("client", b"bob\r\n"),
        ("server", b"Password: "),
        ("client", b"right\r\n"),
        ("server", b"\r\nbob@box:~$ "),
    )
    sessions = [one.facts["outcome"] for one in PROBE.read(talk) if one.kind == "telnet.session"]
    assert sessions == ["refused", "accepted"]


def test_a_captured_session_without_a_login_is_still_clear_text() -> None:
    talk = _captured(("server", b"\xff\xfd\x18\xff\xfd\x1f"), ("client", b"\xff\xfc\x18"))
    facts = _facts(talk, "telnet.session")
    assert facts == {"cleartext": True, "password_seen": False}


def test_a_captured_session_that_encrypts_is_not_called_clear_text() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x26"),
        ("client", b"\xff\xfd\x26"),
        ("server", b"\xff\xfa\x26\x03\x00\xff\xf0"),
        ("server", b"login: "),
        ("client", b"bob\r\n"),
    )
    facts = _facts(talk, "telnet.session")
    assert facts == {"cleartext": False, "password_seen": False}


def test_delays_between_refusals_are_measured_in_the_record() -> None:
    def tries(delay: float) -> Transcript:
        turns: list[Turn] = []
        for channel, at in ((0, 0.0), (1, 10.0), (2, 20.0)):
            for sender, when, data in (
                ("server", 0.0, b"login: "),
                ("client", 0.1, b"root\r"),
                ("server", 0.2, b"Password: "),
                ("client", 0.3, b"****\r"),
                ("server", 0.31, b"\r\n"),
                ("server", 0.3 + delay, b"Login incorrect\r\nlogin: "),
            ):
                turns.append(Turn(sender, at + when, data, channel))  # type: ignore[arg-type]
        channels = tuple(Channel(SERVICE.endpoint, login=f"pair-{i}") for i in range(3))
        return Transcript("c1", SERVICE, "telnet", 0.0, tuple(turns), channels)

    assert _facts(tries(3.0), "telnet.login")["throttled"] is True
    assert _facts(tries(0.1), "telnet.login")["throttled"] is False


def test_every_fact_has_the_type_its_kind_promises() -> None:
    kinds = {kind.name: kind.facts for kind in PROBE.emits}
    talk = _captured(
        ("server", b"\xff\xfd\x18BusyBox v1.2.3\r\nIdle timeout is 5 minutes\r\nlogin: "),
        ("client", b"bob\r\n"),
        ("server", b"\r\n$ "),
    )
    for seen in PROBE.read(talk):
        for name, value in seen.facts.items():
            assert type(value) is kinds[seen.kind][name], (seen.kind, name)
