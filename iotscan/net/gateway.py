"""The gateway: the one place through which every byte to a device leaves.

Order of every dial: scope, port rule, login budget, rate, dial, record. The first three refuse
before any system call, and what was said is recorded whatever comes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager

from iotscan.errors import Forbidden, OutOfScope, Refused, TimedOut
from iotscan.model import Address, Endpoint, Impact, Scope, Service
from iotscan.net import guard
from iotscan.net.addresses import plain, zone_of
from iotscan.net.conversation import Conversation
from iotscan.net.dial import connect_tcp
from iotscan.net.limits import Clock, Governor, Sleep
from iotscan.net.logins import LoginBudget
from iotscan.net.port_rules import PortRule, rule_for
from iotscan.settings import Limits

# One lost packet must not read as a dead device.
_LIVENESS_TRIES = 2


class Gateway:
    """What all conversations of a scan share: scope, paces, login budget, passwords.

    ``clock``: any steady clock in seconds; ``sleep`` waits on the same time. ``vault``: passwords
    by login id, handed out only with a granted try. ``device_of`` tells which addresses are one
    device, so that its accounts are counted together.
    """

    def __init__(
        self,
        scope: Scope,
        limits: Limits,
        *,
        clock: Clock,
        vault: Mapping[str, bytes] | None = None,
        sleep: Sleep = asyncio.sleep,
        device_of: Callable[[Address], Hashable] = plain,
    ) -> None:
        self.scope = scope
        self.limits = limits
        self.clock = clock
        self.sleep = sleep
        self.vault: Mapping[str, bytes] = vault or {}
        self.governor = Governor(limits, clock, sleep)
        self.logins = LoginBudget(limits, clock, sleep, device_of)
        self.doors: set[tuple[Address, int]] = set()
        self._quiet_until: dict[Endpoint, float] = {}

    def check(self, endpoint: Endpoint) -> None:
        """Raises OutOfScope or Forbidden if the endpoint may not be touched at all."""
        if not self.scope.admits(endpoint.address):
            raise OutOfScope(f"{endpoint} is outside the scope: nothing was sent")
        zone = zone_of(endpoint.address)
        if zone and self.scope.interfaces and zone not in self.scope.interfaces:
            raise OutOfScope(f"{endpoint} is on {zone}, which is not among the interfaces chosen")
        if self.scope.impact < Impact.GREET:
            raise Forbidden("the impact allowed is to listen only: nothing is sent to any device")

    def rule(self, endpoint: Endpoint) -> PortRule:
        """The rule of the endpoint's port."""
        return rule_for(endpoint)

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

    @asynccontextmanager
    async def place(self, endpoint: Endpoint, rule: PortRule) -> AsyncIterator[None]:
        """One connection's place: within the rule's and the host's number, rate and gap."""
        slots = self.governor.slots
        if rule.connections:
            await slots.take(endpoint, rule.connections)
        try:
            wait = self._quiet_until.get(endpoint, 0.0) - self.clock() if rule.gap else 0.0
            if wait > 0.0:
                await self.sleep(wait)
            if endpoint.transport == "udp":
                yield  # takes no connection of the device; its datagrams are paced one by one
            else:
                async with self.governor.connection(endpoint.address):
                    yield
        finally:
            if rule.gap:
                self._quiet_until[endpoint] = self.clock() + rule.gap
            if rule.connections:
                slots.give(endpoint)
