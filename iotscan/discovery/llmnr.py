"""Hosts that answer for their name by LLMNR, or ask whether somebody else has it. RFC 4795.

Answers go to the one who asked, so on a live link only the questions are heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.discovery.asking import zoned
from iotscan.errors import Malformed
from iotscan.model import Address, Fact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.common.identifiers import DEVICE_NAME, looks_personal
from iotscan.protocols.dns import codec as dns
from iotscan.text import clean

_PORT = 5355
_GROUPS = (IPv4Address("224.0.0.252"), IPv6Address("ff02::1:3"))
_ANY = "ANY"


@dataclass(frozen=True, slots=True)
class LlmnrDiscoverer:
    name: str = "llmnr"
    hears: Sequence[tuple[str, int]] = (("udp", _PORT),)
    emits: Sequence[Kind] = (DEVICE_NAME,)

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: it takes a name to ask for. The groups are listened to."""
        for group in _GROUPS if air.interfaces else ():
            air.listen(self.name, port=_PORT, group=group)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender of an answer that gives its own address for the name, or of a question that
        makes sure that a name of its own is nobody else's.
        """
        source = packet.source
        try:
            said = dns.parse(packet.data)
        except Malformed:
            return
        if source is None:
            return
        named = _answered(said, packet) if said.response else _verified(said)
        names = {name for raw in named if (name := clean(raw.removesuffix("."), 128))}
        if len(names) != 1:
            return
        (name,) = names
        proof = Proof.of(packet)
        yield Sighting(self.name, (source,), packet.mac, (name,), proof=proof)
        told: dict[str, Fact] = {"via": self.name, "name": name}
        told["looks_personal"] = looks_personal(name)
        yield Observation(DEVICE_NAME.name, told, source, proofs=(proof,))


def _answered(said: dns.Message, packet: Packet) -> Iterator[str]:
    for record in said.records:
        if isinstance(record, dns.HostAddress) and zoned(record.address, packet) == packet.source:
            yield record.name


def _verified(said: dns.Message) -> Iterator[str]:
    """Names that the asker makes sure of (section 4). Who looks for another host asks for its
    addresses; for records of any type only those ask who are about to use the name.
    """
    for question in said.questions:
        if question.kind == _ANY and "." not in question.name.removesuffix("."):
            yield question.name


DISCOVERER = LlmnrDiscoverer()
