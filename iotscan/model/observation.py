"""What was read in conversations: observations and sightings, with their proof; and port sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iotscan.model.transcript import Endpoint, Packet, Service
from iotscan.model.words import Address, Fact


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a reader finds the evidence.

    ``source``: id of a transcript ("c17"), packet ("p5") or sweep ("s3") in the recording;
    ``turns``: indexes of the turns that prove it, empty for packets and sweeps;
    ``frames``: frame numbers in the capture file named ``file``; ``at``: when the first of them
    was, in seconds since the first frame of that file.
    """

    source: str
    turns: tuple[int, ...] = ()
    file: str = ""
    frames: tuple[int, ...] = ()
    at: float | None = None

    @classmethod
    def of(cls, packet: Packet) -> Proof:
        """A packet as evidence of what it says."""
        return cls(packet.id, frames=() if packet.frame is None else (packet.frame,))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of observation: the words (fact names and their types) that rules may use of it.

    ``doc`` says in one sentence when a reader emits it.
    """

    name: str
    facts: Mapping[str, type]
    doc: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A fact about one address (and endpoint, when it is about a service), with its proof.

    ``facts`` holds only what was established: a missing word means "not known".
    Text in it that the device controls has been through :func:`iotscan.text.clean`.
    """

    kind: str
    facts: Mapping[str, Fact]
    address: Address
    endpoint: Endpoint | None = None
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One source's word that a device is there, as read from one packet or sweep.

    ``names`` are what the device calls itself; ``traits`` are identifying words under fixed keys
    (vendor, model, firmware, serial, udn, server, kind, os …); ``leads`` are services it announced,
    followed only when their address is one of the announcer's own.
    """

    source: str
    addresses: tuple[Address, ...]
    mac: str | None = None
    names: tuple[str, ...] = ()
    traits: Mapping[str, str] = field(default_factory=dict)
    leads: tuple[Service, ...] = ()
    proof: Proof = Proof("")


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a port sweep saw at one address. ``unswept`` ports could not be looked at, ``why``.

    ``alive``: something at the address answered (a RST counts, except on loopback where the
    scanner's own kernel sends it).
    """

    id: str
    at: float
    address: Address
    open: tuple[Endpoint, ...] = ()
    closed: int = 0
    silent: int = 0
    unswept: int = 0
    why: str = ""
    alive: bool = False
