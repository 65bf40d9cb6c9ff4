"""Which readers a conversation of a capture is worth offering to, by the bytes that it begins with.

Most conversations are of no protocol that most readers know: asking all of them costs a hundred
times what this look-up does. It is only a sieve: a reader that tells nothing of how its protocol
begins is asked about everything, and so are all where the beginning was not captured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

from iotscan.model import Sender, Transcript, Transport
from iotscan.probe_api import Beginning, Probe

_TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")
_OTHER: Mapping[Sender, Sender] = {"client": "server", "server": "client"}


class Candidates:
    """Built once from all probes; ``of`` a conversation tells whom to ask, in their order."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = tuple(probes.values())
        # For each transport: whom the first byte of a side fits, a bit for each probe.
        self._fits: dict[tuple[Transport, Sender], list[int]] = {
            (transport, side): [0] * 256
            for transport in _TRANSPORTS
            for side in ("client", "server")
        }
        self._all = dict.fromkeys(_TRANSPORTS, 0)
        for number, probe in enumerate(self._probes):
            for beginning in _beginnings(probe):
                self._add(1 << number, beginning)
        self._chosen: dict[int, tuple[Probe, ...]] = {}

    def of(self, talk: Transcript) -> tuple[Probe, ...]:
        """Every probe whose protocol the conversation may be of."""
        transport = talk.service.endpoint.transport
        if transport == "udp":
            mask = self._of_datagrams(talk)
        elif talk.note:
            mask = self._all["tcp"]
        else:
            mask = self._of_stream(talk)
        chosen = self._chosen.get(mask)
        if chosen is None:
            chosen = self._chosen[mask] = tuple(
                probe for number, probe in enumerate(self._probes) if mask >> number & 1
            )
        return chosen

    def _add(self, bit: int, beginning: Beginning) -> None:
        self._all[beginning.transport] |= bit
        for side, fitting in (("client", beginning.client), ("server", beginning.server)):
            table = self._fits[beginning.transport, side]  # type: ignore[index]
            for byte in fitting:
                table[byte] |= bit

    def _of_stream(self, talk: Transcript) -> int:
        mask, missing = self._all["tcp"], {"client", "server"}
        for turn in talk.turns:
            if turn.sender in missing and turn.data:
                mask &= self._fits["tcp", turn.sender][turn.data[0]]
                missing.remove(turn.sender)
                if not missing:
                    break
        return mask

    def _of_datagrams(self, talk: Transcript) -> int:
        """Any datagram may begin the part of an exchange that matters, and who asked is a guess."""
        first: dict[Sender, set[int]] = {"client": set(), "server": set()}
        for turn in talk.turns:
            if turn.data:
                first[turn.sender].add(turn.data[0])
        right = [self._side(side, first[side]) for side in first]
        wrong = [self._side(_OTHER[side], first[side]) for side in first]
        return (right[0] & right[1]) | (wrong[0] & wrong[1])

    def _side(self, side: Sender, said: Iterable[int]) -> int:
        table = self._fits["udp", side]
        return reduce(or_, (table[byte] for byte in said)) if said else self._all["udp"]


def _beginnings(probe: Probe) -> Sequence[Beginning]:
    told: Sequence[Beginning] | None = getattr(probe, "begins", None)
    return tuple(map(Beginning, _TRANSPORTS)) if told is None else told
