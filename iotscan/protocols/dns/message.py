"""DNS messages as resolvers and their clients send them. RFC 1035, RFC 2671 for the extra record.

mDNS has a reader of its own (``dns.py``), which forgives what responders get wrong; this one is
strict, because what it takes for DNS becomes a finding.
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 53
A, TXT, AAAA, CLASS_IN, CLASS_CHAOS = 1, 16, 28, 1, 3
# RFC 1035 section 4.1.1, RFC 2136 section 2.2: how a server says how it went.
CODES = (
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
)
_RESPONSE, _TRUNCATED, _WANTED, _AVAILABLE, _RESERVED = 0x8000, 0x0200, 0x0100, 0x0080, 0x0040
# Query, inverse query, status, notify, update and the stateful operations of RFC 8490.
_OPERATIONS = frozenset({0, 1, 2, 4, 5, 6})
# One question is usual, update and notify have one as well; more is another protocol.
_MOST_QUESTIONS = 4
_MOST_RECORDS = 512
_LONGEST_NAME = 255
# What can stand at each of the first places of a message: an id, the flags, how many questions.
BEGINS = (
    bytes(range(256)),
    bytes(range(256)),
    bytes(byte for byte in range(256) if byte >> 3 & 15 in _OPERATIONS),
    bytes(byte for byte in range(256) if not byte & _RESERVED and byte & 15 < len(CODES)),
    b"\0",
    bytes(range(_MOST_QUESTIONS + 1)),
)


@dataclass(frozen=True, slots=True)
class Record:
    """``name`` without the last dot; ``data`` as it stands there."""

    name: str
    type: int
    group: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """``questions``: (name, type, class). ``complete`` is False when records were cut off.
    ``operation``: 0 is an ordinary query (RFC 1035 section 4.1.1).
    """

    id: int
    response: bool
    recursion_available: bool
    code: str
    questions: tuple[tuple[str, int, int], ...]
    answers: tuple[Record, ...] = ()
    complete: bool = True
    operation: int = 0


def query(identity: int, name: str, kind: int = A, group: int = CLASS_IN) -> bytes:
    """One question that asks for recursion. Raises Malformed for names that cannot be asked for."""
    labels = [label.encode("ascii", "replace") for label in name.split(".")]
    if not all(1 <= len(label) <= 63 for label in labels) or len(name) >= _LONGEST_NAME - 1:
        raise Malformed(f"{name!r} cannot be asked for")
    head = identity.to_bytes(2, "big") + _WANTED.to_bytes(2, "big") + b"\0\1" + bytes(6)
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return head + asked + kind.to_bytes(2, "big") + group.to_bytes(2, "big")


def parse(data: bytes, *, cut: bool = False) -> Message:
    """The message. Records that are cut off are left out; all else must be as the RFC has it.

    ``cut``: a capture holds its beginning only, so that a lone question may end in its name; it is
    left out then. Raises Malformed.
    """
    if len(data) < 12:
        raise Malformed("a DNS message has a head of 12 bytes")
    flags, questions, answers, others, extra = (
        int.from_bytes(data[at : at + 2], "big") for at in (2, 4, 6, 8, 10)
    )
    response = bool(flags & _RESPONSE)
    code = flags & 0x0F
    operation = flags >> 11 & 0x0F
    wrong = flags & _RESERVED or operation not in _OPERATIONS or code >= len(CODES)
    # An answer may leave the question out; a question without one asks nothing.
    few = questions > _MOST_QUESTIONS or (not questions and not response)
    if wrong or few or answers + others + extra > _MOST_RECORDS or (not response and code):
        raise Malformed("not a DNS message")
    at = 12
    asked: list[tuple[str, int, int]] = []
    short = cut and questions == 1 and _ends_in_name(data, at)
    if short:
        questions, at = 0, len(data)
    for _ in range(questions):
        name, at = _name(data, at)
        if at + 4 > len(data):
            raise Malformed("a question without its type")
        kind, group = _number(data, at), _number(data, at + 2)
        if not kind or not group:
            raise Malformed("a question of no type or class")
        asked.append((name, kind, group))
        at += 4
    records, complete = _records(data, at, answers + others + extra)
    return Message(
        int.from_bytes(data[:2], "big"),
        response,
        bool(flags & _AVAILABLE),
        CODES[code],
        tuple(asked),
        records[:answers],
        complete and not short and not flags & _TRUNCATED,
        operation,
    )


def may_begin(data: bytes) -> bool:
    """Whether a message can begin with these bytes, of which more may follow."""
    return all(byte in fitting for byte, fitting in zip(data, BEGINS, strict=False))


def framed(stream: bytes) -> bytes | None:
    """The first message of a TCP stream; None while more is needed. RFC 1035 section 4.2.2."""
    end = 2 + int.from_bytes(stream[:2], "big")
    return stream[2:end] if len(stream) >= max(end, 2) else None


def frame(message: bytes) -> bytes:
    """A message as it is sent over TCP. Raises Malformed."""
    if len(message) > 0xFFFF:
        raise Malformed("no message is longer than its length can say")
    return len(message).to_bytes(2, "big") + message


def texts(record: Record) -> tuple[bytes, ...]:
    """The strings of a TXT record; what is cut off is left out."""
    found, at = [], 0
    while at < len(record.data):
        end = at + 1 + record.data[at]
        if end > len(record.data):
            break
        found.append(record.data[at + 1 : end])
        at = end
    return tuple(found)


def _records(data: bytes, at: int, count: int) -> tuple[tuple[Record, ...], bool]:
    """The records, and whether all of them are there and nothing else."""
    found: list[Record] = []
    for _ in range(count):
        try:
            name, at = _name(data, at)
        except Malformed:
            return tuple(found), False
        end = at + 10 + _number(data, at + 8)
        if at + 10 > len(data) or end > len(data):
            return tuple(found), False
        kind, group = _number(data, at), _number(data, at + 2)
        found.append(Record(name, kind, group, data[at + 10 : end]))
        at = end
    return tuple(found), at == len(data)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name and where it ends. Pointers lead to earlier places only, so they cannot go round."""
    labels: list[str] = []
    size, end, limit = 0, 0, at
    while True:
        if at >= len(data):
            raise Malformed("a name that is cut off")
        length = data[at]
        if length >= 0xC0:
            place = _number(data, at) & 0x3FFF
            end = end or at + 2
            if at + 2 > len(data) or not 12 <= place < limit:
                raise Malformed("a name that points where none can be")
            at = limit = place
            continue
        size += length + 1
        if length > 63 or size > _LONGEST_NAME or at + 1 + length > len(data):
            raise Malformed("a name with an impossible label")
        at += 1
        if not length:
            return ".".join(labels), end or at
        labels.append(data[at : at + length].decode("ascii", "backslashreplace"))
        at += length


def _ends_in_name(data: bytes, at: int) -> bool:
    """Whether there is a label, and no end of the name and its type behind it."""
    if at >= len(data) or not 1 <= data[at] <= 63:
        return False
    while at < len(data) and 1 <= data[at] <= 63:
        at += 1 + data[at]
    return at >= len(data) or (not data[at] and at + 5 > len(data))


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")
