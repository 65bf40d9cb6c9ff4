"""What a MUD file allows a device: the nouns. RFC 8520, with the access lists of RFC 8519."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

# RFC 8520 section 8.3.1: the network's own name servers and clocks.
DNS_CLASS, NTP_CLASS = "urn:ietf:params:mud:dns", "urn:ietf:params:mud:ntp"
DNS, NTP = 53, 123
PROTOCOLS = {"tcp": 6, "udp": 17}

Side = Literal["device", "other"]
# Three answers: what the file says, or that it takes knowledge which nobody has.
Answer = bool | None


@dataclass(frozen=True, slots=True)
class Party:
    """The other side of what a device says, as far as it is known. ``names``: what the device
    calls it; ``local``: it is in the same network as the device.
    """

    address: IPv4Address | IPv6Address
    names: tuple[str, ...] = ()
    local: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an access list: traffic between the device and others that is accepted.

    ``network``, ``name``, ``local`` and ``classes`` say which others; without any of them, all.
    ``classes``: controllers, makers and models, by their names. ``ports`` and ``own_ports``: those
    of the other side and of the device, first and last, None for any. ``began``: which side has to
    open a TCP connection, None for either.
    """

    version: int = 0
    transport: str = ""
    network: IPv4Network | IPv6Network | None = None
    name: str = ""
    local: bool = False
    classes: tuple[str, ...] = ()
    ports: tuple[int, int] | None = None
    own_ports: tuple[int, int] | None = None
    began: Side | None = None

    def admits(self, other: Party, transport: str, port: int, began: Side) -> Answer:
        """Whether it accepts a connection to ``port`` of whoever did not begin. None where only a
        network that enforces the file could tell.
        """
        server_ports, client_ports = (
            (self.ports, self.own_ports) if began == "device" else (self.own_ports, self.ports)
        )
        if self.transport not in ("", transport) or self.began not in (None, began):
            return False
        if self.version not in (0, other.address.version):
            return False
        if server_ports is None and client_ports is not None:
            return False  # written for connections the other way round
        if server_ports is not None and not server_ports[0] <= port <= server_ports[1]:
            return False
        return self.means(other, port)

    def means(self, other: Party, port: int = 0) -> Answer:
        """Whether the other side is one of those that the entry is for."""
        if self.local:
            return other.local
        if self.network is not None:
            return other.address in self.network
        if self.name:
            if self.name in other.names:
                return True
            # Without a look-up in the capture nobody knows whose address it was.
            return False if other.names or other.local else None
        if self.classes:
            known = {DNS: DNS_CLASS, NTP: NTP_CLASS}.get(port)
            if known in self.classes and other.local:
                return True
            return None if other.local and set(self.classes) - {DNS_CLASS, NTP_CLASS} else False
        return True


@dataclass(frozen=True, slots=True)
class Profile:
    """A MUD file. ``updated``: ISO 8601; ``outbound`` and ``inbound``: what the device may send,
    and what may be sent to it.
    """

    url: str
    updated: str
    about: str = ""
    outbound: tuple[Entry, ...] = ()
    inbound: tuple[Entry, ...] = ()

    def admits(self, other: Party, transport: str, port: int, began: Side) -> Answer:
        """Whether the device may have a connection to ``port`` of whoever did not begin.

        Local name servers and clocks are allowed to every device (RFC 8520 section 8).
        """
        if began == "device" and other.local and port in (DNS, NTP):
            return True
        entries = self.outbound if began == "device" else self.inbound
        return _any(entry.admits(other, transport, port, began) for entry in entries)

    def names(self, other: Party) -> Answer:
        """Whether the device may speak to the other side at all, by whatever port."""
        return _any(entry.means(other) for entry in self.outbound)


def _any(answers: Iterable[Answer]) -> Answer:
    """True if one is, None if one may be."""
    found = set(answers)
    return True if True in found else None if None in found else False
