"""Datagrams and announcements whose form is known: which module replaces them where they stand."""

from __future__ import annotations

from collections.abc import Collection

from iotscan.anonymise import leases, names, neighbours
from iotscan.anonymise.book import Book

_DNS, _NETBIOS, _DHCP, _DHCPV6 = {53, 5353, 5355}, {137}, {67, 68}, {546, 547}
_ARP, _ICMPV6 = ("ether", 0x0806), ("ip", 58)


def known(ports: Collection[int]) -> bool:
    """Whether a datagram between these ports has a form of its own."""
    return any(form & set(ports) for form in (_DNS, _NETBIOS, _DHCP, _DHCPV6))


def replaced(ports: Collection[int], data: bytes, book: Book) -> bytes | None:
    """Such a datagram, replaced; None where it is not what its port says."""
    if _DNS & set(ports):
        return names.dns(data, book)
    if _NETBIOS & set(ports):
        return names.netbios(data, book)
    if _DHCP & set(ports):
        return leases.dhcp(data, book)
    return leases.dhcpv6(data, book) if _DHCPV6 & set(ports) else None


def heard(layer: tuple[str, int], data: bytes, book: Book) -> bytes | None:
    """An announcement, by where it is heard ("udp", port …); None where that has no form here."""
    if layer == _ARP:
        return neighbours.arp(data, book)
    if layer == _ICMPV6:
        return neighbours.icmpv6(data, book)
    return replaced((layer[1],), data, book) if layer[0] == "udp" else None
