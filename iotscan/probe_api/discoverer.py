"""A discoverer: how devices are called, and what is read in the packets that come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol, runtime_checkable

from iotscan.model import Address, Impact, Kind, Observation, Packet, Sighting


class Airwaves(Protocol):
    """A discoverer's way out: multicast, broadcast and unicast asks, recorded as packets.

    Every answer that arrives while discovery runs is recorded and read; nothing is returned.
    """

    @property
    def impact(self) -> Impact: ...

    @property
    def interfaces(self) -> Sequence[Attachment]:
        """The attached networks that the scope covers."""
        ...

    async def ask(
        self,
        protocol: str,
        data: bytes,
        *,
        port: int,
        to: Address | None = None,
        group: IPv4Address | IPv6Address | None = None,
        interface: str = "",
        seconds: float = 0.0,
        broadcast: bool = False,
    ) -> None:
        """Send one UDP datagram to an address, a group or everybody on the attached IPv4 networks,
        and listen for answers from the scope for ``seconds`` (0: to the end of discovery).
        """
        ...

    def listen(
        self,
        protocol: str,
        *,
        port: int,
        group: IPv4Address | IPv6Address | None = None,
        interface: str = "",
    ) -> None:
        """Record what arrives at a well-known port until discovery ends: for a group, or without
        one what is broadcast there or sent there to this machine. Says nothing.
        """
        ...

    async def arp(self, interface: str, addresses: Sequence[IPv4Address]) -> bool:
        """Ask for the MACs of these addresses with raw frames; False where that is not allowed."""
        ...

    async def echo(self, interface: str) -> None:
        """Ask all IPv6 nodes of an interface whether they are there (ICMPv6), where it is allowed
        and this machine can.
        """
        ...

    def neighbours(self) -> Sequence[tuple[Address, str, str]]:
        """(address, MAC, interface) of the kernel's neighbour table, reachable or stale ones."""
        ...

    def resolvers(self) -> Sequence[Address]:
        """The DNS servers that this machine is told to ask, as far as they are in scope."""
        ...

    async def nudge(self, addresses: Sequence[Address]) -> None:
        """Make the kernel resolve these addresses, by a UDP datagram to the discard port."""
        ...

    async def pause(self, seconds: float) -> None: ...

    @property
    def patience(self) -> float:
        """Seconds that discovery may take, of which answers are waited for: a setting."""
        ...

    @property
    def heard(self) -> Sequence[Packet]:
        """The packets recorded so far under any protocol, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """An interface of this machine and the networks on it."""

    name: str
    mac: str | None
    addresses: tuple[Address, ...]
    prefixes: tuple[int, ...]
    multicast: bool = True


@runtime_checkable
class Discoverer(Protocol):
    """One way of finding devices: a file of ``iotscan/discovery/`` ending in ``DISCOVERER = …``."""

    @property
    def name(self) -> str: ...

    @property
    def hears(self) -> Sequence[tuple[str, int]]:
        """Which captured payloads ``read`` understands: ("udp", port), ("ether", EtherType) or
        ("ip", protocol number). Live packets come through ``Airwaves`` instead.
        """
        ...

    @property
    def emits(self) -> Sequence[Kind]: ...

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Ask, and wait as long as answers are worth waiting for. ``targets``: every address that
        was asked for by name or by a small network (at most 65,536).
        """
        ...

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """What a packet of this protocol says. Pure; garbage yields nothing; it never raises."""
        ...
