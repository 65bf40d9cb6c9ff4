"""MAC addresses, one to one. Who made the device stays or goes, as wanted; whether an address is a
group's, and whether it was made up by its device, stays in any case.
"""

from __future__ import annotations

from collections.abc import Callable

from iotscan.anonymise.keyed import Key

_NOBODY = (bytes(6), b"\xff" * 6)
_GROUP, _LOCAL = 1, 2


# MACs that are kept in mind: more stations than a switch can learn.
MOST = 65_536


class Macs:
    """Replaces MACs, as 6 bytes. ``registered``: whether one (as text) is of a known maker, so that
    none that is made up looks like his. ``known`` holds those that were replaced, the first
    ``MOST`` of them; ``full``: there were more.
    """

    def __init__(
        self, key: Key, *, keep_vendor: bool, registered: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._key, self._keep, self._registered = key, keep_vendor, registered
        self.known: dict[bytes, bytes] = {}
        self.full = False

    def __call__(self, mac: bytes) -> bytes:
        """The replacement; groups, and nobody's address, stay."""
        if mac in _NOBODY or mac[0] & _GROUP:
            return mac
        found = self.known.get(mac)
        if found is None:
            found = self._replaced(mac)
            if len(self.known) < MOST:
                self.known[mac] = found
            else:
                self.full = True
        return found

    def identifier(self, raw: bytes) -> bytes:
        """A modified EUI-64 of 8 bytes, by the MAC in it."""
        mac = self(bytes([raw[0] ^ _LOCAL]) + raw[1:3] + raw[5:])
        return bytes([mac[0] ^ _LOCAL]) + mac[1:3] + raw[3:5] + mac[3:]

    def _replaced(self, mac: bytes) -> bytes:
        if self._keep and not mac[0] & _LOCAL:
            maker = mac[:3]
            own = self._key.permuted(maker.hex(), int.from_bytes(mac[3:], "big"), 24)
            return maker + own.to_bytes(3, "big")
        value = int.from_bytes(mac, "big")
        number = (value >> 42) << 40 | value & ((1 << 40) - 1)
        while True:
            number = self._key.permuted("mac", number, 46)
            first = (number >> 40) << 2 | mac[0] & (_GROUP | _LOCAL)
            found = bytes([first]) + (number & ((1 << 40) - 1)).to_bytes(5, "big")
            if not self._registered(found.hex(":")):
                return found
