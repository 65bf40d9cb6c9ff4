"""A virtual home on loopback: simulated devices with written truth about each of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from types import TracebackType

from iotscan.demo import devices as folder
from iotscan.demo.device import Device, Truth
from iotscan.demo.host import Host

NETWORK = IPv4Network("127.20.0.0/27")


@cache
def kinds() -> tuple[type[Device], ...]:
    """Every kind of device of the folder, by number. Raises ValueError when two share one."""
    found = sorted(_found(), key=lambda kind: kind.number)
    numbers = [kind.number for kind in found]
    twice = {number for number in numbers if numbers.count(number) > 1}
    if twice:
        raise ValueError(f"two simulated devices have the number {min(twice)}")
    return tuple(found)


def _found() -> Iterator[type[Device]]:
    for info in pkgutil.iter_modules(folder.__path__):
        yield from importlib.import_module(f"{folder.__name__}.{info.name}").DEVICES


class VirtualHome:
    """``async with VirtualHome() as home``: all devices answer until it is left.

    ``devices``: by address. ``network``: what to scan; another /27 of loopback lets two homes
    stand side by side. Entering raises DemoError, with what to do about it, where the addresses
    cannot be used.
    """

    def __init__(self, network: IPv4Network = NETWORK) -> None:
        self.network = network
        self.devices: Mapping[IPv4Address, Device] = {
            network.network_address + kind.number: kind() for kind in kinds()
        }
        self._hosts: list[Host] = []

    async def __aenter__(self) -> VirtualHome:
        try:
            for address, device in self.devices.items():
                host = Host(address)
                self._hosts.append(host)
                await device.start(host)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        for host in self._hosts:
            await host.close()
        self._hosts.clear()

    def expected(self) -> Mapping[IPv4Address, frozenset[Truth]]:
        """The written truth: every device a scan must find, and the findings it must make."""
        return {
            address: device.truth for address, device in self.devices.items() if not device.unseen
        }
