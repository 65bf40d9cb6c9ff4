"""Devices by multicast DNS: browse, then ask for what the answers leave open. RFC 6762, 6763.

Questions come from a port of their own and wish unicast answers, so the responder of this machine
may keep port 5353. Groups are listened to as well, for devices that answer there only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.discovery import mdns_read
from iotscan.discovery.asking import known_hosts, without_multicast
from iotscan.discovery.mdns_plan import Plan
from iotscan.discovery.mdns_words import COMMON_TYPES
from iotscan.errors import Malformed
from iotscan.model import Address, Impact, Kind, Observation, Packet, Sighting
from iotscan.probe_api import Airwaves
from iotscan.protocols.dns import codec as dns
from iotscan.protocols.dns.codec import Question

GROUPS = (IPv4Address("224.0.0.251"), IPv6Address("ff02::fb"))
# Browse, types, instances, what was lost, and once more: each gets its part of the time.
_ROUNDS = 5
_QUESTIONS_A_DATAGRAM = 8
_BROWSE = (
    Question(dns.BROWSE, "PTR", unicast=True),
    *(Question(f"{kind}.local.", "PTR", unicast=True) for kind in COMMON_TYPES),
)


@dataclass(frozen=True, slots=True)
class MdnsDiscoverer:
    name: str = "mdns"
    hears: Sequence[tuple[str, int]] = (("udp", 5353),)
    emits: Sequence[Kind] = mdns_read.KINDS

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Browse by multicast and among the hosts named or found, and resolve what they say."""
        groups = GROUPS if air.interfaces else GROUPS[:1]
        for group in groups if air.interfaces else ():
            air.listen(self.name, port=dns.PORT, group=group)
        if air.impact < Impact.GREET:
            await air.pause(air.patience)
            return
        browse = dns.query(_BROWSE)
        plan, taken = Plan(), 0
        for turn in range(_ROUNDS):
            if turn < 2:  # twice, for what is lost on Wi-Fi
                for group in groups:
                    await air.ask(self.name, browse, port=dns.PORT, group=group)
                hosts = known_hosts(air, self.name) if turn else without_multicast(targets)
                for host in hosts:
                    await air.ask(self.name, browse, port=dns.PORT, to=host)
            await air.pause(air.patience / _ROUNDS)
            packets = [packet for packet in air.heard if packet.protocol == self.name]
            for packet in packets[taken:]:
                plan.learn(packet)
            taken = len(packets)
            if turn < _ROUNDS - 1:
                await self._follow(air, plan, groups)

    async def _follow(
        self, air: Airwaves, plan: Plan, groups: Sequence[IPv4Address | IPv6Address]
    ) -> None:
        for data in _datagrams(plan.group_questions()):
            for group in groups:
                await air.ask(self.name, data, port=dns.PORT, group=group)
        for source, questions in plan.direct_questions():
            for data in _datagrams(questions):
                await air.ask(self.name, data, port=dns.PORT, to=source)

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        return mdns_read.read(packet)


def _datagrams(questions: Sequence[Question]) -> Iterator[bytes]:
    """Queries of a few questions each; names that cannot be asked for are left out."""
    for at in range(0, len(questions), _QUESTIONS_A_DATAGRAM):
        some = questions[at : at + _QUESTIONS_A_DATAGRAM]
        try:
            yield dns.query(some)
        except Malformed:
            yield from _one_by_one(some)


def _one_by_one(questions: Sequence[Question]) -> Iterator[bytes]:
    for question in questions:
        try:
            yield dns.query([question])
        except Malformed:
            continue


DISCOVERER = MdnsDiscoverer()
