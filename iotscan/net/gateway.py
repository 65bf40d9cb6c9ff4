"""The gateway: the one place through which every byte to a device leaves.

Order of every dial: scope, port rule, login budget, rate, dial, record. The first three refuse
before any system call, and what was said is recorded whatever comes of it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from iotscan.errors import Refused, TimedOut
from iotscan.model import Address, Endpoint, Impact, Service
from iotscan.net import guard
from iotscan.net.addresses import plain
from iotscan.net.conversation import Conversation
from iotscan.net.dial import connect_tcp
from iotscan.net.gatekeeper import Gatekeeper

# One lost packet must not read as a dead device.
_LIVENESS_TRIES = 2


class Gateway(Gatekeeper):
    """The gatekeeper with a door: conversations, a sign of life, and the guard's answer."""

    def conversation(
        self,
        service: Service,
        probe: str,
        *,
        id: str,
        began: float,
        impact: Impact | None = None,
    ) -> Conversation:
        """The Network for one probe's talk with one service; it keeps the record.

        ``began``: seconds since the scan began; ``impact`` may lower what the scope allows.
        """
        allowed = self.scope.impact if impact is None else min(impact, self.scope.impact)
        return Conversation(self, service, probe, id=id, began=began, impact=allowed)

    async def answers(self, endpoint: Endpoint) -> bool:
        """Whether the device still takes, or refuses, a connection there: connect and close.

        On loopback a refusal comes from this machine's own kernel and is no sign of life. A UDP
        endpoint is asked by TCP at the same port. Raises OutOfScope, Forbidden, and BudgetSpent
        when this machine has run out of ports: then nothing was learnt.
        """
        self.check(endpoint)
        target = Endpoint(endpoint.address, "tcp", endpoint.port)
        for _ in range(_LIVENESS_TRIES):
            async with self.place(target, self.rule(target)):
                try:
                    (await connect_tcp(target, self.limits.connect_timeout)).close()
                except Refused:
                    return not plain(target.address).is_loopback
                except TimedOut:
                    continue
            return True
        return False

    def watch(self) -> AbstractContextManager[guard.Watch]:
        """Inside this, nothing can dial past the gateway: see :mod:`iotscan.net.guard`."""
        return guard.watching(self.permits)

    def permits(self, address: Address, port: int) -> bool:
        """What the guard lets through: own relays, and dials of ``iotscan.net`` within scope."""
        if (address, port) in self.doors:
            return True
        return guard.is_ours() and self.scope.admits(address)
