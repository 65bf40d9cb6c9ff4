"""Makes frames from what was said: Ethernet with IPv4 or IPv6 and TCP or UDP, checksums right.

For recordings that are to be opened in other tools, and for captures made in tests. MACs are made
up from addresses, as locally administered ones, so that none is taken for a real device's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from iotscan.model import Address, Endpoint

FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
_TCP, _UDP = 6, 17
_TTL = 64
MAXIMUM_SEGMENT = 1400


def mac_of(address: Address) -> bytes:
    """A MAC for an address: that of the group for multicast, else a made-up one."""
    packed = address.packed
    if address.is_multicast and address.version == 4:
        return b"\x01\x00\x5e" + bytes([packed[1] & 0x7F]) + packed[2:]
    if address.is_multicast:
        return b"\x33\x33" + packed[-4:]
    if str(address) == "255.255.255.255":
        return b"\xff" * 6
    return (b"\x02\x04" if address.version == 4 else b"\x02\x06") + packed[-4:]


def udp_frame(source: Endpoint, destination: Endpoint, data: bytes) -> bytes:
    """One datagram in an Ethernet frame."""
    head = struct.pack("!HHHH", source.port, destination.port, 8 + len(data), 0)
    return ip_frame(source.address, destination.address, _UDP, head + data, checksum_at=6)


def ip_frame(
    source: Address,
    destination: Address,
    protocol: int,
    payload: bytes,
    checksum_at: int = -1,
) -> bytes:
    """An IP packet in an Ethernet frame. ``checksum_at``: where in it the checksum goes."""
    if checksum_at >= 0:
        pseudo = (
            source.packed + destination.packed + struct.pack("!IHBB", len(payload), 0, 0, protocol)
        )
        value = checksum(pseudo + payload) or 0xFFFF
        payload = payload[:checksum_at] + value.to_bytes(2, "big") + payload[checksum_at + 2 :]
    if source.version == 4:
        kind, head = b"\x08\x00", _ipv4(source, destination, protocol, len(payload))
    else:
        kind = b"\x86\xdd"
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, _TTL)
        head += source.packed + destination.packed
    return mac_of(destination) + mac_of(source) + kind + head + payload


@dataclass
class Connection:
    """A TCP connection whose segments are made one after the other."""

    client: Endpoint
    server: Endpoint
    _sent: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 5000})

    def opened(self) -> list[bytes]:
        """The three segments of the handshake."""
        return [self.segment(True, SYN), self.segment(False, SYN | ACK), self.segment(True, ACK)]

    def said(self, from_client: bool, data: bytes) -> list[bytes]:
        """The segments that carry ``data``."""
        return [
            self.segment(from_client, PUSH | ACK, data[at : at + MAXIMUM_SEGMENT])
            for at in range(0, len(data), MAXIMUM_SEGMENT)
        ]

    def closed(self) -> list[bytes]:
        return [
            self.segment(True, FIN | ACK),
            self.segment(False, FIN | ACK),
            self.segment(True, ACK),
        ]

    def segment(self, from_client: bool, flags: int, data: bytes = b"") -> bytes:
        """One segment in an Ethernet frame; the sequence numbers go on from the last one."""
        source, destination = (
            (self.client, self.server) if from_client else (self.server, self.client)
        )
        known = self._sent[not from_client] if flags & ACK else 0
        head = struct.pack(
            "!HHIIBBHHH",
            source.port,
            destination.port,
            self._sent[from_client] % (1 << 32),
            known % (1 << 32),
            0x50,
            flags,
            0xFFFF,
            0,
            0,
        )
        self._sent[from_client] += len(data) + bool(flags & (SYN | FIN))
        payload = head + data
        return ip_frame(source.address, destination.address, _TCP, payload, checksum_at=16)


def _ipv4(source: Address, destination: Address, protocol: int, length: int) -> bytes:
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        20 + length,
        0,
        0x4000,
        _TTL,
        protocol,
        0,
        source.packed,
        destination.packed,
    )
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:]


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
