"""LDAP messages as far as logins go (RFC 4511, 4.1.1, 4.2 and 5.1; RFC 4513 section 5.2 for SASL):
bytes to dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.protocols.encodings.ber import (
    INTEGER,
    OCTETS,
    SEQUENCE,
    elements,
    encode,
    encode_integer,
    integer,
    whole,
)

# More than any bind request; larger messages are search results.
LARGEST = 65_536
_BIND, _BIND_DONE, _EXTENDED, _EXTENDED_DONE = 0x60, 0x61, 0x77, 0x78
_SIMPLE, _SASL, _NAME = 0x80, 0xA3, 0x80
# [MS-ADTS] section 5.1.1.1.3: NTLM as Windows spoke it before SASL.
_SICILY = range(0x89, 0x8C)
_ENUMERATED = 0x0A
# RFC 4511 section 4.14.1.
START_TLS = b"1.3.6.1.4.1.1466.20037"
_OPERATIONS = range(0x42, 0x7A)


@dataclass(frozen=True, slots=True)
class Bind:
    """A bind request. ``mechanism``: of SASL, as it was called; "" for a simple bind, whose
    ``secret`` is the password itself (b"": anonymous). Of SASL it is what the mechanism says.
    """

    number: int
    version: int
    name: bytes
    mechanism: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BindDone:
    """The answer to a bind; code 0 is yes, 49 a wrong name or password."""

    number: int
    code: int


@dataclass(frozen=True, slots=True)
class StartTls:
    number: int


@dataclass(frozen=True, slots=True)
class ExtendedDone:
    """The answer to an extended request, such as to change to TLS; code 0 is yes."""

    number: int
    code: int


@dataclass(frozen=True, slots=True)
class Other:
    """Another operation. ``tag`` is its application tag, constructed bit and all."""

    number: int
    tag: int


Message = Bind | BindDone | StartTls | ExtendedDone | Other


def start_tls(number: int) -> bytes:
    """The request to change to TLS; ``number``: of the message."""
    request = encode(_EXTENDED, encode(_NAME, START_TLS))
    return encode(SEQUENCE, encode_integer(number) + request)


def take(data: bytes) -> tuple[Message, int] | None:
    """The first message and its length; None while incomplete. Raises Malformed."""
    length = whole(data)
    if length is None or len(data) < length:
        return None
    return _message(data[:length]), length


def _message(data: bytes) -> Message:
    ((_, body),) = elements(data)
    parts = list(elements(body))
    if len(parts) < 2 or parts[0][0] != INTEGER or parts[1][0] not in _OPERATIONS:
        raise Malformed("not an LDAP message")
    number, (tag, content) = integer(parts[0][1]), parts[1]
    if number < 0:
        raise Malformed("a negative message number")
    if tag == _BIND:
        return _bind(number, content)
    if tag in (_BIND_DONE, _EXTENDED_DONE):
        fields = list(elements(content))
        if not fields or fields[0][0] != _ENUMERATED:
            raise Malformed("an answer without a code")
        done = BindDone if tag == _BIND_DONE else ExtendedDone
        return done(number, integer(fields[0][1]))
    if tag == _EXTENDED and any(field == (_NAME, START_TLS) for field in elements(content)):
        return StartTls(number)
    return Other(number, tag)


def _bind(number: int, content: bytes) -> Bind:
    fields = list(elements(content))
    kinds = [tag for tag, _ in fields]
    if (
        len(fields) != 3
        or kinds[:2] != [INTEGER, OCTETS]
        or kinds[2] not in (_SIMPLE, _SASL, *_SICILY)
    ):
        raise Malformed("not a bind request")
    version = integer(fields[0][1])
    if version not in (2, 3):
        raise Malformed("a bind of an unknown version")
    name, (kind, proof) = fields[1][1], fields[2]
    if kind == _SIMPLE:
        return Bind(number, version, name, "", proof)
    if kind in _SICILY:
        return Bind(number, version, name, "NTLM", proof)
    said = list(elements(proof))
    if [tag for tag, _ in said] not in ([OCTETS], [OCTETS, OCTETS]):
        raise Malformed("a bind of SASL without a mechanism")
    mechanism = said[0][1].decode("ascii", "backslashreplace")
    return Bind(number, version, name, mechanism, said[1][1] if said[1:] else b"")
