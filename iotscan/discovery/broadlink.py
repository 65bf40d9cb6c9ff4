"""Broadlink's remote controls, plugs and lamps, by the hello that their app broadcasts.

It carries the time, as the app's does, so it is called and never part of a probe's fixed opening.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from iotscan.discovery.calling import Call, Caller
from iotscan.probe_api import Attachment
from iotscan.protocols.makers import broadlink
from iotscan.protocols.makers.landevice import LanDevice


def _now() -> datetime:
    # The devices want the time of day, which no steady clock tells.
    return datetime.now().astimezone()  # noqa: TID251


@dataclass
class BroadlinkDiscoverer(Caller):
    """``now``: tells the time with its zone."""

    now: Callable[[], datetime] = _now
    name = "broadlink"
    port = broadlink.PORT
    hears = (("udp", broadlink.PORT),)

    def calls(self, interface: Attachment | None) -> Sequence[Call]:
        return ((broadlink.hello(self.now()), broadlink.PORT),)

    def device(self, data: bytes) -> LanDevice:
        return broadlink.read_hello(data)


DISCOVERER = BroadlinkDiscoverer()
