"""Connections of a capture that are only together one conversation, kept until all were heard.

Which ones belong together is for a reader to say (``Probe.joins``): RTSP may be carried by several
connections of HTTP, of which each alone is half a conversation.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from iotscan.model import Address, Endpoint, Transcript, Turn
from iotscan.probe_api import Probe

# Conversations kept at a time, connections of each, and bytes of each connection: players reconnect
# for every few requests, and what follows a login is a film.
MOST_WHOLES, MOST_PARTS, MOST_BYTES = 64, 16, 16_384

_Key = tuple[str, Endpoint, Address, str]


@dataclass
class Pairing:
    """``take`` conversations; ``due`` gives those that had to make room, ``rest`` all others."""

    probes: Mapping[str, Probe]
    _kept: OrderedDict[_Key, list[Transcript]] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        told = ((probe, getattr(probe, "joins", None)) for probe in self.probes.values())
        self._joins: Sequence[tuple[Probe, Callable[[Transcript], str]]] = [
            (probe, joins) for probe, joins in told if joins is not None
        ]

    def take(self, asked: Collection[Probe], talk: Transcript) -> list[Probe]:
        """The readers, of those that would be asked, for which this is only one connection of
        several; it is kept for them.
        """
        kept = []
        for probe, joins in self._joins:
            if probe in asked and talk.client is not None and (name := joins(talk)):
                kept.append(probe)
                key = probe.name, talk.service.endpoint, talk.client.address, name
                parts = self._kept.setdefault(key, [])
                if len(parts) < MOST_PARTS:
                    parts.append(_beginning(talk))
        return kept

    def due(self) -> Iterator[tuple[Probe, Transcript]]:
        """The oldest conversations, where there are too many."""
        while len(self._kept) > MOST_WHOLES:
            yield self._next()

    def rest(self) -> Iterator[tuple[Probe, Transcript]]:
        """All that are kept; then none are."""
        while self._kept:
            yield self._next()

    def _next(self) -> tuple[Probe, Transcript]:
        (name, *_), parts = self._kept.popitem(last=False)
        return self.probes[name], joined(parts)


def joined(parts: list[Transcript]) -> Transcript:
    """One conversation of several connections, each a channel in the order in which they began."""
    parts = sorted(parts, key=lambda part: part.began)
    began = parts[0].began
    turns = [
        replace(turn, at=round(part.began - began + turn.at, 6), channel=number)
        for number, part in enumerate(parts)
        for turn in part.turns
    ]
    notes = dict.fromkeys(part.note for part in parts if part.note)
    return replace(
        parts[0],
        turns=tuple(sorted(turns, key=lambda turn: turn.at)),
        channels=tuple(
            replace(part.channels[0], opened=round(part.began - began, 6)) for part in parts
        ),
        note=", ".join(notes),
    )


def _beginning(talk: Transcript) -> Transcript:
    """Its first turns, of each side as many bytes as are kept."""
    kept: list[Turn] = []
    said = {"client": 0, "server": 0}
    for turn in talk.turns:
        if said[turn.sender] < MOST_BYTES:
            said[turn.sender] += len(turn.data)
            kept.append(replace(turn, cut=turn.cut or said[turn.sender] >= MOST_BYTES))
    return replace(talk, turns=tuple(kept))
