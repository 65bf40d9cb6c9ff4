"""How often a login may be tried: per account, per service, and never after a sign of lock-out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from iotscan.errors import BudgetSpent, LockedOut
from iotscan.model import Address, Endpoint, Outcome
from iotscan.net.addresses import plain
from iotscan.net.limits import Clock, Sleep
from iotscan.probe_api import Login
from iotscan.settings import Limits

# A random pair proves what one proves; a second would only be one more failed login.
_CONTROLS_PER_SERVICE = 1


@dataclass(slots=True)
class _Service:
    tried: int = 0
    controls: int = 0
    accepted: bool = False
    failed_last: bool = False


@dataclass(slots=True)
class LoginBudget:
    """Counts logins and refuses those that could lock an account or an address.

    Accounts are counted by (device, realm, user name), so that telnet, ssh and ftp of one device
    share their tries; all accounts of one realm on one device (the web pages and the streams of a
    camera) share ``logins_per_device``. ``device_of`` says which addresses are one device (a key
    each); without it every address is one. Vendors lock the client's address for all services of a
    device, hence a lock-out seen on one service ends the tries on all of them.
    """

    limits: Limits
    clock: Clock
    sleep: Sleep = asyncio.sleep
    device_of: Callable[[Address], Hashable] = plain
    _services: dict[Endpoint, _Service] = field(init=False, default_factory=dict)
    _accounts: dict[tuple[Hashable, str, str], int] = field(init=False, default_factory=dict)
    _kinds: dict[tuple[Hashable, str], int] = field(init=False, default_factory=dict)
    _locked: dict[Hashable, str] = field(init=False, default_factory=dict)
    _next: dict[Hashable, float] = field(init=False, default_factory=dict)

    async def take(self, endpoint: Endpoint, login: Login) -> None:
        """Count one try and wait for its turn.

        Raises LockedOut after a sign of lock-out, BudgetSpent when the tries for the account or
        the service are used up, or after a success. Nothing is counted when it raises, except a
        lock-out that showed while waiting.
        """
        device = self.device_of(endpoint.address)
        self._check_lock(device)
        service = self._services.setdefault(endpoint, _Service())
        if login.control:
            self._take_control(service, endpoint)
        else:
            self._take_try(service, endpoint, (device, login.realm, login.username))
        await self._pace(device)
        self._check_lock(device)
        if service.accepted and not login.control:
            raise BudgetSpent(f"a login already worked at {endpoint}: no further one is tried")

    def told(self, endpoint: Endpoint, login: Login, outcome: Outcome) -> None:
        """Remember how the device answered."""
        service = self._services.setdefault(endpoint, _Service())
        service.failed_last = outcome is not Outcome.ACCEPTED
        if outcome is Outcome.LOCKED:
            self.lock(endpoint, f"the device answered login {login.id} with a sign of lock-out")
        elif outcome is Outcome.ACCEPTED and not login.control:
            service.accepted = True

    def lock(self, endpoint: Endpoint, why: str) -> LockedOut:
        """No login is tried on this device from now on; the error to raise where that shows."""
        self._locked.setdefault(self.device_of(endpoint.address), why)
        return LockedOut(why)

    def reached(self, endpoint: Endpoint) -> None:
        """The endpoint took a connection: what comes later no longer follows that login."""
        if endpoint in self._services:
            self._services[endpoint].failed_last = False

    def failed_last(self, endpoint: Endpoint) -> bool:
        """Whether the last login at the endpoint failed: silence now is a sign of lock-out."""
        service = self._services.get(endpoint)
        return service is not None and service.failed_last

    def _check_lock(self, device: Hashable) -> None:
        if device in self._locked:
            raise LockedOut(f"{self._locked[device]}; no further login is tried on this device")

    def _take_control(self, service: _Service, endpoint: Endpoint) -> None:
        if service.controls >= _CONTROLS_PER_SERVICE:
            raise BudgetSpent(f"the control login at {endpoint} was already tried")
        service.controls += 1

    def _take_try(
        self, service: _Service, endpoint: Endpoint, account: tuple[Hashable, str, str]
    ) -> None:
        if service.accepted:
            raise BudgetSpent(f"a login already worked at {endpoint}: no further one is tried")
        if service.tried >= self.limits.logins_per_service:
            raise BudgetSpent(f"{service.tried} logins were tried at {endpoint}, as many as may be")
        kind = account[:2]
        if self._kinds.get(kind, 0) >= self.limits.logins_per_device:
            raise BudgetSpent(
                f"{self._kinds[kind]} logins of this kind were tried on {endpoint.address},"
                " as many as a device is given"
            )
        tried = self._accounts.get(account, 0)
        if tried >= self.limits.logins_per_account:
            raise BudgetSpent(
                f"{tried} logins were tried for one account at {endpoint.address},"
                " as many as may be"
            )
        service.tried += 1
        self._accounts[account] = tried + 1
        self._kinds[kind] = self._kinds.get(kind, 0) + 1

    async def _pace(self, device: Hashable) -> None:
        now = self.clock()
        turn = max(now, self._next.get(device, now))
        self._next[device] = turn + self.limits.login_pause
        if turn > now:
            await self.sleep(turn - now)
