"""What a simulated device is: a name, plain words, an address, servers, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol, runtime_checkable

from iotscan.demo.host import Host
from iotscan.model import Transport


@dataclass(frozen=True, slots=True, order=True)
class Truth:
    """A finding that a scan must make: the rule's id, and the port it is about (0: the device)."""

    rule: str
    port: int = 0
    transport: Transport = "tcp"


@runtime_checkable
class Device(Protocol):
    """A kind of device: a class in a file of ``iotscan/demo/devices/`` that ends in ``DEVICES``.

    ``number``: the last part of its address. ``what``: plain words for the documentation.
    ``truth``: every finding a scan must make of it, and no other. ``unseen``: why a scan cannot
    even notice that it is there; empty for one that it must find.
    """

    name: str
    number: int
    what: str
    truth: frozenset[Truth]
    unseen: str

    async def start(self, host: Host) -> None:
        """Open its ports. Raises DemoError."""
        ...


def neighbour(host: Host, number: int) -> IPv4Address:
    """The address of another device in the same home."""
    return IPv4Address(int(host.address) & ~0xFF | number)


def about(port: int, *rules: str, transport: Transport = "tcp") -> frozenset[Truth]:
    """Several rules that hold for one port."""
    return frozenset(Truth(rule, port, transport) for rule in rules)


def as_whole(*rules: str) -> frozenset[Truth]:
    """Rules that hold for the device, not for one of its ports."""
    return frozenset(Truth(rule) for rule in rules)
