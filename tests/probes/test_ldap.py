"""LDAP as others speak it: passwords in simple binds."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Endpoint, Fact, Sender, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.encodings.ber import encode, encode_integer
from iotscan.protocols.ldap import START_TLS
from iotscan.testing import captured

PROBE = next(probe for probe in probes() if probe.name == "ldap")


def message(number: int, tag: int, content: bytes) -> bytes:
    return encode(0x30, encode_integer(number) + encode(tag, content))


def bind(number: int, name: bytes, secret: bytes) -> bytes:
    return message(number, 0x60, encode_integer(3) + encode(4, name) + encode(0x80, secret))


def done(number: int, code: int) -> bytes:
    return message(number, 0x61, encode_integer(code, 0x0A) + encode(4, b"") + encode(4, b""))


def sasl(number: int, mechanism: bytes, credentials: bytes = b"") -> bytes:
    proof = encode(4, mechanism) + (encode(4, credentials) if credentials else b"")
    return message(number, 0x60, encode_integer(3) + encode(4, b"") + encode(0xA3, proof))


def refused(number: int) -> bytes:
    """TLS is not to be had."""
    return message(number, 0x78, encode_integer(2, 0x0A) + encode(4, b"") + encode(4, b""))


ANSWER = encode_integer(0, 0x0A) + encode(4, b"") + encode(4, b"")
LOGIN = bind(1, b"cn=cam,dc=example", b"s3cret")
START = message(1, 0x77, encode(0x80, START_TLS))


def overheard(
    said: Sequence[tuple[Sender, bytes]],
) -> list[tuple[dict[str, Fact], str, tuple[int, ...]]]:
    seen = PROBE.read(captured(said, 389))
    return [(dict(one.facts), str(one.address), one.proofs[0].turns) for one in seen]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (done(1, 0), "accepted"),
        (done(1, 49), "refused"),
        (done(1, 51), "unknown"),
        (done(2, 0), "unknown"),
    ],
)
def test_a_simple_bind_of_others_is_read_with_its_outcome(answer: bytes, outcome: str) -> None:
    ((found, address, turns),) = overheard([("client", LOGIN), ("server", answer)])
    assert found == {
        "username": "cn=cam,dc=example",
        "mechanism": "simple",
        "version": 3,
        "outcome": outcome,
        "peer": "192.0.2.7",
    }
    assert (address, turns) == ("192.0.2.1", (0,))


PLAIN = sasl(1, b"PLAIN", b"\0cam\0s3cret")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([PLAIN, done(1, 0)], "accepted"),
        ([PLAIN, done(1, 49)], "refused"),
        ([PLAIN], "unknown"),
        ([sasl(7, b"plain"), done(7, 14), PLAIN, done(1, 0)], "accepted"),
        ([bind(7, b"", b""), done(7, 0), PLAIN, done(1, 53)], "unknown"),
        ([message(7, 0x77, encode(0x80, START_TLS)), refused(7), PLAIN, done(1, 0)], "accepted"),
    ],
)
def test_sasl_plain_is_read_with_its_outcome(said: list[bytes], outcome: str) -> None:
    turns: list[tuple[Sender, bytes]] = [
        ("client" if number % 2 == 0 else "server", data) for number, data in enumerate(said)
    ]
    ((found, address, _),) = overheard(turns)
    assert (found["username"], found["mechanism"], found["outcome"]) == ("cam", "plain", outcome)
    assert address == "192.0.2.1"


def test_whoever_binds_is_the_client() -> None:
    ((_, address, _),) = overheard([("server", LOGIN), ("client", done(1, 0))])
    assert address == "192.0.2.7"


@pytest.mark.parametrize(
    "said",
    [
        [("client", bind(1, b"", b""))],
        [("client", bind(1, b"cn=cam", b""))],
        [("client", START), ("server", b"x"), ("client", LOGIN)],
        [("client", START), ("server", message(1, 0x78, ANSWER)), ("client", LOGIN)],
        [("client", START), ("client", LOGIN)],
        [("client", sasl(1, b"PLAIN", b"\0cam\0"))],
        [("client", sasl(1, b"PLAIN", b"s3cret"))],
        [("client", sasl(1, b"SCRAM-SHA-1", b"n,,n=cam,r=1")), ("server", done(1, 14))],
        [("client", sasl(1, b"CRAM-MD5"))],
        [("client", b"0123456789")],
        [],
    ],
)
def test_what_holds_no_password_is_left_alone(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(said) == []


def own(answer: bytes, *, tls: bool = False) -> list[dict[str, Fact]]:
    endpoint = Endpoint(ip_address("192.0.2.7"), "tcp", 389)
    turns = (Turn("client", 0.0, PROBE.openings[0].says), Turn("server", 0.1, answer))
    service = Service(endpoint, "ldap", tls=tls)
    talk = Transcript("c1", service, "recognise", 0.0, turns, (Channel(endpoint),))
    return [dict(seen.facts) for seen in PROBE.read(talk)]


def test_a_directory_is_known_by_its_answer_to_a_request_for_tls() -> None:
    yes, no = message(1, 0x78, ANSWER), message(1, 0x78, encode_integer(2, 0x0A) + ANSWER[3:])
    assert PROBE.openings[0].says == START
    assert PROBE.recognises(yes)
    assert (own(yes), own(no)) == ([{"starttls": True}], [{"starttls": False}])
    assert own(no, tls=True) == [{}], "inside TLS the answer says nothing of the port in clear"


@pytest.mark.parametrize(
    "answer",
    [
        message(2, 0x78, ANSWER),
        message(1, 0x61, ANSWER),
        message(1, 0x78, ANSWER)[:-1],
        b"0\0",
        b"",
    ],
)
def test_other_answers_are_no_directory(answer: bytes) -> None:
    assert not PROBE.recognises(answer)
    assert own(answer) == []
