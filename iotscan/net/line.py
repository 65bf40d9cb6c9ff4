"""What a stream, a datagram exchange or a relay needs of its conversation: one line to a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from iotscan.errors import BudgetSpent, Forbidden, NetworkError, OutOfTime, TimedOut
from iotscan.model import Endpoint
from iotscan.net.limits import Governor
from iotscan.net.port_rules import PortRule
from iotscan.net.record import OpenChannel, Record
from iotscan.settings import Limits


@dataclass(slots=True)
class Line:
    """One channel's paces, bounds and record.

    ``left``: seconds the conversation still has; raises OutOfTime when it has none.
    ``may_speak``: whether the port's rule lets this probe write here. ``channel`` is there once the
    line has its place in the limits.
    """

    endpoint: Endpoint
    record: Record
    governor: Governor
    limits: Limits
    rule: PortRule
    left: Callable[[], float]
    may_speak: bool = True
    password: bytes | None = field(default=None, repr=False)
    requests: int = 0
    channel: OpenChannel = field(init=False)
    _closers: list[Callable[[], None]] = field(init=False, default_factory=list)

    @property
    def secret(self) -> bytes:
        """The password of the login the line was opened for. Raises LookupError if for none."""
        if self.password is None:
            raise LookupError("this connection was not opened for a login")
        return self.password

    def on_close(self, closer: Callable[[], None]) -> None:
        self._closers.append(closer)

    def close(self) -> None:
        """Close what the line opened, the last first."""
        while self._closers:
            self._closers.pop()()

    def patience(self, longest: float | None = None) -> float:
        """Seconds to wait for the device: what is asked for, within the settings' bounds."""
        setting = self.limits.read_timeout
        return min(setting if longest is None else min(longest, setting), self.left())

    def late(self, otherwise: NetworkError | None = None) -> NetworkError:
        """What to raise when the device took too long: the conversation's end, if that came."""
        try:
            self.left()
        except OutOfTime as over:
            return over
        return otherwise or TimedOut("read")

    def must_speak(self) -> None:
        """Raises Forbidden where the port's rule forbids a single byte."""
        if not self.may_speak:
            raise Forbidden(f"nothing is sent to {self.endpoint}: {self.rule.reason}")

    async def before_sending(self, size: int) -> None:
        """Wait for the rate; raises Forbidden or BudgetSpent when the bytes may not go."""
        self.must_speak()
        if self.rule.requests and self.requests >= self.rule.requests:
            raise BudgetSpent(
                f"{self.rule.requests} request(s) per connection at {self.endpoint}:"
                f" {self.rule.reason}"
            )
        if self.record.room(size) < size:
            raise BudgetSpent("the conversation has used up its bytes")
        self.requests += 1
        await self.governor.packet(self.endpoint.address)
