"""TFTP packets (RFC 1350, options of RFC 2347): bytes to dataclasses and back."""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed

RRQ, WRQ, DATA, ACK, ERROR, OACK = 1, 2, 3, 4, 5, 6
# RFC 1350 section 5 knows these modes; "mail" is obsolete and still a mode.
MODES = frozenset({"netascii", "octet", "mail"})
BLOCK = 512
# RFC 2348: the largest block that may be negotiated.
LARGEST_BLOCK = 65_464
LONGEST_NAME = 512
# RFC 1350 appendix, RFC 2347 (8).
ERRORS = {
    0: "not defined",
    1: "file not found",
    2: "access violation",
    3: "disk full",
    4: "illegal operation",
    5: "unknown transfer",
    6: "file exists",
    7: "no such user",
    8: "option refused",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request to read (or else write) a file."""

    name: bytes
    mode: str = "octet"
    write: bool = False
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    block: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Ack:
    block: int


@dataclass(frozen=True, slots=True)
class Refusal:
    code: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Options:
    options: tuple[tuple[str, str], ...]


Packet = Request | Data | Ack | Refusal | Options


def encode(request: Request) -> bytes:
    """The datagram of a request without options."""
    opcode = WRQ if request.write else RRQ
    return opcode.to_bytes(2, "big") + request.name + b"\0" + request.mode.encode() + b"\0"


def decode(data: bytes) -> Packet:
    """Raises Malformed for everything that is not exactly one packet."""
    if len(data) < 4:
        raise Malformed("too short for TFTP")
    opcode, number, rest = int.from_bytes(data[:2], "big"), data[2:4], data[4:]
    if opcode in (RRQ, WRQ):
        return _request(data[2:], opcode == WRQ)
    if opcode == DATA and len(rest) <= LARGEST_BLOCK:
        return Data(int.from_bytes(number, "big"), rest)
    if opcode == ACK and not rest:
        return Ack(int.from_bytes(number, "big"))
    if opcode == ERROR and int.from_bytes(number, "big") in ERRORS:
        text, _, tail = rest.partition(b"\0")
        # Several servers leave the zero out; none puts anything behind it.
        if not tail and all(byte >= 0x20 or byte in b"\t\r\n" for byte in text):
            return Refusal(int.from_bytes(number, "big"), text)
    if opcode == OACK:
        return Options(_options(_words(data[2:])))
    raise Malformed("not a packet of TFTP")


def _request(data: bytes, write: bool) -> Request:
    words = _words(data)
    if len(words) < 2 or not words[0] or len(words[0]) > LONGEST_NAME:
        raise Malformed("a request without a name and a mode")
    mode = words[1].decode("ascii", "replace").lower()
    if mode not in MODES or any(byte < 0x20 for byte in words[0]):
        raise Malformed("a request of a mode that is none")
    return Request(words[0], mode, write, _options(words[2:]))


def _words(data: bytes) -> list[bytes]:
    *words, tail = data.split(b"\0")
    if tail:
        raise Malformed("text without an end")
    return words


def _options(words: list[bytes]) -> tuple[tuple[str, str], ...]:
    texts = [word.decode("ascii", "backslashreplace").lower() for word in words]
    if len(texts) % 2 or not all(texts[::2]):
        raise Malformed("an option without a value")
    return tuple(zip(texts[::2], texts[1::2], strict=True))
