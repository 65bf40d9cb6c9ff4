"""IP addresses: two that share their first so many bits still do, and no more.

What a range is for is kept: the private stay private, groups stay groups, link-local stays so, and
nobody else gets into such a range. To that end no bit is flipped above a range with a meaning, so
public addresses beside one keep the bits that they share with it (8.8.8.8 stays in 8.0.0.0/7, since
10.0.0.0/8 is near). The network part of private addresses is what everybody has, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# Ranges in which nobody is to be told apart: they stay as they are (RFC 6890).
SAME = tuple(
    map(
        ip_network,
        [
            "0.0.0.0/8",
            "127.0.0.0/8",
            "192.0.0.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/127",
            "ff00::/8",
        ],
    )
)
# Ranges that keep their meaning while the addresses in them are replaced.
KEPT = tuple(
    map(
        ip_network,
        [
            "10.0.0.0/8",
            "100.64.0.0/10",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "192.0.2.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "100::/64",
            "2001:db8::/32",
            "fc00::/8",
            "fd00::/8",
            "fe80::/64",
        ],
    )
)
# IPv6 addresses that hold an IPv4 one: the prefix, and where it stands (RFC 4291, 6052, 3056).
HOLDING: Mapping[IPv6Network, int] = {
    IPv6Network("::ffff:0:0/96"): 12,
    IPv6Network("64:ff9b::/96"): 12,
    IPv6Network("2002::/16"): 2,
}
# Teredo: the address of a server, and with all bits turned round that of a client (RFC 4380).
TEREDO = IPv6Network("2001::/32")
_TEREDO = TEREDO.network_address.packed[:4]
_SOLICITED = b"\xff\x02" + bytes(9) + b"\x01\xff"


def _fixed(ranges: Iterable[Network], version: int) -> frozenset[tuple[int, int]]:
    """(number of bits, those bits) of every prefix above a range: its next bit must stay."""
    found = set()
    for net in ranges:
        if net.version == version:
            bits = int(net.network_address) >> (net.max_prefixlen - net.prefixlen)
            found |= {(n, bits >> (net.prefixlen - n)) for n in range(net.prefixlen)}
    return frozenset(found)


_ALL: tuple[Network, ...] = (*SAME, *KEPT, *HOLDING, TEREDO)
_FIXED = {version: _fixed(_ALL, version) for version in (4, 6)}


# Addresses that are kept in mind, and those beyond them that came last.
MOST, _MOST_LAST = 262_144, 65_536


class Addresses:
    """Replaces addresses, as 4 or 16 bytes. ``known`` holds those that were replaced, the first
    ``MOST`` of them; ``full``: there were more.
    """

    def __init__(self, key: Key, macs: Macs) -> None:
        self._key, self._macs = key, macs
        self.known: dict[bytes, bytes] = {}
        self.full = False
        self._last: dict[bytes, bytes] = {}
        # Solicited-node groups hold the end of an address (RFC 4291 section 2.7.1).
        self._ends: dict[bytes, bytes] = {}

    def learn(self, raw: bytes) -> None:
        """Take down an address before a group that is made of it has to be replaced."""
        self(raw)

    def __call__(self, raw: bytes) -> bytes:
        """The replacement; the same bytes where the range says that nobody is meant."""
        found = self.known.get(raw) or self._last.get(raw)
        if found is None:
            found = self._replaced(raw)
            room = self.known
            if len(room) >= MOST:
                self.full, room = True, self._last
                if len(room) >= _MOST_LAST:
                    room.clear()
            room[raw] = found
            if len(raw) == 16 and raw[0] != 0xFF and len(self._ends) < MOST:
                self._ends.setdefault(raw[13:], found[13:])
        return found

    def end(self, last: bytes) -> bytes:
        """For the last three bytes of an address, as groups and their MACs hold them."""
        known = self._ends.get(last)
        return known if known is not None else self._key.digest("address end", last)[:3]

    def _replaced(self, raw: bytes) -> bytes:
        address: Address = IPv4Address(raw) if len(raw) == 4 else IPv6Address(raw)
        if raw.startswith(_SOLICITED):
            return raw[:13] + self.end(raw[13:])
        if any(address in net for net in SAME if net.version == address.version):
            return raw
        if len(raw) == 16 and raw[:4] == _TEREDO:
            client = _turned(self(_turned(raw[12:])))
            return raw[:4] + self(raw[4:8]) + raw[8:12] + client
        for prefix, at in HOLDING.items():
            if address.version == 6 and address in prefix:
                rest = self._key.permuted("rest", int.from_bytes(raw[6:], "big"), 80)
                inner = self(raw[at : at + 4])
                tail = rest.to_bytes(10, "big") if at == 2 else b""
                return raw[:at] + inner + tail
        found = self._flipped(int(address), address.version).to_bytes(len(raw), "big")
        if len(raw) == 16 and raw[11:13] == b"\xff\xfe":
            # EUI-64: the MAC in it is the same MAC elsewhere (RFC 4291, appendix A).
            return found[:8] + self._macs.identifier(raw[8:])
        return found

    def _flipped(self, value: int, version: int) -> int:
        bits = 32 if version == 4 else 128
        flips = self._key.flips(value, bits)
        fixed = _FIXED[version]
        for known in range(bits):
            if (known, value >> (bits - known)) in fixed:
                flips &= ~(1 << (bits - known - 1))
        return value ^ flips


def _turned(raw: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in raw)
