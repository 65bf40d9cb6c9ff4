"""mDNS messages and DNS-SD records: zeroconf's codec behind our own dataclasses.

RFC 1035 (messages), RFC 6762 (multicast DNS), RFC 6763 (service discovery). The sockets belong to
the caller, so that scope and rate hold; zeroconf never sees the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

# Public names that zeroconf imports but does not list in __all__.
from zeroconf import (
    DNSAddress,
    DNSHinfo,
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSService,
    DNSText,
    NamePartTooLongException,
)

from iotscan.errors import Malformed

PORT = 5353
BROWSE = "_services._dns-sd._udp.local."

_NUMBERS = {
    "A": 1,
    "PTR": 12,
    "HINFO": 13,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "ANY": 255,
}
_KINDS = {number: kind for kind, number in _NUMBERS.items()}
_CLASS_IN = 1
_QUERY = 0x0000
# A UDP payload can be 65,507 bytes, but mDNS ends at 9,000 (RFC 6762 §17).
_LONGEST = 9000
_ONE_FRAME = 1400


@dataclass(frozen=True, slots=True)
class Question:
    """``name`` ends in a dot; ``kind`` is PTR, SRV … or a number where this module has no word
    for it; ``unicast``: the asker would like a unicast answer (QU).
    """

    name: str
    kind: str
    unicast: bool = False


@dataclass(frozen=True, slots=True)
class Pointer:
    """PTR: ``target`` is a service type (for BROWSE) or an instance (for a type)."""

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Location:
    """SRV: where an instance is served."""

    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Text:
    """TXT: ``pairs`` are (lower-case key, value); a key without "=" has None. RFC 6763 §6."""

    name: str
    pairs: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A or AAAA."""

    name: str
    address: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class HostInfo:
    """HINFO: what avahi says of the machine."""

    name: str
    cpu: str
    os: str


Record = Pointer | Location | Text | HostAddress | HostInfo


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer; records of all three sections, those of other types left out."""

    id: int
    response: bool
    questions: tuple[Question, ...] = ()
    records: tuple[Record, ...] = ()


def query(questions: Iterable[Question], identity: int = 0) -> bytes:
    """One datagram with these questions. ``identity``: 0 for multicast, RFC 6762 §18.1.

    Raises Malformed for names that no question can hold: names come from devices.
    """
    out = DNSOutgoing(_QUERY, multicast=True)
    out.id = identity
    try:
        for question in questions:
            if question.kind not in _NUMBERS:
                raise Malformed(f"{question.kind} is no kind of record to ask for")
            labels = question.name.removesuffix(".").split(".")
            # zeroconf lets 64 bytes through, which reads back as the start of a pointer.
            if not all(1 <= len(label.encode("utf-8", "replace")) <= 63 for label in labels):
                raise Malformed("a name cannot be asked for: a label has 1 to 63 bytes")
            entry = DNSQuestion(question.name, _NUMBERS[question.kind], _CLASS_IN)
            entry.unicast = question.unicast
            out.add_question(entry)
        packets = out.packets()
    except (NamePartTooLongException, ValueError) as error:
        raise Malformed(f"a name cannot be asked for: {type(error).__name__}") from error
    if len(packets) != 1 or len(packets[0]) > _ONE_FRAME:
        raise Malformed("the questions do not fit into one datagram")
    # Id and multicast are one switch in zeroconf; a unicast query wants an id and QU together.
    return identity.to_bytes(2, "big") + packets[0][2:]


def parse(data: bytes) -> Message:
    """The message. Broken records end it early and are left out. Raises Malformed."""
    if len(data) > _LONGEST:
        raise Malformed(f"an mDNS message has at most {_LONGEST} bytes")
    incoming = DNSIncoming(data, now=1.0)  # a fixed time: ages are not ours to judge
    if not (incoming.valid or incoming.answers()):
        raise Malformed("not a DNS message")
    return Message(
        incoming.id,
        incoming.is_response(),
        tuple(
            Question(entry.name, _KINDS.get(entry.type, str(entry.type)), entry.unicast)
            for entry in incoming.questions
        ),
        tuple(_records(incoming)),
    )


def split_instance(name: str) -> tuple[str, str] | None:
    """("Küche", "_hap._tcp") from "Küche._hap._tcp.local."; None for names of another form.

    Instance names may hold dots, so the type is looked for from the end. RFC 6763 §4.1.
    """
    labels = name.rstrip(".").split(".")
    if len(labels) < 4 or labels[-2].lower() not in ("_tcp", "_udp"):
        return None
    if not labels[-3].startswith("_") or labels[-4].startswith("_"):
        return None
    return ".".join(labels[:-3]), ".".join(labels[-3:-1]).lower()


def service_type(name: str) -> str | None:
    """ "_hap._tcp" from its own name, or that of a subtype or instance; None for other names."""
    labels = name.rstrip(".").lower().split(".")
    if len(labels) < 3 or labels[-2] not in ("_tcp", "_udp") or not labels[-3].startswith("_"):
        return None
    return ".".join(labels[-3:-1])


def _records(incoming: DNSIncoming) -> Iterator[Record]:
    for record in incoming.answers():
        if isinstance(record, DNSPointer) and record.type == _NUMBERS["PTR"]:
            yield Pointer(record.name, record.alias)
        elif isinstance(record, DNSService):
            yield Location(record.name, record.server, record.port)
        elif isinstance(record, DNSText):
            yield Text(record.name, tuple(_pairs(record.text)))
        elif isinstance(record, DNSAddress) and len(record.address) in (4, 16):
            yield HostAddress(record.name, ip_address(record.address))
        elif isinstance(record, DNSHinfo):
            yield HostInfo(record.name, record.cpu, record.os)


def _pairs(text: bytes) -> Iterator[tuple[str, bytes | None]]:
    """The strings of a TXT record; the first of a repeated key counts, RFC 6763 §6.4."""
    seen: set[str] = set()
    at = 0
    while at < len(text):
        entry = text[at + 1 : at + 1 + text[at]]
        at += 1 + text[at]
        raw, equals, value = entry.partition(b"=")
        key = raw.decode("ascii", "backslashreplace").lower()
        if key and key not in seen:
            seen.add(key)
            yield key, value if equals else None
