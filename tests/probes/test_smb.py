"""The SMB probe: which versions a file server takes, and whether it lets strangers in."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.errors import ConnectionLost, NetworkError
from iotscan.model import Channel, Ending, Endpoint, Fact, Impact, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.logins import ntlm
from iotscan.protocols.smb.codec import V1, V2, negotiate_1, negotiate_2
from iotscan.protocols.smb.session import connect, netbios_request, set_up
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "smb")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 445), "smb")
BEHIND_NETBIOS = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 139), "smb", hint="netbios")
ASK_1, ASK_2 = negotiate_1("NT LM 0.12"), negotiate_2()
SESSION = 0x1122334455667788
DENIED, WRONG, DISABLED, ODD = 0xC0000022, 0xC000006D, 0xC0000072, 0xC00000BB


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def old(index: int) -> bytes:
    head = V1 + b"\x72" + bytes(4) + b"\x98" + bytes(22)
    return framed(head + b"\x11" + struct.pack("<HB", index, 3) + bytes(33))


NEW = framed(
    V2
    + struct.pack("<HHIHHI", 64, 0, 0, 0, 1, 1)
    + bytes(44)
    + struct.pack("<HHHH", 65, 3, 0x0300, 0)
    + bytes(56)
)
INFO = b"\1\0\x0a\0S\0H\0E\0L\0F\0" + b"\7\0\x08\0ticktock" + bytes(4)
CHALLENGE = (
    b"NTLMSSP\0" + struct.pack("<IHHII", 2, 0, 0, 56, 0x2088215) + b"12345678" + bytes(8)
    + struct.pack("<HHI", len(INFO), len(INFO), 56) + struct.pack("<BBHI", 10, 0, 20348, 15) + INFO
)  # fmt: skip


def said(command: int, status: int, body: bytes = bytes(9)) -> bytes:
    """An answer of version 2, [MS-SMB2] 2.2.1.2."""
    head = V2 + struct.pack("<HHIHHIIQII", 64, 1, status, command, 1, 1, 0, 0, 0, 0)
    return framed(head + struct.pack("<Q", SESSION) + bytes(16) + body)


def setup(status: int, token: bytes = b"", flags: int = 0) -> bytes:
    return said(1, status, struct.pack("<HHHH", 9, flags, 72, len(token)) + token)


MORE = setup(0xC0000016, CHALLENGE)
CONNECTED = said(3, 0, struct.pack("<HBBIII", 16, 2, 0, 0, 0, 0))


def visit(name: str, *answers: bytes) -> list[Step]:
    """A session asked for under a name: the negotiation, the challenge, and what follows."""
    asked = [
        set_up(2, SESSION, ntlm.answer(CHALLENGE, name)),
        connect(3, SESSION, "192.0.2.7"),
    ]
    steps: list[Step] = [Hears(ASK_2), Says(NEW), Hears(set_up(1, 0, ntlm.negotiate())), Says(MORE)]
    for question, answer in zip(asked, answers, strict=False):
        steps += [Hears(question), Says(answer[:30]), Says(answer[30:])]
    return steps


HANGS_UP: list[Step] = [Hears(ASK_2), Says(NEW), Hears(), Closes()]
NO_VERSION_1: list[Step] = [Hears(ASK_1), Closes()]


async def play(
    *connections: Sequence[Step] | NetworkError,
    service: Service = SERVICE,
    impact: Impact = Impact.LOGIN,
) -> list[dict[str, Fact]]:
    talk = await FakeNetwork(service, connections, impact=impact).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert len(talk.channels) == len(connections)
    return [dict(seen.facts) for seen in PROBE.read(talk)]


async def test_a_server_that_takes_both_versions_is_told() -> None:
    first: list[Step] = [Hears(ASK_2), Says(NEW[:50]), Says(NEW[50:]), Hears(), Closes()]
    (found,) = await play(first, HANGS_UP, [Hears(ASK_1), Says(old(0))])
    assert found == {"version_1": True, "dialect": "3.0", "signing_required": False}


async def test_a_server_that_takes_none_of_version_1_is_told() -> None:
    (found,) = await play(HANGS_UP, HANGS_UP, [Hears(ASK_1), Says(old(0xFFFF))])
    assert (found["version_1"], found["dialect"], found["signing_required"]) == (
        False,
        "3.0",
        True,
    )


async def test_an_old_server_answers_only_the_old_question() -> None:
    (found,) = await play([Hears(ASK_2), Closes()], [Hears(ASK_1), Says(old(0))])
    assert found == {"version_1": True, "signing_required": False}


async def test_a_guest_who_is_let_in_connects_to_the_pipes_and_to_nothing_else() -> None:
    (found,) = await play(
        visit("", setup(WRONG)),
        visit("guest", setup(0, flags=1), CONNECTED),
        NO_VERSION_1,
    )
    assert found == {
        "dialect": "3.0",
        "signing_required": True,
        "computer": "SHELF",
        "system_version": "10.0.20348",
        "anonymous": False,
        "guest": True,
        "guest_connected": True,
    }


@pytest.mark.parametrize("status", [WRONG, DISABLED, DENIED])
async def test_a_guest_who_is_refused_asks_for_nothing_more(status: int) -> None:
    (found,) = await play(
        visit("", setup(0, flags=2), CONNECTED), visit("guest", setup(status)), NO_VERSION_1
    )
    assert (found["anonymous"], found["guest"]) == (True, False)
    assert "guest_connected" not in found


async def test_a_session_that_opens_no_share_is_no_access() -> None:
    (found,) = await play(
        visit("", setup(WRONG)), visit("guest", setup(0), said(3, DENIED)), NO_VERSION_1
    )
    assert (found["guest"], found["guest_connected"]) == (True, False)


async def test_an_answer_about_something_else_leaves_the_guest_unknown() -> None:
    (found,) = await play(visit("", setup(ODD)), visit("guest", setup(ODD)), NO_VERSION_1)
    assert "guest" not in found
    assert "anonymous" not in found


async def test_no_guest_is_tried_where_logins_are_not_allowed() -> None:
    (found,) = await play(visit("", setup(WRONG)), NO_VERSION_1, impact=Impact.GREET)
    assert found["anonymous"] is False


async def test_a_challenge_of_another_login_protocol_is_left() -> None:
    kerberos: list[Step] = [
        Hears(ASK_2), Says(NEW), Hears(), Says(setup(0xC0000016, b"\x60\x48\x06\x06+\x06")),
    ]  # fmt: skip
    (found,) = await play(kerberos, kerberos, NO_VERSION_1)
    assert found == {"dialect": "3.0", "signing_required": True}


async def test_a_wrapped_challenge_is_found_in_its_wrapping() -> None:
    wrapped = setup(0xC0000016, b"\xa1\x81\xce\x30\x81" + CHALLENGE)
    steps: list[Step] = [Hears(ASK_2), Says(NEW), Hears(), Says(wrapped), Hears(), Closes()]
    (found,) = await play(steps, steps, NO_VERSION_1)
    assert found["computer"] == "SHELF"


async def test_behind_netbios_its_session_is_asked_for_first() -> None:
    before: list[Step] = [Hears(netbios_request()), Says(b"\x82\0\0\0")]
    (found,) = await play(
        [*before, *visit("", setup(WRONG))],
        [*before, *visit("guest", setup(0, flags=1), CONNECTED)],
        [*before, Hears(ASK_1), Says(old(0))],
        service=BEHIND_NETBIOS,
    )
    assert (found["guest_connected"], found["version_1"]) == (True, True)


async def test_a_netbios_service_that_refuses_is_not_spoken_to() -> None:
    refused: list[Step] = [Hears(netbios_request()), Says(b"\x83\0\0\1\x82")]
    assert await play(refused, refused, service=BEHIND_NETBIOS) == []


def talk(ending: Ending) -> Transcript:
    """A server that answers version 2 and ends the connection for version 1 in some way."""
    turns = (
        Turn("client", 0.0, ASK_2, 0),
        Turn("server", 0.1, NEW, 0),
        Turn("client", 0.2, ASK_1, 1),
    )
    channels = (Channel(SERVICE.endpoint), Channel(SERVICE.endpoint, ending=ending))
    return Transcript("c1", SERVICE, "smb", 0.0, turns, channels)


@pytest.mark.parametrize(("ending", "version_1"), [(Ending.CLOSED, False), (Ending.TIMEOUT, None)])
def test_hanging_up_is_an_answer_and_silence_is_none(
    ending: Ending, version_1: bool | None
) -> None:
    (seen,) = PROBE.read(talk(ending))
    assert seen.facts.get("version_1") is version_1


async def test_nothing_is_said_of_a_stranger() -> None:
    assert await play(ConnectionLost("x"), [Hears(ASK_1), Closes()]) == []


async def test_a_server_that_falls_silent_at_the_login_still_tells_its_version() -> None:
    silent: list[Step] = [Hears(ASK_2), Says(NEW), Hears(), Fails(ConnectionLost("reset"))]
    (found,) = await play(silent, silent, NO_VERSION_1)
    assert found == {"dialect": "3.0", "signing_required": True}


@pytest.mark.parametrize(
    ("heard", "known"),
    [
        (NEW, True),
        (old(0), True),
        (b"\x82\0\0\0", True),
        (b"\x83\0\0\1\x82", False),
        (NEW[:40], False),
        (b"HTTP/1.1 400\r\n\r\n", False),
    ],
)
def test_an_answer_is_recognised(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known
