"""A scan before anything is concluded: what it may touch, and all that it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.model.finding import Gap
from iotscan.model.observation import Sighting, Sweep
from iotscan.model.transcript import Packet, Transcript
from iotscan.model.words import Address, Fact, Impact, Subnet


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be touched. Exclusions always win; see :mod:`iotscan.net.gateway`."""

    allow: tuple[Subnet, ...]
    deny: tuple[Subnet, ...] = ()
    interfaces: tuple[str, ...] = ()
    impact: Impact = Impact.LOGIN

    def admits(self, address: Address) -> bool:
        """Whether the address may be talked to; an IPv4-mapped IPv6 address counts as IPv4."""
        mapped = getattr(address, "ipv4_mapped", None)
        plain = mapped if mapped is not None else address
        if any(plain in net for net in self.deny if net.version == plain.version):
            return False
        return any(plain in net for net in self.allow if net.version == plain.version)


@dataclass(frozen=True, slots=True)
class Header:
    """How a recording began: everything a replay needs to give the same report."""

    format: int
    version: str
    started: str
    scope: Scope
    settings: Mapping[str, Fact]
    rules: str
    source: str = "scan"


@dataclass(frozen=True, slots=True)
class Footer:
    """How a recording ended; a recording without one was cut off, and its report says so."""

    ended: float
    complete: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a scan saw, or all that was read from captures: the one input of the assessment."""

    header: Header
    packets: tuple[Packet, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    gaps: tuple[Gap, ...] = ()
    blind_spots: tuple[str, ...] = ()
    footer: Footer | None = None
