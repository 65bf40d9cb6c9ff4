"""Windows and Samba hosts by their NetBIOS names. RFC 1001, RFC 1002."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Address, Fact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols import netbios
from iotscan.protocols.common.identifiers import DEVICE_NAME, looks_personal
from iotscan.text import clean

NAME = Kind(
    "netbios.name",
    {"name": str},
    "For a NetBIOS name of a workstation or server that a host registers, answers for or sends as.",
)


@dataclass(frozen=True, slots=True)
class NetbiosDiscoverer:
    name: str = "netbios"
    hears: Sequence[tuple[str, int]] = (
        ("udp", netbios.NAME_PORT),
        ("udp", netbios.DATAGRAM_PORT),
    )
    emits: Sequence[Kind] = (NAME, DEVICE_NAME)

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Nothing is asked: what hosts say on their own is enough."""

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The sender under the names of its own; names of workgroups are everybody's."""
        source = packet.source
        if source is None:
            return
        found = tuple(
            dict.fromkeys(
                text
                for name in _names(packet.data)
                if not name.group and name.suffix in (netbios.WORKSTATION, netbios.SERVER)
                if (text := clean(name.text, 15))
            )
        )
        if not found:
            return
        proof = Proof.of(packet)
        yield Sighting(self.name, (source,), packet.mac, found, proof=proof)
        for name in found:
            yield Observation(NAME.name, {"name": name}, source, proofs=(proof,))
            told: dict[str, Fact] = {"via": self.name, "name": name}
            told["looks_personal"] = looks_personal(name)
            yield Observation(DEVICE_NAME.name, told, source, proofs=(proof,))


def _names(data: bytes) -> Sequence[netbios.Name]:
    for read in (_datagram, netbios.names):
        try:
            return read(data)
        except Malformed:
            continue
    return ()


def _datagram(data: bytes) -> tuple[netbios.Name, ...]:
    return (netbios.sender(data),)


DISCOVERER = NetbiosDiscoverer()
