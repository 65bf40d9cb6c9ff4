"""LDAP's bind messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings.ber import encode, encode_integer
from iotscan.protocols.ldap import START_TLS, Bind, BindDone, Other, StartTls, take


def message(number: int, tag: int, content: bytes) -> bytes:
    return encode(0x30, encode_integer(number) + encode(tag, content))


def bind(number: int, name: bytes, secret: bytes, version: int = 3, kind: int = 0x80) -> bytes:
    return message(number, 0x60, encode_integer(version) + encode(4, name) + encode(kind, secret))


def sasl(number: int, mechanism: bytes, credentials: bytes | None = None) -> bytes:
    proof = encode(4, mechanism) + (b"" if credentials is None else encode(4, credentials))
    return bind(number, b"", proof, kind=0xA3)


def done(number: int, code: int) -> bytes:
    return message(number, 0x61, encode_integer(code, 0x0A) + encode(4, b"") + encode(4, b""))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (bind(1, b"cn=cam", b"s3cret"), Bind(1, 3, b"cn=cam", "", b"s3cret")),
        (bind(2, b"", b"", 2), Bind(2, 2, b"", "", b"")),
        (sasl(3, b"PLAIN", b"\0cam\0x"), Bind(3, 3, b"", "PLAIN", b"\0cam\0x")),
        (sasl(3, b"EXTERNAL"), Bind(3, 3, b"", "EXTERNAL", b"")),
        (bind(3, b"", b"NTLMSSP", kind=0x8A), Bind(3, 3, b"", "NTLM", b"NTLMSSP")),
        (done(1, 0), BindDone(1, 0)),
        (done(4, 49), BindDone(4, 49)),
        (message(5, 0x77, encode(0x80, START_TLS)), StartTls(5)),
        (message(6, 0x42, b""), Other(6, 0x42)),
        (message(7, 0x63, b"x" * 200), Other(7, 0x63)),
    ],
)
def test_messages_are_read(raw: bytes, expected: object) -> None:
    assert take(raw + b"0") == (expected, len(raw))
    for end in (1, 2, len(raw) - 1):
        assert take(raw[:end]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP",
        bind(1, b"x", b"y", version=9),
        bind(-1, b"x", b"y"),
        bind(1, b"x", b"y", kind=0xA3),
        bind(1, b"x", b"", kind=0xA3),
        bind(1, b"x", encode(4, b"PLAIN") * 3, kind=0xA3),
        bind(1, b"x", b"y", kind=0x85),
        message(1, 0x61, encode(4, b"")),
        message(1, 0x02, b"\x01"),
        encode(0x30, b"\x02\x01\x01"),
        b"\x30\x85\0\0\0\0\1",
        b"\x30\x84\xff\xff\xff\xff",
    ],
)
def test_what_is_no_ldap_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        take(raw)


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_waited_for(raw: bytes) -> None:
    for data in (raw, b"0" + raw, encode(0x30, raw)):
        try:
            take(data)
        except Malformed:
            continue
