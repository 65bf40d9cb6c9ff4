"""CoAP messages (RFC 7252), with the options of block-wise transfer (RFC 7959) and Observe
(RFC 7641), read through aiocoap's codec. Framing over TCP: :mod:`iotscan.protocols.coap.tcp`.

The checks before it are ours, because bytes of any origin come here: what they let pass is CoAP by
every rule of the format, not merely something that could be taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import quote, unquote

import aiocoap
from aiocoap.numbers.optionnumbers import OptionNumber

from iotscan.errors import Malformed

EMPTY, GET, POST, PUT, DELETE, FETCH, PATCH, IPATCH = range(8)
# Not of IANA's registry: the status broadcast of Shelly's CoIoT.
COIOT_STATUS = 0x1E
CONTENT, UNAUTHORIZED, FORBIDDEN, METHOD_NOT_ALLOWED = 0x45, 0x81, 0x83, 0x85
CSM, PING, PONG, RELEASE, ABORT = range(0xE1, 0xE6)

OBSERVE, OSCORE, URI_PATH, CONTENT_FORMAT, URI_QUERY, BLOCK2 = 6, 9, 11, 12, 15, 23
# Options 2 and 4 of a CSM: RFC 8323 section 5.3.
MAX_MESSAGE_SIZE, BLOCK_WISE = 2, 4

# The methods that change something; FETCH (RFC 8132) does not.
WRITES = {POST: "POST", PUT: "PUT", DELETE: "DELETE", PATCH: "PATCH", IPATCH: "iPATCH"}

# IANA's CoRE parameters, methods and response codes; anything else is not CoAP or not yet.
REQUESTS = frozenset({*range(GET, IPATCH + 1), COIOT_STATUS})
RESPONSES = frozenset(
    {0x41, 0x42, 0x43, 0x44, 0x45, 0x5F}
    | {*range(0x80, 0x87), 0x88, 0x89, 0x8C, 0x8D, 0x8F, 0x96, 0x9D}
    | {*range(0xA0, 0xA6), 0xA8}
)
SIGNALS = frozenset(range(CSM, ABORT + 1))
# The longest value of each option, in bytes: RFC 7252 table 4, RFC 7641, RFC 7959, RFC 8613.
_LONGEST = {1: 8, 3: 255, 4: 8, 5: 0, 6: 3, 7: 2, 8: 255, 9: 255, 11: 255, 12: 2, 14: 4, 15: 255}
_LONGEST |= {16: 1, 17: 2, 19: 3, 20: 255, 23: 3, 27: 3, 28: 4, 31: 3, 35: 1034, 39: 255, 60: 4}
_LONGEST |= {252: 40, 258: 1, 292: 8}
# A request has one option for each path segment; real ones have fewer than twenty.
_MOST_OPTIONS = 64
_MARKER = 0xFF
# The extended forms of a length or delta: nibble → (bytes that follow, what they count from).
_EXTENDED = {13: (1, 13), 14: (2, 269)}


class Type(IntEnum):
    """Message types of RFC 7252 section 4.2 and 4.3."""

    CON = 0
    NON = 1
    ACK = 2
    RST = 3


@dataclass(frozen=True, slots=True)
class Block:
    """A Block2 value. ``exponent`` 0 to 6 is a size of 16 to 1,024 bytes (RFC 7959 section 2.2),
    7 stands for several blocks of 1,024 in one message (RFC 8323 section 6).
    """

    number: int
    more: bool
    exponent: int

    @property
    def size(self) -> int:
        return 1 << (min(self.exponent, 6) + 4)

    @property
    def offset(self) -> int:
        """Where in the body this block begins, in bytes."""
        return self.number * self.size

    def encode(self) -> bytes:
        return _uint(self.number << 4 | self.more << 3 | self.exponent)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``type`` is None over TCP, where ``mid`` is 0: there are neither.

    ``options``: (number, value) in ascending order. ``size``: bytes it took on the wire.
    """

    code: int
    type: Type | None = Type.CON
    mid: int = 0
    token: bytes = b""
    options: tuple[tuple[int, bytes], ...] = ()
    payload: bytes = b""
    size: int = field(default=0, compare=False)

    @property
    def is_request(self) -> bool:
        return self.code in REQUESTS

    @property
    def is_response(self) -> bool:
        return self.code in RESPONSES

    @property
    def path(self) -> str:
        """Uri-Path and Uri-Query as one target, percent-encoded: "/a/b?c=d"; "/" without any."""
        path = "/".join(quote(value, "") for value in self.values(URI_PATH))
        query = "&".join(quote(value, "=/?") for value in self.values(URI_QUERY))
        return f"/{path}?{query}" if query else f"/{path}"

    @property
    def observe(self) -> int | None:
        return self._number(OBSERVE)

    @property
    def content_format(self) -> int | None:
        return self._number(CONTENT_FORMAT)

    @property
    def block2(self) -> Block | None:
        value = self._number(BLOCK2)
        return None if value is None else Block(value >> 4, bool(value & 8), value & 7)

    def values(self, number: int) -> Iterator[bytes]:
        """The values of one option, in their order."""
        return (value for option, value in self.options if option == number)

    def has(self, number: int) -> bool:
        return any(option == number for option, _ in self.options)

    def _number(self, option: int) -> int | None:
        return next((int.from_bytes(value, "big") for value in self.values(option)), None)


def code_name(code: int) -> str:
    """A code as it is written: "2.05"."""
    return f"{code >> 5}.{code & 31:02d}"


def get(
    target: str,
    mid: int,
    token: bytes,
    *,
    kind: Type | None = Type.CON,
    observe: int | None = None,
    block: Block | None = None,
) -> Message:
    """A GET of a path with an optional query, both percent-encoded as links give them.

    Raises Malformed for a target that no request can carry (a segment of more than 255 bytes).
    """
    path, _, query = target.partition("?")
    options = [] if observe is None else [(OBSERVE, _uint(observe))]
    # RFC 7252 section 6.4: "/" alone has no Uri-Path; every other segment has one, an empty too.
    segments = path.removeprefix("/").split("/") if path not in ("", "/") else []
    options += [(URI_PATH, _unquoted(segment)) for segment in segments]
    options += [(URI_QUERY, _unquoted(part)) for part in query.split("&") if part]
    if block is not None:
        options.append((BLOCK2, block.encode()))
    return Message(GET, kind, mid, token, tuple(options))


def csm(max_message_size: int) -> Message:
    """The message that each side sends first over TCP: RFC 8323 section 5.3."""
    size = (MAX_MESSAGE_SIZE, _uint(max_message_size))
    return Message(CSM, None, options=(size, (BLOCK_WISE, b"")))


def encode(message: Message) -> bytes:
    """A message as one datagram. Raises Malformed when the format cannot carry it."""
    wire = aiocoap.Message(code=message.code, payload=message.payload)
    wire.mtype, wire.mid, wire.token = message.type or Type.CON, message.mid, message.token
    try:
        for number, value in message.options:
            wire.opt.add_option(OptionNumber(number).create_option(decode=value))
        data = bytes(wire.encode())
    except (aiocoap.error.Error, ValueError) as error:
        raise Malformed(f"not a CoAP message: {error}") from error
    _check(data)
    return data


def decode(datagram: bytes) -> Message:
    """The message that is this whole datagram. Raises Malformed, for signals too: those of
    RFC 8323 travel over TCP only.
    """
    if len(datagram) > 1 and datagram[1] in SIGNALS:
        raise Malformed("not CoAP: a signal in a datagram")
    return decode_any(datagram)


def decode_any(datagram: bytes) -> Message:
    """The message behind a header of UDP, whatever transport its code belongs to."""
    _check(datagram)
    try:
        wire = aiocoap.Message.decode(datagram)
        options = tuple((int(option.number), option.encode()) for option in wire.opt.option_list())
    # Text that is not UTF-8 comes out of aiocoap as the UnicodeDecodeError it is.
    except (aiocoap.error.Error, ValueError) as error:
        raise Malformed(f"not a CoAP message: {error}") from error
    kind = Type(int(wire.mtype))
    return Message(int(wire.code), kind, wire.mid, wire.token, options, wire.payload, len(datagram))


def _check(data: bytes) -> None:
    """Raise Malformed unless header, token, options and payload marker follow RFC 7252 section 3.

    Also bounds the number of options, since the codec copies the rest of the message for each.
    """
    if len(data) < 4 or data[0] >> 6 != 1:
        raise Malformed("not CoAP: no version 1 header")
    kind, token_length, code = Type(data[0] >> 4 & 3), data[0] & 15, data[1]
    if token_length > 8:
        raise Malformed("not CoAP: a token of more than eight bytes")
    if code == EMPTY and (len(data) > 4 or kind is Type.NON):
        raise Malformed("not CoAP: an empty message that is not empty")
    if code != EMPTY and code not in REQUESTS | RESPONSES | SIGNALS:
        raise Malformed(f"not CoAP: no such code as {code_name(code)}")
    if (kind is Type.RST and code != EMPTY) or (kind is Type.ACK and code in REQUESTS):
        raise Malformed(f"not CoAP: {code_name(code)} cannot be in {kind.name}")
    if len(data) < 4 + token_length:
        raise Malformed("not CoAP: the token is cut off")
    _check_options(data, 4 + token_length, signal=code in SIGNALS)


def _check_options(data: bytes, at: int, *, signal: bool) -> None:
    number = 0
    for _ in range(_MOST_OPTIONS + 1):
        if at == len(data):
            return
        if data[at] == _MARKER:
            if at + 1 == len(data):
                raise Malformed("not CoAP: a payload marker without payload")
            return
        delta, length, at = _option_head(data, at)
        number, at = number + delta, at + length
        longest = 1034 if signal else _LONGEST.get(number, 1034)
        if number > 0xFFFF or length > longest or at > len(data):
            raise Malformed(f"not CoAP: option {number} cannot be {length} bytes long")
    raise Malformed(f"more than {_MOST_OPTIONS} options")


def _option_head(data: bytes, at: int) -> tuple[int, int, int]:
    """(delta, length, where the value begins) of the option at ``at``."""
    fields, at = [data[at] >> 4, data[at] & 15], at + 1
    for i, nibble in enumerate(fields):
        if nibble == 15:
            raise Malformed("not CoAP: a reserved option length")
        if nibble in _EXTENDED:
            more, base = _EXTENDED[nibble]
            fields[i] = base + int.from_bytes(data[at : at + more], "big")
            at += more
    return fields[0], fields[1], at


def _uint(value: int) -> bytes:
    """An unsigned number in as few bytes as it takes, none for zero: RFC 7252 section 3.2."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _unquoted(text: str) -> bytes:
    return unquote(text, errors="surrogateescape").encode("utf-8", "surrogateescape")
