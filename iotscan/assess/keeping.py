"""What is kept of a capture: devices, observations with their first proofs, sightings, ports that
answered, who spoke to whom.

A capture may be a thousand times larger than memory, so all of it is bounded; what a bound left out
is counted, and told; but for ports that answered outside, which are no service of a device here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from iotscan.assess.reading import HOUR, Contact, Witness
from iotscan.model import Address, Endpoint, Observation, Proof

MOST_OBSERVATIONS = 50_000
# Different observations of one kind at one place: a scanner that is let in says a thousand things.
MOST_ALIKE = 256
# Observations of one kind of servers outside that one device talked to: a browser meets thousands.
MOST_OUTSIDE = 128
MOST_PROOFS = 8
MOST_WITNESSES = 20_000
# MACs and addresses on this side of the internet of which a report is made: what it says of a
# device takes some ten kilobytes.
MOST_DEVICES = 4096
MOST_ANSWERS = 65_536
# Of servers outside, which are nobody's devices here.
MOST_ANSWERS_OUTSIDE = 4096
MOST_CONTACTS = 10_000
# A year and its leap day.
MOST_HOURS = 8784

_Place = tuple[str, Address | str, Endpoint | None]
_Key = tuple[str, Address, Endpoint | None, frozenset[tuple[str, object]]]


@dataclass
class Devices:
    """Who is told of, by MAC or address. ``unseen``: signs of others, which were left out."""

    unseen: int = 0
    _known: set[Address | str] = field(default_factory=set)

    @property
    def left_out(self) -> str:
        """What was left out and why; empty if nothing was."""
        reason = (
            f"{self.unseen} signs of devices were left out: those of the first {MOST_DEVICES} "
            f"MACs and addresses are kept, {MOST_WITNESSES} in all"
        )
        return reason if self.unseen else ""

    def knows(self, *who: Address | str) -> bool:
        """Whether a device is told of that is known by any of these."""
        return not self._known.isdisjoint(who)

    def admits(self, *who: Address | str | None) -> bool:
        """Whether there is room for a device that is known by any of these."""
        told = [one for one in who if one is not None]
        if not told or self.knows(*told):
            return True
        if len(self._known) >= MOST_DEVICES:
            self.unseen += 1
            return False
        self._known.update(told)
        return True


@dataclass
class Observations:
    """Each observation once, with its first proofs. ``dropped``: how many were left out."""

    devices: Devices
    dropped: int = 0
    _kept: dict[_Key, tuple[Observation, list[Proof]]] = field(default_factory=dict)
    _alike: dict[_Place, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def left_out(self) -> str:
        """What was left out and why; empty if nothing was."""
        reason = (
            f"{self.dropped} observations were left out: of one kind the first {MOST_ALIKE} "
            f"of a service are kept, the first {MOST_OUTSIDE} of what one device did outside, "
            f"and {MOST_OBSERVATIONS} in all"
        )
        return reason if self.dropped else ""

    def add(self, seen: Observation) -> bool:
        """Keep it, or its proof if it is known; whether anything was kept."""
        key = (seen.kind, seen.address, seen.endpoint, frozenset(seen.facts.items()))
        known = self._kept.get(key)
        if known is not None:
            return _cite(known[1], seen.proofs)
        outside = seen.address.is_global
        if not outside and not self.devices.admits(seen.address):
            return False
        if outside and "peer" in seen.facts:
            user: _Place = (seen.kind, str(seen.facts["peer"]), None)
            if self._alike[user] >= MOST_OUTSIDE:
                self.dropped += 1
                return False
            self._alike[user] += 1
        place: _Place = (seen.kind, seen.address, seen.endpoint)
        if len(self._kept) >= MOST_OBSERVATIONS or self._alike[place] >= MOST_ALIKE:
            self.dropped += 1
            return False
        self._alike[place] += 1
        self._kept[key] = (seen, list(seen.proofs))
        return True

    def all(self) -> tuple[Observation, ...]:
        return tuple(replace(seen, proofs=tuple(proofs)) for seen, proofs in self._kept.values())


@dataclass
class Witnesses:
    """Each sighting once."""

    devices: Devices
    _kept: dict[tuple[object, ...], Witness] = field(default_factory=dict)

    def add(self, witness: Witness) -> None:
        sighting = witness.sighting
        key = (
            sighting.source,
            sighting.addresses,
            sighting.mac,
            sighting.names,
            tuple(sorted(sighting.traits.items())),
            sighting.leads,
            witness.source,
        )
        if key in self._kept or not self.devices.admits(sighting.mac, *sighting.addresses):
            return
        if len(self._kept) < MOST_WITNESSES:
            self._kept[key] = witness
        else:
            self.devices.unseen += 1

    def all(self) -> tuple[Witness, ...]:
        return tuple(self._kept.values())


@dataclass
class Answers:
    """Ports that answered, each with its first proof. ``opened``: those of them that answered an
    opening. ``dropped``: answers of devices here that were left out.
    """

    kept: dict[Endpoint, Proof] = field(default_factory=dict)
    opened: set[Endpoint] = field(default_factory=set)
    dropped: int = 0
    _outside: int = 0

    @property
    def left_out(self) -> str:
        """What was left out and why; empty if nothing was."""
        many = "answer of a port was" if self.dropped == 1 else "answers of ports were"
        reason = f"{self.dropped} {many} left out: the first {MOST_ANSWERS} are kept"
        return reason if self.dropped else ""

    def has_room(self, endpoint: Endpoint) -> bool:
        """Whether it is new that this endpoint answers, and there is room for one of its kind."""
        if endpoint in self.kept:
            return False
        if len(self.kept) >= MOST_ANSWERS:
            self.dropped += not endpoint.address.is_global
            return False
        if not endpoint.address.is_global:
            return True
        self._outside += self._outside < MOST_ANSWERS_OUTSIDE
        return self._outside < MOST_ANSWERS_OUTSIDE


@dataclass
class Contacts:
    """Who spoke to whom: the proof of an answer is worth more than that of a try in vain.
    ``dropped``: how many conversations were left out; ``hours``: those of the capture in which
    somebody spoke.
    """

    kept: dict[tuple[Address, Endpoint], Contact] = field(default_factory=dict)
    dropped: int = 0
    hours: set[int] = field(default_factory=set)

    @property
    def left_out(self) -> str:
        """What was left out and why; empty if nothing was."""
        many = "conversation was" if self.dropped == 1 else "conversations were"
        reason = (
            f"{self.dropped} {many} left out of who spoke to whom: the first {MOST_CONTACTS} pairs "
            "of a host and a server are kept"
        )
        return reason if self.dropped else ""

    def add(self, client: Address, server: Endpoint, new: Contact) -> None:
        if len(self.hours) < MOST_HOURS:
            self.hours |= {int(new.began // HOUR), int(new.last // HOUR)}
        known = self.kept.get((client, server))
        if known is not None and (known.answered or not new.answered):
            self.kept[client, server] = known.joined(new)
        elif known is not None or len(self.kept) < MOST_CONTACTS:
            self.kept[client, server] = new.joined(known) if known else new
        else:
            self.dropped += 1


def _cite(known: list[Proof], proofs: Sequence[Proof]) -> bool:
    """Add the proofs, as many as there is room for; whether any was. The earliest are kept: a long
    conversation is handed on after short ones that began later.
    """
    if len(known) < MOST_PROOFS:
        known.extend(proofs)
        return True
    last = max(range(len(known)), key=lambda i: known[i].frames)
    if not proofs or proofs[0].frames >= known[last].frames:
        return False
    known[last] = proofs[0]
    return True
