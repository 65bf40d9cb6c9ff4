"""The first packet of MySQL and MariaDB, and the probe that reads it."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.model import Channel, Endpoint, Fact, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.databases.mysql import Greeting, take
from iotscan.testing import captured

PROBE = next(probe for probe in probes() if probe.name == "mysql")


def packet(body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + b"\0" + body


def greeting(version: bytes, abilities: int = 0xF7FE | 0x0800) -> bytes:
    rest = b"\x08\0\0\0" + b"saltsalt" + b"\0" + abilities.to_bytes(2, "little") + bytes(20)
    return packet(b"\x0a" + version + b"\0" + rest)


MARIADB = greeting(b"5.5.5-10.11.6-MariaDB-0+deb12u1")
REFUSED = packet(b"\xff\x6a\x04Host '192.0.2.9' is not allowed to connect to this MariaDB server")


@pytest.mark.parametrize(
    ("heard", "found", "product"),
    [
        (MARIADB, Greeting("10.11.6-MariaDB-0+deb12u1", tls=True), "MariaDB"),
        (greeting(b"8.0.36", 0xF7FE & ~0x0800), Greeting("8.0.36", tls=False), "MySQL"),
        (REFUSED, Greeting("", refused=True), "MySQL"),
    ],
)
def test_the_greeting_tells_what_it_is(heard: bytes, found: Greeting, product: str) -> None:
    assert take(heard) == take(heard + b"tail") == found
    assert found.product == product
    assert all(take(heard[:end]) is None for end in range(len(heard)))


@pytest.mark.parametrize(
    "heard",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 ProFTPD",
        packet(b"\x0a"),
        packet(b"\x0a8.0" + bytes(3)),
        packet(b"\x0a\0" + bytes(40)),
        packet(b"\xff\x6a\x04too many apples"),
        packet(b"\x09" + bytes(40)),
        b"\x05\0\0\x01\x0a8.0\0",
    ],
)
def test_what_is_no_greeting_is_refused(heard: bytes) -> None:
    with pytest.raises(Malformed):
        take(heard)
    assert not PROBE.recognises(heard)


@given(st.binary(max_size=120))
def test_rubbish_never_does_worse_than_malformed(heard: bytes) -> None:
    with suppress(Malformed):
        take(heard)


def read(heard: bytes) -> list[dict[str, Fact]]:
    endpoint = Endpoint(ip_address("192.0.2.7"), "tcp", 3306)
    turns = (Turn("server", 0.0, heard[:20]), Turn("server", 0.1, heard[20:]))
    talk = Transcript(
        "c1", Service(endpoint, "mysql"), "recognise", 0.0, turns, (Channel(endpoint),)
    )
    return [dict(seen.facts) for seen in PROBE.read(talk)]


def test_a_version_is_told_and_not_that_anybody_may_in() -> None:
    assert read(MARIADB) == [
        {"product": "MariaDB", "encrypted": False, "version": "10.11.6-MariaDB-0+deb12u1"}
    ]
    assert read(REFUSED) == [{"product": "MySQL", "encrypted": False, "open": False}]


def test_sessions_of_others_are_left_to_them() -> None:
    assert list(PROBE.read(captured([("server", MARIADB)], 3306))) == []
