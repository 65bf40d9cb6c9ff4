"""What is known of one host while its ports are swept: pure, without sockets or clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from iotscan.model import Address, Endpoint, Sweep

# Round trips vary with Wi-Fi power saving (a beacon interval is 0.1 s): never less than this.
_SHORTEST_WAIT = 0.3
# Twice the estimate, since a wrong "silent" costs a service and a longer wait costs little.
_CAUTION = 2.0
# What never answers takes no room at the device: silent ports widen the window up to this.
_WIDEST = 16
# Silent ports asked again to find out whether packets get lost; if one answers, all are asked.
_SAMPLE = 8


@dataclass(slots=True)
class HostSweep:
    """Ports still to try and what the others said.

    ``at``: when it began; ``slots``: connections the host may have at a time; ``longest``: the
    setting for a connect. ``in_flight`` and ``queued`` belong to whoever sweeps it.
    """

    address: Address
    todo: deque[int]
    slots: int
    longest: float
    at: float
    open: list[int] = field(default_factory=list)
    closed: int = 0
    silent: list[int] = field(default_factory=list)
    unswept: int = 0
    why: str = ""
    in_flight: int = 0
    queued: bool = False
    _smoothed: float = 0.0
    _variation: float = 0.0
    _unasked: list[int] = field(default_factory=list)
    _asked_again: set[int] = field(default_factory=set)
    _round: int = 0
    _answers_before: int = 0
    _silences: int = 0

    @property
    def answers(self) -> int:
        """How many ports answered, by taking or refusing the connection."""
        return len(self.open) + self.closed

    @property
    def window(self) -> int:
        """Connections that may be under way now."""
        return max(self.slots, min(_WIDEST, self.slots + self._silences))

    def patience(self) -> float:
        """Seconds to wait for an answer: by the round trips seen (RFC 6298 section 2), twice as
        long in a second round.
        """
        if not self.answers:
            return self.longest
        estimate = _CAUTION * (self._smoothed + 4.0 * self._variation)
        wait = max(_SHORTEST_WAIT, estimate) * (2.0 if self._round else 1.0)
        return min(self.longest, wait)

    def answered(self, port: int, seconds: float, taken: bool) -> None:
        """The port took or refused the connection after so many seconds."""
        if self.answers:
            self._variation += 0.25 * (abs(seconds - self._smoothed) - self._variation)
            self._smoothed += 0.125 * (seconds - self._smoothed)
        else:
            self._smoothed, self._variation = seconds, seconds / 2
        if taken:
            self.open.append(port)
        else:
            self.closed += 1

    def fell_silent(self, port: int) -> None:
        """Nothing came from the port in time."""
        self.silent.append(port)
        self._silences += 1

    def not_swept(self, why: str) -> None:
        """This machine could not look at a port."""
        self.unswept += 1
        self.why = why

    def give_up(self, why: str, port: int) -> None:
        """Nothing more can be looked at: neither this port nor those still to do."""
        left = {port, *self.todo}
        self.silent += left & self._asked_again
        self.unswept += len(left - self._asked_again)
        self.todo.clear()
        self.why = why

    def is_done(self) -> bool:
        """Whether nothing is left to try; begins another round when that is worth it.

        A host that answered elsewhere is asked again where it was silent: all of it when that is
        little, else a sample first, since a firewall is silent by intent and loss is not.
        """
        if self.todo or self.in_flight:
            return False
        if self._round == 0 and self.answers:
            cut = _SAMPLE if len(self.silent) > 2 * _SAMPLE else len(self.silent)
            self._again(self.silent[:cut], keep=self.silent[cut:])
        elif self._round == 1 and self._unasked and self.answers > self._answers_before:
            self._again(self._unasked, keep=[])
        return not self.todo

    def result(self, number: str) -> Sweep:
        """A refusal on loopback comes from this machine's own kernel: no sign of life."""
        life = self.open or (self.closed and not self.address.is_loopback)
        return Sweep(
            id=number,
            at=round(self.at, 6),
            address=self.address,
            open=tuple(Endpoint(self.address, "tcp", port) for port in sorted(self.open)),
            closed=self.closed,
            silent=len(self.silent),
            unswept=self.unswept,
            why=self.why,
            alive=bool(life),
        )

    def _again(self, ports: Sequence[int], keep: Sequence[int]) -> None:
        self._round += 1
        self._answers_before = self.answers
        self._unasked = list(keep)
        self._asked_again.update(ports)
        self.silent = [port for port in self.silent if port not in self._asked_again]
        self.todo.extend(ports)
