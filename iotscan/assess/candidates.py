"""Which readers a conversation of a capture is worth offering to, by the bytes that it begins with.

Most conversations are of no protocol that most readers know: asking all of them costs a hundred
times what this look-up does. It is only a sieve: a reader that tells nothing of how its protocol
begins is asked about everything, and so are all where the beginning was not captured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from iotscan.model import Sender, Transcript, Transport
from iotscan.probe_api import ANY_BYTE, Beginning, Lead, Probe

_TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")
_OTHER: Mapping[Sender, Sender] = {"client": "server", "server": "client"}
# More different datagrams than that are looked at by their first bytes alone.
_MOST_DIFFERENT = 16


class Candidates:
    """Built once from all probes; ``of`` a conversation tells whom to ask, in their order."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        told = [(probe, beginning) for probe in probes.values() for beginning in _beginnings(probe)]
        self._owners = tuple(probe for probe, _ in told)
        self._all = dict.fromkeys(_TRANSPORTS, 0)
        for number, (_, beginning) in enumerate(told):
            self._all[beginning.transport] |= 1 << number
        # For each side: whom the byte at the first places fits, a bit for each beginning.
        self._fits = {
            (transport, side): _table(
                [(_lead(b, side), 1 << i) for i, (_, b) in enumerate(told)], self._all[transport]
            )
            for transport in _TRANSPORTS
            for side in _OTHER
        }
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
            owners = (owner for number, owner in enumerate(self._owners) if mask >> number & 1)
            chosen = self._chosen[mask] = tuple({owner.name: owner for owner in owners}.values())
        return chosen

    def _of_stream(self, talk: Transcript) -> int:
        mask, missing = self._all["tcp"], {"client", "server"}
        for turn in talk.turns:
            if turn.sender in missing and turn.data:
                for fitting, byte in zip(self._fits["tcp", turn.sender], turn.data, strict=False):
                    mask &= fitting[byte]
                missing.remove(turn.sender)
                if not missing:
                    break
        return mask

    def _of_datagrams(self, talk: Transcript) -> int:
        """Any datagram may begin the part of an exchange that matters, and who asked is a guess."""
        said: dict[Sender, set[bytes]] = {"client": set(), "server": set()}
        places = len(self._fits["udp", "client"])
        for turn in talk.turns:
            if turn.data:
                said[turn.sender].add(turn.data[:places])
        right = [self._side(side, said[side]) for side in said]
        wrong = [self._side(_OTHER[side], said[side]) for side in said]
        return (right[0] & right[1]) | (wrong[0] & wrong[1])

    def _side(self, side: Sender, said: Iterable[bytes]) -> int:
        """Whom any of the datagrams of one side fits."""
        starts = set(said)
        if not starts:
            return self._all["udp"]
        if len(starts) > _MOST_DIFFERENT:
            starts = {start[:1] for start in starts}
        found = 0
        for start in starts:
            mask = self._all["udp"]
            for fitting, byte in zip(self._fits["udp", side], start, strict=False):
                mask &= fitting[byte]
            found |= mask
        return found


def _beginnings(probe: Probe) -> Sequence[Beginning]:
    told: Sequence[Beginning] | None = getattr(probe, "begins", None)
    return tuple(map(Beginning, _TRANSPORTS)) if told is None else told


def _lead(beginning: Beginning, side: Sender) -> Lead:
    lead = beginning.client if side == "client" else beginning.server
    return (lead,) if isinstance(lead, bytes) else lead


def _table(leads: Sequence[tuple[Lead, int]], everybody: int) -> list[list[int]]:
    """For each of the first places and each byte there: the bits of those whom it fits."""
    table = []
    for place in range(max((len(lead) for lead, _ in leads), default=0)):
        told = [
            (lead[place] if place < len(lead) else ANY_BYTE, bit & everybody) for lead, bit in leads
        ]
        # Most leave most places open: those are no reason to go through all bytes.
        anyhow = sum(bit for fitting, bit in told if len(fitting) == len(ANY_BYTE))
        table.append([anyhow] * len(ANY_BYTE))
        for fitting, bit in told:
            if len(fitting) < len(ANY_BYTE):
                for byte in fitting:
                    table[place][byte] |= bit
    return table
