"""ARP for IPv4 over Ethernet: the 28 bytes behind the Ethernet header, and frames. RFC 826."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from iotscan.errors import Malformed

REQUEST, REPLY = 1, 2
ETHERTYPE = 0x0806
BROADCAST = "ff:ff:ff:ff:ff:ff"
UNKNOWN = "00:00:00:00:00:00"

_MESSAGE = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET = struct.Struct("!6s6sH")
_VLAN_TAGS = (0x8100, 0x88A8)
# Ethernet hardware, IPv4, six-byte and four-byte addresses.
_HEAD = (1, 0x0800, 6, 4)


@dataclass(frozen=True, slots=True)
class Arp:
    """One message. MACs are lower case with colons; ``operation`` is REQUEST or REPLY."""

    operation: int
    sender_mac: str
    sender: IPv4Address
    target_mac: str
    target: IPv4Address

    def encode(self) -> bytes:
        """The 28 bytes of the message."""
        return _MESSAGE.pack(
            *_HEAD,
            self.operation,
            mac_bytes(self.sender_mac),
            self.sender.packed,
            mac_bytes(self.target_mac),
            self.target.packed,
        )


def parse(data: bytes) -> Arp:
    """The message at the start of ``data`` (padding may follow). Raises Malformed."""
    if len(data) < _MESSAGE.size:
        raise Malformed("an ARP message has 28 bytes")
    *head, operation, sender_mac, sender, target_mac, target = _MESSAGE.unpack_from(data)
    if tuple(head) != _HEAD:
        raise Malformed("not ARP for IPv4 over Ethernet")
    if operation not in (REQUEST, REPLY):
        raise Malformed(f"ARP operation {operation} is neither a request nor a reply")
    return Arp(
        operation,
        mac_text(sender_mac),
        IPv4Address(sender),
        mac_text(target_mac),
        IPv4Address(target),
    )


def ask_frame(mac: str, sender: IPv4Address, target: IPv4Address) -> bytes:
    """A whole Ethernet frame that asks everybody for the MAC of ``target``."""
    ethernet = _ETHERNET.pack(mac_bytes(BROADCAST), mac_bytes(mac), ETHERTYPE)
    return ethernet + Arp(REQUEST, mac, sender, UNKNOWN, target).encode()


def message_in(frame: bytes) -> bytes:
    """The ARP message of an Ethernet frame, behind up to two VLAN tags. Raises Malformed."""
    at = 12
    for _ in range(3):
        kind = int.from_bytes(frame[at : at + 2], "big")
        if kind == ETHERTYPE:
            return frame[at + 2 : at + 2 + _MESSAGE.size]
        if kind not in _VLAN_TAGS:
            break
        at += 4
    raise Malformed("the frame carries no ARP")


def mac_bytes(mac: str) -> bytes:
    """The six bytes of a MAC written with colons or dashes. Raises Malformed."""
    try:
        raw = bytes.fromhex(mac.replace(":", "").replace("-", ""))
    except ValueError:
        raw = b""
    if len(raw) != 6:
        raise Malformed(f"{mac!r} is not a MAC")
    return raw


def mac_text(raw: bytes) -> str:
    """A MAC as this project writes it: lower case with colons."""
    return raw.hex(":")
