"""What the network's own DNS server calls the hosts that were found. RFC 1035 section 3.5.

Home routers know the names that devices gave them by DHCP. The server is asked only where it is in
scope like any device, only about private addresses, and without the wish for recursion: then it is
to ask nobody else (RFC 1034 section 4.3.1). Some ask their provider all the same, unless they keep
to RFC 6303, which has such questions answered at home.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.discovery.asking import known_hosts, without_multicast
from iotscan.errors import Malformed
from iotscan.model import Address, Impact, Kind, Observation, Packet, Proof, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.dns import codec as dns
from iotscan.text import clean

_PORT = 53
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class ReverseDnsDiscoverer:
    """``hearsay``: a server's word names a device that is known otherwise, and makes none."""

    name: str = "reverse_dns"
    hears: Sequence[tuple[str, int]] = ()
    emits: Sequence[Kind] = ()
    hearsay: bool = True

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Ask for the names of the hosts that others found in half of the time."""
        if air.impact < Impact.GREET or not air.interfaces:
            return
        await air.pause(air.patience / 2)
        hosts = dict.fromkeys([*without_multicast(targets), *known_hosts(air, self.name)])
        for server in air.resolvers()[:1]:
            for number, host in enumerate(hosts, 1):
                if host.is_private and not (host.is_link_local or host.is_loopback):
                    question = dns.Question(f"{host.reverse_pointer}.", "PTR")
                    await air.ask(self.name, dns.query([question], number), port=_PORT, to=server)
        await air.pause(air.patience / 2)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """The names of the host that was asked for."""
        try:
            said = dns.parse(packet.data)
        except Malformed:
            return
        if not said.response or len(said.questions) != 1:
            return
        asked = said.questions[0]
        about = _address(asked.name)
        names = tuple(
            dict.fromkeys(
                name
                for record in said.records
                if isinstance(record, dns.Pointer) and record.name.lower() == asked.name.lower()
                if (name := clean(record.target.removesuffix("."), 128))
            )
        )
        if about is not None and names:
            proof = Proof(packet.id)
            yield Sighting(self.name, (about,), None, names[:_MOST_NAMES], proof=proof)


def _address(name: str) -> Address | None:
    """The address of a name under in-addr.arpa or ip6.arpa."""
    labels = name.lower().removesuffix(".").split(".")[::-1]
    digits = labels[2:]
    try:
        if labels[:2] == ["arpa", "in-addr"] and len(digits) == 4:
            return IPv4Address(".".join(digits))
        if labels[:2] == ["arpa", "ip6"] and len(digits) == 32:
            return IPv6Address(int("".join(digits), 16))
    except ValueError:
        return None
    return None


DISCOVERER = ReverseDnsDiscoverer()
