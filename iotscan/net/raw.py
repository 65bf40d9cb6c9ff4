"""Raw Ethernet frames: the only place. An ARP sweep on Linux packet sockets, packet(7).

The frames are built once before the first is sent, and answers are read by the event loop, so a
sweep of a /24 takes as long as the allowed packet rate needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Interface

from iotscan.errors import Malformed
from iotscan.net.packetsocket import Heard, open_packet_socket
from iotscan.probe_api import Attachment
from iotscan.protocols.link import arp

Hear = Callable[[arp.Arp, bytes, str], None]
Pace = Callable[[IPv4Address], Awaitable[None]]

# Wi-Fi stations asleep answer at the next beacons; after this, those that are awake have answered.
_LAST_ANSWERS = 0.1
_AT_ONE_WAKE = 256
_FRAME = 2048
# The transmit queue of a network card drains at once; this is for the rare full one.
_QUEUE_FULL, _QUEUE_TRIES = 0.001, 200


class Frames(Heard):
    """A packet socket on one interface that speaks ARP and hears it until it is closed.

    ``hear`` is called with (message, its 28 bytes, MAC in the Ethernet header) for all ARP that
    the interface receives.
    """

    def __init__(self, interface: Attachment, hear: Hear) -> None:
        """Raises PermissionError without the privilege, OSError where there are no such sockets."""
        if interface.mac is None:
            raise OSError(f"{interface.name} is no Ethernet")
        self.interface, self._mac, self._hear = interface, interface.mac, hear
        self._asked: set[IPv4Address] = set()
        self._answered: set[IPv4Address] = set()
        self._socket = open_packet_socket(socket.htons(arp.ETHERTYPE))
        try:
            self._socket.bind((interface.name, arp.ETHERTYPE))
        except BaseException:
            self._socket.close()
            raise

    async def sweep(self, addresses: Sequence[IPv4Address], pace: Pace) -> None:
        """Ask for each address, and once more for those that did not answer.

        ``pace`` is awaited before each frame. Raises OSError when the interface goes away.
        """
        senders = [
            (IPv4Interface((own, prefix)).network, own)
            for own, prefix in zip(self.interface.addresses, self.interface.prefixes, strict=True)
            if isinstance(own, IPv4Address)
        ]
        frames = {
            address: arp.ask_frame(self._mac, own, address)
            for address in addresses
            for network, own in senders
            if address in network and address != own
        }
        self._asked |= frames.keys()
        for _ in range(2):
            for address, frame in frames.items():
                if address not in self._answered:
                    await pace(address)
                    await self._send(frame)
            await asyncio.sleep(_LAST_ANSWERS)
            if self._answered.issuperset(frames):
                return

    async def _send(self, frame: bytes) -> None:
        for _ in range(_QUEUE_TRIES):
            try:
                self._socket.send(frame)
                return
            except BlockingIOError:
                await asyncio.sleep(_QUEUE_FULL)
        raise OSError(f"{self.interface.name} takes no more frames")

    def _readable(self) -> None:
        for _ in range(_AT_ONE_WAKE):
            try:
                frame = self._socket.recv(_FRAME)
            except OSError:
                return  # nothing more for now, or the interface is going away
            with contextlib.suppress(Malformed):
                data = arp.message_in(frame)
                message = arp.parse(data)
                if message.sender in self._asked:
                    self._answered.add(message.sender)
                self._hear(message, data, arp.mac_text(frame[6:12]))
