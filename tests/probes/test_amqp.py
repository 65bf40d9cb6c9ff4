"""AMQP as others speak it: that it is in clear, and the logins in it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from iotscan.model import Fact, Sender
from iotscan.plugins import probes
from iotscan.testing import captured

PROBE = next(probe for probe in probes() if probe.name == "amqp")
HEADER = b"AMQP\0\0\x09\x01"


def method(number: int, arguments: bytes = b"") -> bytes:
    payload = struct.pack(">HH", 10, number) + arguments
    return struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce"


def ok(mechanism: bytes, response: bytes) -> bytes:
    short = bytes([len(mechanism)]) + mechanism
    return method(11, b"\0\0\0\0" + short + len(response).to_bytes(4, "big") + response)


LOGIN = ok(b"PLAIN", b"\0cam\0s3cret")
SESSION: list[tuple[Sender, bytes]] = [
    ("client", HEADER),
    ("server", method(10, b"x")),
    ("client", LOGIN),
    ("server", method(30)),
]


def overheard(
    said: Sequence[tuple[Sender, bytes]],
) -> list[tuple[str, dict[str, Fact], str, tuple[int, ...]]]:
    seen = PROBE.read(captured(said, 5672))
    return [(one.kind, dict(one.facts), str(one.address), one.proofs[0].turns) for one in seen]


def test_a_session_and_its_login_are_seen() -> None:
    session, login = overheard(SESSION)
    assert session == (
        "amqp.overheard",
        {"cleartext": True, "version": "0-9-1", "peer": "192.0.2.7"},
        "192.0.2.1",
        (0,),
    )
    assert login == (
        "amqp.overheard_login",
        {"username": "cam", "mechanism": "PLAIN", "outcome": "accepted", "peer": "192.0.2.7"},
        "192.0.2.1",
        (2,),
    )


@pytest.mark.parametrize(
    ("answer", "outcome"), [([("server", method(50))], "refused"), ([], "unknown")]
)
def test_a_broker_that_hangs_up_leaves_it_open(
    answer: list[tuple[Sender, bytes]], outcome: str
) -> None:
    assert overheard([*SESSION[:3], *answer])[1][1]["outcome"] == outcome


def test_the_middle_of_a_session_and_mistaken_sides_are_put_right() -> None:
    other: dict[Sender, Sender] = {"client": "server", "server": "client"}
    turned = [(other[side], data) for side, data in SESSION[1:]]
    session, login = overheard(turned)
    assert session[2] == login[2] == "192.0.2.7"
    assert login[1]["outcome"] == "accepted"


def published(kind: int, number: int) -> bytes:
    payload = struct.pack(">HH", kind, number) + b"\0\0\x08exchange\x03key\0"
    return struct.pack(">BHI", 1, 1, len(payload)) + payload + b"\xce"


@pytest.mark.parametrize(
    ("sender", "number", "broker"),
    [
        ("client", 40, "192.0.2.1"),
        ("server", 40, "192.0.2.7"),
        ("server", 60, "192.0.2.1"),
        ("client", 60, "192.0.2.7"),
    ],
)
def test_messages_of_a_session_that_had_begun_before_the_capture(
    sender: Sender, number: int, broker: str
) -> None:
    """Who publishes is the client, who delivers the broker."""
    (session,) = overheard([(sender, published(60, number))] * 2)
    assert (session[0], session[1]["cleartext"], session[2]) == ("amqp.overheard", True, broker)


def test_version_1_logs_in_with_sasl() -> None:
    values = b"\xa3\x05PLAIN\xa0\x0b\0cam\0s3cret"
    body = b"\x00\x53\x41\xc0" + bytes([len(values) + 1, 2]) + values
    init = struct.pack(">IBBH", 8 + len(body), 2, 1, 0) + body
    outcome = struct.pack(">IBBH", 16, 2, 1, 0) + b"\x00\x53\x44\xc0\x03\x01\x50\x01"
    said: list[tuple[Sender, bytes]] = [
        ("client", b"AMQP\x03\x01\0\0" + init),
        ("server", b"AMQP\x03\x01\0\0" + outcome),
    ]
    _, login = overheard(said)
    assert (login[1]["username"], login[1]["outcome"]) == ("cam", "refused")


@pytest.mark.parametrize(
    "said",
    [
        [("client", HEADER)],
        [("client", HEADER), ("server", b"AMQP\0\0\x09\x01")],
        [("client", b"AMQP\x02\x01\0\0"), ("client", b"\x16\x03\x01\x02\0\x01\0\x01")],
        [("client", b"\x01\0\0\0\x04abcd\xce")],
        [("client", published(60, 41))],
        [("client", published(61, 40))],
        [("client", published(60, 40)[:-1])],
        [("server", b"\x01\x00\x00 not amqp at all, but long enough")],
        [],
    ],
)
def test_what_proves_nothing_is_not_told(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(said) == []


async def test_a_login_without_a_readable_password_is_no_login() -> None:
    said: list[tuple[Sender, bytes]] = [("client", HEADER), ("client", ok(b"EXTERNAL", b""))]
    assert [kind for kind, *_ in overheard(said)] == ["amqp.overheard"]
