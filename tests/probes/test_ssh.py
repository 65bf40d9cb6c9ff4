"""The SSH probe against real servers through the real gateway, and what others' sessions show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import Any, ClassVar

import asyncssh
import pytest

from iotscan.model import (
    Ending,
    Endpoint,
    Fact,
    Impact,
    Outcome,
    Sender,
    Service,
    Transcript,
)
from iotscan.plugins import probes
from iotscan.probe_api import Login
from iotscan.protocols.common.overheard import turned
from iotscan.testing import QUICK, FakeNetwork, Says, captured, converse, only_facts

PROBE = next(probe for probe in probes() if probe.name == "ssh")
ROOT = Login("xiongmai-root", "root", "system")
ADMIN = Login("generic-admin-1", "admin", "system")
OTHER = Login("generic-support", "support", "system")
CONTROL = Login("control-x", "qzx", "system", control=True)
PATIENT = replace(QUICK, read_timeout=4.0)
SECRETS = {
    ROOT.id: b"Sesame-1",
    ADMIN.id: b"Sesame-2",
    OTHER.id: b"Sesame-3",
    CONTROL.id: b"Sesame-4",
}
KEY = asyncssh.generate_private_key("ssh-rsa", key_size=1024)


class Door(asyncssh.SSHServer):
    """Lets admin in with the password it was given; ``tries`` is what it was told."""

    known: ClassVar = {"admin": "Sesame-2"}
    tries: ClassVar[list[tuple[str, str]]] = []

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def kbdint_auth_supported(self) -> bool:
        return False

    def validate_password(self, username: str, password: str) -> bool:
        self.tries.append((username, password))
        return self.known.get(username) == password


@pytest.fixture(autouse=True)
def forgetful() -> None:
    Door.tries.clear()


class KeysOnly(Door):
    def password_auth_supported(self) -> bool:
        return False

    def public_key_auth_supported(self) -> bool:
        return True


class Anything(Door):
    def validate_password(self, username: str, password: str) -> bool:
        return True


class Asking(Door):
    """Takes the password as an answer to a question."""

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        return self.validate_password(username, responses[0])


@asynccontextmanager
async def server(door: type[Door], **options: Any) -> AsyncIterator[Service]:
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=door, server_host_keys=[KEY], **options
    )
    try:
        endpoint = Endpoint(ip_address("127.0.0.1"), "tcp", listener.get_port())
        yield Service(endpoint, "ssh")
    finally:
        listener.close()
        await listener.wait_closed()


async def scan(
    service: Service, logins: Sequence[Login] = (), impact: Impact = Impact.LOGIN
) -> Transcript:
    return await converse(PROBE, service, logins, vault=SECRETS, impact=impact, limits=PATIENT)


facts = partial(only_facts, PROBE)


async def test_one_connection_tells_all_but_the_logins() -> None:
    async with server(Door, server_version="Toaster 1.0") as service:
        talk = await scan(service, [ADMIN, CONTROL], Impact.GREET)
    assert len(talk.channels) == 1
    assert Door.tries == []
    found = facts(talk, "ssh.service")
    assert (found["protocol"], found["protocol_1"]) == ("2.0", False)
    assert found["auth_methods"] == ("password",)
    assert (found["password_login"], found["let_in"]) == (True, False)
    key = facts(talk, "ssh.host_key")
    assert (key["key_type"], key["bits"], key["weak"]) == ("ssh-rsa", 1024, True)
    assert f"SHA256:{key['sha256']}" == KEY.get_fingerprint()


async def test_what_is_offered_is_listed_and_judged() -> None:
    kex = ["curve25519-sha256", "diffie-hellman-group1-sha1"]
    async with server(Door, kex_algs=kex, encryption_algs=["aes128-ctr", "arcfour128"]) as service:
        talk = await scan(service)
    found = facts(talk, "ssh.algorithms")
    assert set(kex) <= set(found["kex"])
    assert found["ciphers"] == ("aes128-ctr", "arcfour128")
    assert {"diffie-hellman-group1-sha1", "arcfour128"} <= set(found["weak"])
    assert found["any_weak"] is True


@pytest.mark.parametrize("door", [Door, Asking])
async def test_a_known_login_counts_when_a_random_one_is_refused(door: type[Door]) -> None:
    async with server(door) as service:
        talk = await scan(service, [ROOT, ADMIN, CONTROL])
    assert [name for name, _ in door.tries] == ["root", "admin", "qzx"]
    assert [channel.outcome for channel in talk.channels] == [
        None,
        Outcome.REFUSED,
        Outcome.ACCEPTED,
        Outcome.REFUSED,
    ]
    found = facts(talk, "ssh.login")
    assert (found["accepted"], found["login"], found["accepts_anything"]) == (
        True,
        ADMIN.id,
        False,
    )
    assert (found["attempts"], found["refused"]) == (2, 1)
    kinds = [seen.kind for seen in PROBE.read(talk)]
    assert len(kinds) == len(set(kinds)), "what a login's connection says is the greeting again"


# The server's half is deprecated as well.
@pytest.mark.filterwarnings("ignore:.*FFDH.*", "ignore:.*TripleDES.*")
async def test_a_login_works_with_nothing_but_old_algorithms() -> None:
    old = ["diffie-hellman-group14-sha1"]
    async with server(Door, kex_algs=old, encryption_algs=["3des-cbc"]) as service:
        talk = await scan(service, [ADMIN, CONTROL])
    assert facts(talk, "ssh.login")["accepted"] is True


async def test_a_server_that_takes_anything_is_told_apart() -> None:
    async with server(Anything) as service:
        talk = await scan(service, [ROOT, CONTROL])
    assert facts(talk, "ssh.login")["accepts_anything"] is True


async def test_a_server_without_passwords_is_not_tried() -> None:
    async with server(KeysOnly) as service:
        talk = await scan(service, [ROOT, ADMIN, CONTROL])
    assert len(talk.channels) == 1
    assert facts(talk, "ssh.service")["password_login"] is False


async def test_servers_that_punish_failures_are_tried_twice_at_most() -> None:
    async with server(Door, server_version="OpenSSH_9.8p1") as service:
        talk = await scan(service, [ROOT, OTHER, ADMIN, CONTROL])
    assert [name for name, _ in Door.tries] == ["root", "support"]
    assert facts(talk, "ssh.login")["accepted"] is False


async def test_no_password_is_in_the_record() -> None:
    async with server(Door) as service:
        talk = await scan(service, [ROOT, ADMIN, CONTROL])
    everything = talk.said_by("client") + talk.said_by("server")
    assert not any(secret in everything for secret in SECRETS.values())


async def test_a_server_that_turns_us_away_is_left() -> None:
    service = Service(Endpoint(ip_address("192.0.2.1"), "tcp", 22), "ssh")
    net = FakeNetwork(service, [[Says(b"Not allowed at this time\r\n")]])
    assert (await net.play(PROBE, [ROOT])).ending is Ending.LOCKED_OUT


async def test_an_outcome_without_a_word_of_ssh_behind_it_is_not_believed() -> None:
    async with server(Door) as service:
        talk = await scan(service, [ADMIN, CONTROL])
    silent = replace(talk, turns=tuple(turn for turn in talk.turns if turn.channel != 1))
    assert "ssh.login" not in [seen.kind for seen in PROBE.read(silent)]


@pytest.mark.parametrize(
    ("heard", "known"),
    [
        (b"SSH-2.0-dropbear_2022.83\r\n", True),
        (b"SSH-1.5-1.2.26\n", True),
        (b"SSH-2.0-half", False),
        (b"SSH-what\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"", False),
    ],
)
def test_it_is_recognised_by_its_first_line(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known


def overheard(*said: tuple[Sender, bytes]) -> list[tuple[dict[str, Fact], tuple[int, ...]]]:
    seen = PROBE.read(captured(said, 22))
    return [(dict(one.facts), one.proofs[0].turns) for one in seen]


def test_both_sides_of_a_session_of_others_name_themselves() -> None:
    ((found, turns),) = overheard(
        ("client", b"SSH-2.0-PuTTY\r\n"), ("server", b"SSH-1.99-Cisco-1.25\n"), ("client", b"x")
    )
    assert found == {
        "protocol": "1.99",
        "protocol_1": True,
        "software": "Cisco-1.25",
        "client_software": "PuTTY",
        "peer": "192.0.2.7",
    }
    assert turns == (1,)


def one_side(sender: Sender, port: int, note: str) -> list[tuple[object, object]]:
    talk = replace(captured([(sender, b"SSH-1.5-x\n")], port), note=note)
    return [(one.facts["protocol_1"], one.facts["peer"]) for one in PROBE.read(talk)]


def test_a_single_side_that_was_captured_is_the_servers_unless_it_is_surely_a_clients() -> None:
    assert one_side("client", 40_000, "starts mid-stream") == [(True, "192.0.2.1")]
    assert one_side("client", 40_000, "") == []
    assert one_side("client", 22, "starts mid-stream") == []
    assert one_side("server", 22, "starts mid-stream") == [(True, "192.0.2.7")]


def test_the_client_of_a_usual_server_is_no_server_whatever_its_port() -> None:
    more: list[tuple[Sender, bytes]] = [("client", b"SSH-1.5-x\n"), ("server", b"\0\0\1\x0b")]
    for said in (more[:1], more):
        talk = replace(captured(said, 22), note="starts mid-stream")
        assert list(PROBE.read(turned(talk))) == []


NOTICE = b"Authorised users only.\r\n\r\nAll sessions are recorded.\r\n"


@pytest.mark.parametrize("protocol", ["1.5", "1.99", "2.0"])
@pytest.mark.parametrize("apart", [False, True])
def test_a_server_may_say_other_lines_before_its_name(protocol: str, apart: bool) -> None:
    name = f"SSH-{protocol}-Gear_7\r\n".encode()
    parts = [NOTICE[:30], NOTICE[30:], name] if apart else [NOTICE + name]
    said: list[tuple[Sender, bytes]] = [("server", part) for part in parts]
    (seen,) = PROBE.read(captured([*said, ("client", b"SSH-2.0-c\r\n")], 22))
    assert seen.facts["protocol"] == protocol
    assert seen.facts["protocol_1"] is protocol.startswith("1.")
    assert seen.proofs[0].turns == (len(parts) - 1,)


@pytest.mark.parametrize(
    "said",
    [
        [("server", NOTICE), ("client", b"SSH-2.0-c\r\n")],
        [("server", NOTICE + b"SSH-1.5-x\r\n"), ("client", b"root\r\n")],
        [("server", NOTICE + b"SSH-1.5-x\r\n")],
        [("server", b"x\r\n" * 60 + b"SSH-1.5-x\r\n"), ("client", b"SSH-2.0-c\r\n")],
    ],
)
def test_lines_are_of_ssh_only_where_the_client_says_so(said: list[tuple[Sender, bytes]]) -> None:
    assert list(PROBE.read(captured(said, 22))) == []


def test_other_protocols_are_left_alone() -> None:
    assert overheard(("client", b"GET / HTTP/1.1\r\n\r\n"), ("server", b"SSHIT\r\n")) == []
    assert overheard() == []
