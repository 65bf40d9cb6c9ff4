"""What decides whether a byte may leave: scope, port rules, login budget, rates.

The gateway hands it to every conversation; both refuse through it before any system call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager

from iotscan.errors import Forbidden, OutOfScope
from iotscan.model import Address, Endpoint, Impact, Scope
from iotscan.net.addresses import plain, zone_of
from iotscan.net.limits import Clock, Governor, Sleep
from iotscan.net.logins import LoginBudget
from iotscan.net.port_rules import PortRule, rule_for
from iotscan.net.waiting import Attention
from iotscan.settings import Limits


class Gatekeeper:
    """What all conversations of a scan share: scope, paces, login budget, passwords.

    ``clock``: any steady clock in seconds; ``sleep`` waits on the same time. ``vault``: passwords
    by login id, handed out only with a granted try. ``device_of`` tells which addresses are one
    device, so that its accounts are counted together. ``attention``: what of the time is not the
    devices'; whoever runs a scan has it watched.
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
        self.attention = Attention()
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
