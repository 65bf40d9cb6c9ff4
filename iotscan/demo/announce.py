"""How simulated devices announce themselves when asked: DNS-SD over mDNS, and SSDP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

# Public names that zeroconf imports but does not list in __all__.
from zeroconf import (
    DNSAddress,
    DNSOutgoing,
    DNSPointer,
    DNSRecord,
    DNSService,
    DNSText,
)
from zeroconf.const import (
    _CLASS_IN,
    _FLAGS_AA,
    _FLAGS_QR_RESPONSE,
    _TYPE_A,
    _TYPE_PTR,
    _TYPE_SRV,
    _TYPE_TXT,
)

from iotscan.demo.host import Answer, Host
from iotscan.errors import Malformed
from iotscan.protocols.dns import codec as dns

MDNS_PORT, SSDP_PORT = 5353, 1900
_TTL = 120
_TYPES = {"PTR": _TYPE_PTR, "SRV": _TYPE_SRV, "TXT": _TYPE_TXT, "A": _TYPE_A}


@dataclass(frozen=True)
class Announced:
    """A service instance: ``type`` as in "_http._tcp", ``text`` its TXT record."""

    name: str
    type: str
    port: int
    text: Mapping[str, str] = field(default_factory=dict)


async def announce(host: Host, name: str, services: Sequence[Announced]) -> None:
    """Answer questions on port 5353 for a host name and its services. Raises DemoError."""
    records = list(_records(host.address, f"{name}.local.", services))

    def answer(data: bytes) -> Iterator[bytes]:
        try:
            asked = dns.parse(data)
        except Malformed:
            return
        wanted = [] if asked.response else asked.questions
        found = [r for question in wanted for r in records if _fits(question, r)]
        if found:
            yield _reply(data, list(dict.fromkeys(found)))

    await host.udp(MDNS_PORT, answer)


def _records(address: IPv4Address, host: str, services: Sequence[Announced]) -> Iterator[DNSRecord]:
    yield DNSAddress(host, _TYPE_A, _CLASS_IN, _TTL, address.packed)
    for service in services:
        kind = f"{service.type}.local."
        full = f"{service.name}.{kind}"
        text = b"".join(
            bytes([len(pair)]) + pair
            for pair in (f"{k}={v}".encode() for k, v in service.text.items())
        )
        yield DNSPointer(dns.BROWSE, _TYPE_PTR, _CLASS_IN, _TTL, kind)
        yield DNSPointer(kind, _TYPE_PTR, _CLASS_IN, _TTL, full)
        yield DNSService(full, _TYPE_SRV, _CLASS_IN, _TTL, 0, 0, service.port, host)
        yield DNSText(full, _TYPE_TXT, _CLASS_IN, _TTL, text or b"\0")


def _fits(question: dns.Question, record: DNSRecord) -> bool:
    kind = _TYPES.get(question.kind)
    return question.name.lower() == record.name.lower() and kind in (None, record.type)


def _reply(query: bytes, records: Sequence[DNSRecord]) -> bytes:
    """An answer by unicast, under the id of the question. RFC 6762 section 6.7."""
    out = DNSOutgoing(
        _FLAGS_QR_RESPONSE | _FLAGS_AA, multicast=False, id_=int.from_bytes(query[:2], "big")
    )
    for record in records:
        out.add_answer_at_time(record, 0)
    return out.packets()[0]


def ssdp(location: str, server: str, udn: str, kinds: Sequence[str], *, extra: str = "") -> Answer:
    """Answers to M-SEARCH on port 1900: one for each of ``kinds`` that was searched for.

    UPnP Device Architecture 2.0 section 1.3.3.
    """

    def answer(data: bytes) -> Iterator[bytes]:
        if not data.startswith(b"M-SEARCH "):
            return
        wanted = _header(data, "st")
        targets = ["upnp:rootdevice", f"uuid:{udn}", *kinds]
        for target in targets if wanted == "ssdp:all" else [t for t in targets if t == wanted]:
            usn = f"uuid:{udn}" if target.startswith("uuid:") else f"uuid:{udn}::{target}"
            yield (
                "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
                f"LOCATION: {location}\r\nSERVER: {server}\r\nST: {target}\r\nUSN: {usn}\r\n"
                f"{extra}\r\n"
            ).encode()

    return answer


def _header(data: bytes, name: str) -> str:
    for line in data.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""
