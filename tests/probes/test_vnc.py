"""The VNC probe: what security it sees, how it tries passwords, and sessions of others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address

import pytest

from iotscan.errors import NetworkError
from iotscan.model import Ending, Endpoint, Fact, Impact, Outcome, Sender, Service
from iotscan.plugins import probes
from iotscan.probe_api import Login
from iotscan.protocols.rfb.codec import response
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step, captured, only_facts

PROBE = next(probe for probe in probes() if probe.name == "vnc")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 5900), "vnc")
FIRST = Login("vnc-1", "", "vnc")
SECOND = Login("vnc-2", "", "vnc")
THIRD = Login("vnc-3", "", "vnc")
CONTROL = Login("control-x", "qzx", "vnc", control=True)
SECRETS = {FIRST.id: b"Sesame-1", SECOND.id: b"Sesame-2", THIRD.id: b"x", CONTROL.id: b"Sesame-4"}
CHALLENGE = bytes(range(16))
V38 = b"RFB 003.008\n"


def greets(types: bytes, version: bytes = V38) -> list[Step]:
    return [Says(version), Hears(version), Says(types)]


def tries(login: Login, result: bytes) -> list[Step]:
    answer = response(CHALLENGE, SECRETS[login.id])
    return [*greets(b"\1\2"), Hears(b"\2"), Says(CHALLENGE), Hears(answer), Says(result)]


def network(*connections: Sequence[Step] | NetworkError) -> FakeNetwork:
    return FakeNetwork(SERVICE, connections, SECRETS)


facts = partial(only_facts, PROBE)


@pytest.mark.parametrize(
    ("types", "names", "free", "encrypted"),
    [
        (b"\1\1", ("None",), True, False),
        (b"\1\2", ("VNC Authentication",), False, False),
        (b"\2\2\x13", ("VNC Authentication", "VeNCrypt"), False, True),
        (b"\1\x06", ("RA2ne",), False, False),
        (b"\1\x10", ("Tight",), False, None),
        (b"\1\xc8", ("type 200",), False, None),
    ],
)
async def test_what_is_offered_is_judged(
    types: bytes, names: tuple[str, ...], free: bool, encrypted: bool | None
) -> None:
    found = facts(await network(greets(types)).play(PROBE), "vnc.service")
    assert (found["version"], found["security"]) == ("3.8", names)
    assert found["no_authentication"] is free
    assert found.get("encrypted") is encrypted


async def test_an_old_server_decides_alone() -> None:
    old = b"RFB 003.003\n"
    talk = await network(greets(b"\0\0\0\1", old)).play(PROBE)
    assert facts(talk, "vnc.service")["no_authentication"] is True
    assert talk.said_by("client") == old  # nothing was chosen, no screen was opened


async def test_a_screen_without_a_password_is_not_opened() -> None:
    talk = await network(greets(b"\2\1\2")).play(PROBE, [FIRST, CONTROL])
    assert talk.said_by("client") == V38
    assert len(talk.channels) == 1


async def test_a_known_password_counts_when_a_random_one_is_refused() -> None:
    net = network(
        greets(b"\1\2"),
        tries(FIRST, b"\0\0\0\1"),
        tries(SECOND, b"\0\0\0\0"),
        tries(CONTROL, b"\0\0\0\1"),
    )
    talk = await net.play(PROBE, [FIRST, SECOND, THIRD, CONTROL])
    assert list(net.outcomes.values()) == [Outcome.REFUSED, Outcome.ACCEPTED, Outcome.REFUSED]
    found = facts(talk, "vnc.login")
    assert (found["accepted"], found["login"], found["accepts_anything"]) == (
        True,
        SECOND.id,
        False,
    )
    answer = response(CHALLENGE, SECRETS[SECOND.id])
    assert answer not in talk.said_by("client")


async def test_only_two_passwords_are_tried() -> None:
    net = network(greets(b"\1\2"), tries(FIRST, b"\0\0\0\1"), tries(SECOND, b"\0\0\0\1"))
    talk = await net.play(PROBE, [FIRST, SECOND, THIRD, CONTROL])
    assert talk.ending is Ending.COMPLETE
    found = facts(talk, "vnc.login")
    assert (found["accepted"], found["refused"]) == (False, 2)


@pytest.mark.parametrize(
    "steps",
    [
        [Says(V38), Hears(V38), Says(b"\0\0\0\0\x1aToo many security failures")],
        tries(FIRST, b"\0\0\0\2"),
    ],
)
async def test_a_lock_ends_the_tries(steps: list[Step]) -> None:
    talk = await network(greets(b"\1\2"), steps).play(PROBE, [FIRST, SECOND, CONTROL])
    assert talk.ending is Ending.LOCKED_OUT
    assert facts(talk, "vnc.login")["locked_out"] is True


async def test_no_answer_is_no_refusal() -> None:
    broken = [*tries(FIRST, b"")[:-1], Closes()]
    talk = await network(greets(b"\1\2"), broken).play(PROBE, [FIRST, CONTROL])
    assert facts(talk, "vnc.login")["refused"] == 0


async def test_nothing_is_tried_where_only_greeting_is_allowed() -> None:
    net = network(greets(b"\1\2"))
    net.impact = Impact.GREET
    assert (await net.play(PROBE, [FIRST, CONTROL])).ending is Ending.COMPLETE


@pytest.mark.parametrize(
    ("heard", "known"), [(V38, True), (b"RFB 003.0", False), (b"RFB x", False), (b"", False)]
)
def test_it_is_recognised_by_its_version(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known


OPEN: list[tuple[Sender, bytes]] = [
    ("server", V38),
    ("client", V38),
    ("server", b"\2\1\2"),
    ("client", b"\1"),
    ("server", b"\0\0\0\0"),
]


def overheard(said: Sequence[tuple[Sender, bytes]]) -> list[tuple[dict[str, Fact], int]]:
    seen = PROBE.read(captured(said, 5901))
    return [(dict(one.facts), one.proofs[0].turns[-1]) for one in seen]


def test_a_session_of_others_without_a_password_is_seen_at_the_choice() -> None:
    ((found, turn),) = overheard(OPEN)
    assert turn == 3
    assert found == {
        "version": "3.8",
        "security": "None",
        "no_authentication": True,
        "encrypted": False,
        "challenge_seen": False,
        "password_seen": False,
        "peer": "192.0.2.7",
    }


def test_the_choice_is_found_however_the_bytes_were_cut() -> None:
    bytewise = [(side, bytes([byte])) for side, data in OPEN for byte in data]
    ((found, turn),) = overheard(bytewise)
    assert found["no_authentication"] is True
    assert turn == 12 + 12 + 3


def test_an_old_server_chooses_itself() -> None:
    old = b"RFB 003.003\n"
    ((found, turn),) = overheard([("server", old), ("client", old), ("server", b"\0\0\0\1")])
    assert (found["no_authentication"], turn) == (True, 2)


def test_an_offer_alone_is_no_choice() -> None:
    ((found, _),) = overheard(OPEN[:3])
    assert "no_authentication" not in found
    ((found, _),) = overheard([*OPEN[:3], ("client", b"\2")])
    assert found["no_authentication"] is False


def test_sides_that_were_mistaken_are_put_right() -> None:
    other: dict[Sender, Sender] = {"client": "server", "server": "client"}
    ((found, _),) = overheard([(other[side], data) for side, data in OPEN])
    assert found["peer"] == "192.0.2.1"


@pytest.mark.parametrize("said", [[("server", b"RFB or not")], [("client", b"GET /")], []])
def test_other_protocols_are_left_alone(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(said) == []


def number(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def capabilities(*codes: int) -> bytes:
    """How servers list what they know in Tight: a code, a maker and a name each."""
    return number(len(codes)) + b"".join(number(code) + b"TGHTCAPABLE_" for code in codes)


def chosen(kind: int, *said: tuple[Sender, bytes]) -> dict[str, Fact]:
    """What is told of a session in which a type was chosen; whole, and byte by byte."""
    offer: tuple[Sender, bytes] = ("server", bytes([1, kind]))
    turns: list[tuple[Sender, bytes]] = [
        ("server", V38), ("client", V38), offer, ("client", bytes([kind])), *said,
    ]  # fmt: skip
    ((found, turn),) = overheard(turns)
    bytewise = [(side, bytes([byte])) for side, data in turns for byte in data]
    assert [one for one, _ in overheard(bytewise)] == [found]
    return found | {"turn": turn}


ANSWER = bytes(range(16))


@pytest.mark.parametrize(
    ("result", "outcome"),
    [(number(0), "accepted"), (number(1), "refused"), (number(2), "refused"), (b"", "unknown")],
)
def test_a_challenge_that_was_answered_is_told_with_its_outcome(
    result: bytes, outcome: str
) -> None:
    end: list[tuple[Sender, bytes]] = [("server", result)] if result else []
    plain = chosen(2, ("server", CHALLENGE), ("client", ANSWER), *end)
    tight = chosen(
        16,
        ("server", capabilities()),
        ("server", capabilities(1, 2)),
        ("client", number(2)),
        ("server", CHALLENGE),
        ("client", ANSWER),
        *end,
    )
    for found in (plain, tight):
        assert (found["challenge_seen"], found["outcome"]) == (True, outcome)
        assert (found["no_authentication"], found["password_seen"]) == (False, False)
        assert "username" not in found
    assert (plain["security"], tight["security"]) == (
        "VNC Authentication",
        "Tight: VNC Authentication",
    )
    assert (plain["turn"], tight["turn"]) == (5, 8)


def test_a_challenge_without_an_answer_is_worth_nothing() -> None:
    found = chosen(2, ("server", CHALLENGE), ("client", ANSWER[:15]))
    assert found["challenge_seen"] is False
    assert "outcome" not in found


@pytest.mark.parametrize(
    "said",
    [
        [("server", capabilities() + capabilities())],
        [("server", capabilities() + capabilities(2, 1)), ("client", number(1))],
        [("server", capabilities(0)), ("client", number(0)), ("server", capabilities())],
    ],
)
def test_tight_without_authentication_is_a_screen_without_a_password(
    said: list[tuple[Sender, bytes]],
) -> None:
    found = chosen(16, *said)
    assert (found["security"], found["no_authentication"]) == ("Tight: None", True)
    assert found["encrypted"] is False


UNIX = number(3, 6) + b"anns3cret"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (16, [("server", capabilities() + capabilities(129)), ("client", number(129))]),
        (19, [("server", b"\0\2"), ("client", b"\0\2"), ("server", b"\0\2" + number(256, 258))]),
    ],
)
def test_a_user_name_and_a_password_as_they_are_are_told(
    kind: int, said: list[tuple[Sender, bytes]]
) -> None:
    asked: list[tuple[Sender, bytes]] = [] if kind == 16 else [("client", number(256))]
    found = chosen(kind, *said, *asked, ("client", UNIX), ("server", number(1)))
    assert (found["username"], found["password_seen"], found["outcome"]) == ("ann", True, "refused")
    assert (found["encrypted"], found["challenge_seen"]) == (False, False)
    assert "s3cret" not in repr(found)
    empty = chosen(kind, *said, *asked, ("client", number(3, 0) + b"ann"))
    assert empty["password_seen"] is False


@pytest.mark.parametrize(
    ("kind", "said", "encrypted"),
    [
        (16, [("server", capabilities(7)), ("client", number(7))], True),
        (16, [("server", capabilities() + capabilities(200)), ("client", number(200))], None),
        (16, [("server", capabilities())], None),
        (16, [("server", number(99_999))], None),
        (19, [("server", b"\0\2\0\1" + number(258)), ("client", b"\0\2" + number(258))], True),
        (19, [("server", b"\0\2\0\1" + number(999)), ("client", b"\0\2" + number(999))], None),
        (19, [("server", b"\0\1\0\1"), ("client", b"\0\1")], None),
        (19, [("server", b"\0\2\xff"), ("client", b"\0\2")], None),
        (6, [], False),
        (18, [], True),
        (200, [], None),
    ],
)
def test_what_protects_a_session_is_told_as_far_as_it_is_known(
    kind: int, said: list[tuple[Sender, bytes]], encrypted: bool | None
) -> None:
    found = chosen(kind, *said)
    assert found.get("encrypted") is encrypted
    assert "outcome" not in found
    assert found.get("no_authentication") is not True
