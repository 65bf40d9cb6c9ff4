"""Tuya devices: what they broadcast every few seconds, and a search that the newest wait for.

They broadcast to two ports by their version; those of version 3.5 do so to a third once an app has
told them by a broadcast where it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import tuya
from iotscan.protocols.makers.landevice import LanDevice


@dataclass
class TuyaDiscoverer(Caller):
    """``random``: so many bytes that nobody can guess."""

    random: Callable[[int], bytes] = os.urandom
    name = "tuya"
    port = tuya.CONTROL_PORT
    transport = "tcp"
    hears = (("udp", tuya.PORT), ("udp", tuya.CLEAR_PORT), ("udp", tuya.SEARCH_PORT))
    answers = (tuya.CLEAR_PORT, tuya.PORT, tuya.SEARCH_PORT)

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        """A search for each address of ours there; devices beyond a router answer none."""
        return tuple(
            (tuya.search(str(address), self.random(tuya.NONCE)), tuya.SEARCH_PORT)
            for address in (interface.addresses if interface is not None else ())
            if address.version == 4
        )

    def device(self, data: bytes) -> LanDevice:
        return tuya.read_announcement(data)


DISCOVERER = TuyaDiscoverer()
