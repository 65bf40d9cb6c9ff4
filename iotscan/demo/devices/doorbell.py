"""Two more logins: one that is for show, one that locks its account after five failures."""

from __future__ import annotations

from collections import Counter

from iotscan.demo.device import about
from iotscan.demo.host import Host
from iotscan.demo.terminal import Guard

LOCK_AFTER = 5


class Doorbell:
    name = "doorbell"
    number = 15
    what = "A doorbell that asks for a login and takes any."
    truth = about(2323, "telnet-exposed", "login-not-checked")
    unseen = ""

    async def start(self, host: Host) -> None:
        guard = Guard("\nDoorbell\n", "bell", lambda name, password: True)
        await host.tcp(2323, guard.served())


class Gateway:
    name = "heating gateway"
    number = 16
    what = (
        "A gateway that locks an account after five wrong passwords. A scan must not get that far, "
        "or its owner stands outside."
    )
    truth = about(2323, "telnet-exposed")
    unseen = ""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()

    @property
    def locked(self) -> bool:
        return any(count >= LOCK_AFTER for count in self.failures.values())

    async def start(self, host: Host) -> None:
        guard = Guard("\nHeating gateway\n", "gateway", self._accepts)
        await host.tcp(2323, guard.served())

    def _accepts(self, name: str, password: str) -> bool:
        self.failures[name] += 1
        return False


DEVICES = (Doorbell, Gateway)
