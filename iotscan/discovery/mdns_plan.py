"""What is still worth asking, from what mDNS packets said so far. Pure and bounded per source.

A host that invents instances by the thousand is asked about no more of them than any other, so it
takes no room from the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from iotscan.discovery.mdns_view import MOST_INSTANCES, MOST_TYPES, View, view
from iotscan.model import Address, Packet
from iotscan.protocols.dns.codec import Question

# Types asked for by multicast in one round, over all sources.
MOST_GROUP_TYPES = 64
MOST_SOURCES = 512
# Packets of one source that are looked into, and questions to it in one round.
MOST_PACKETS = 128
MOST_QUESTIONS = 48
# A question is asked again once: answers get lost on Wi-Fi.
_TRIES = 2


@dataclass(slots=True)
class _Known:
    """What one source told, and what it was asked how often."""

    packets: int = 0
    types: dict[str, bool] = field(default_factory=dict)
    instances: dict[str, _Wanted] = field(default_factory=dict)
    asked: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(slots=True)
class _Wanted:
    name: str
    host: str | None = None
    located: bool = False
    described: bool = False


class Plan:
    """Learns from packets; tells the next questions to the group and to single hosts."""

    def __init__(self) -> None:
        self._sources: dict[Address, _Known] = {}
        self._group_asked: set[str] = set()

    def learn(self, packet: Packet) -> None:
        """Take in a packet; anything but an mDNS answer changes nothing."""
        source = packet.source
        if source is None or (source not in self._sources and len(self._sources) >= MOST_SOURCES):
            return
        known = self._sources.setdefault(source, _Known())
        known.packets += 1
        seen = view(packet) if known.packets <= MOST_PACKETS else None
        if seen is not None:
            _learn(known, seen)

    def group_questions(self) -> list[Question]:
        """PTR questions for types that the group was not asked for yet, sources taking turns."""
        columns = [list(known.types) for known in self._sources.values()]
        turns = (kinds[row] for row in range(MOST_TYPES) for kinds in columns if row < len(kinds))
        new = [kind for kind in dict.fromkeys(turns) if kind not in self._group_asked]
        new = new[:MOST_GROUP_TYPES]
        self._group_asked |= set(new)
        return [Question(f"{kind}.local.", "PTR", unicast=True) for kind in new]

    def direct_questions(self) -> Iterator[tuple[Address, list[Question]]]:
        """For each source what it left open: its types' instances, their places, texts, hosts."""
        for source, known in self._sources.items():
            questions: list[Question] = []
            for question in _open(known):
                key = (question.name.lower(), question.kind)
                if known.asked.get(key, 0) < _TRIES and len(questions) < MOST_QUESTIONS:
                    known.asked[key] = known.asked.get(key, 0) + 1
                    questions.append(question)
            if questions:
                yield source, questions


def _learn(known: _Known, seen: View) -> None:
    for kind in seen.types:
        if kind in known.types or len(known.types) < MOST_TYPES:
            known.types.setdefault(kind, False)
    for key, instance in seen.instances.items():
        wanted = known.instances.get(key)
        if wanted is None:
            if len(known.instances) >= MOST_INSTANCES:
                continue
            name = f"{instance.name}.{instance.type}.local."
            wanted = known.instances[key] = _Wanted(name)
        if instance.type in known.types:
            known.types[instance.type] = True
        wanted.described |= instance.text is not None
        if instance.host is not None:
            wanted.host = instance.host
            # Place and address have to stand in one packet for a reader to join them.
            wanted.located |= bool(seen.hosts.get(instance.host.lower()))


def _open(known: _Known) -> Iterator[Question]:
    for wanted in known.instances.values():
        if not wanted.located:
            yield Question(wanted.name, "SRV", unicast=True)
            if wanted.host is not None:
                yield Question(wanted.host, "A", unicast=True)
                yield Question(wanted.host, "AAAA", unicast=True)
        if not wanted.described:
            yield Question(wanted.name, "TXT", unicast=True)
    for kind, answered in known.types.items():
        if not answered:
            yield Question(f"{kind}.local.", "PTR", unicast=True)
