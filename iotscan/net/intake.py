"""What comes in while discovery runs, by whichever socket, becomes packets, or is passed over.

Only what comes from inside the scope is kept, and of it no more than :mod:`iotscan.net.hearing`
has room for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from typing import Any

from iotscan.model import Address, Packet, Scope
from iotscan.net.hearing import Hearing
from iotscan.net.limits import Clock
from iotscan.net.reach import Reach
from iotscan.net.senders import Macs, sender_of, zoned
from iotscan.protocols.link.arp import Arp

# A frame taken apart: protocol, sender if it has an address, MAC, payload. None: nobody reads it.
Dissect = Callable[[bytes], tuple[str, Address | None, str, bytes] | None]


class Intake:
    """Takes what the sockets hear. ``on_packet`` is called with every packet kept, at once.

    ``questions``: datagrams that this machine sent to groups, which come back to itself.
    """

    def __init__(
        self,
        scope: Scope,
        reach: Reach,
        clock: Clock,
        on_packet: Callable[[Packet], None],
        dissect: Dissect,
    ) -> None:
        self._scope, self._reach, self._clock = scope, reach, clock
        self._on_packet, self._dissect = on_packet, dissect
        self._macs = Macs(clock)
        self._numbers = itertools.count(1)
        self._began = clock()
        self._covered = {one.name for one in reach.interfaces if reach.covers_all(one)}
        self.questions: set[bytes] = set()
        self.hearing = Hearing()

    def datagram(self, protocol: str, interface: str, data: bytes, sender: Any) -> None:
        """A datagram that came to a socket of ours."""
        source = sender_of(sender)
        if source is None or (source in self._reach.own and data in self.questions):
            return  # our own question, looped back
        self.keep(protocol, data, source, source, self._macs.of(source), interface)

    def arp(self, interface: str, message: Arp, data: bytes, mac: str) -> None:
        """An ARP message and the MAC of the frame that it came in."""
        if not message.sender.is_unspecified and message.sender not in self._reach.own:
            self.keep("arp", data, message.sender, None, mac, interface)

    def echo(self, interface: str, message: bytes, sender: Any) -> None:
        """An answer to an ICMPv6 echo of ours."""
        source = sender_of(sender)
        if source is not None and source not in self._reach.own:
            self.keep("echo", message, source, source, self._macs.of(source), interface)

    def frame(self, interface: str, frame: bytes) -> None:
        """A frame that was sent to everybody."""
        said = self._dissect(frame)
        if said is None or said[0] == "arp":  # which its own socket hears
            return
        protocol, sender, mac, data = said
        source = zoned(sender, interface) if sender is not None else None
        if source is None:
            if interface in self._covered:  # whose frame it is nobody knows yet
                self.keep(protocol, data, mac, None, mac, interface)
        elif source not in self._reach.own and self.speaks(source.version):
            self.keep(protocol, data, source, source, mac, interface)

    def speaks(self, version: int) -> bool:
        """Whether any address of this IP version is in scope."""
        return any(net.version == version for net in self._scope.allow)

    def keep(
        self,
        protocol: str,
        data: bytes,
        about: Hashable,
        source: Address | None,
        mac: str | None,
        interface: str,
    ) -> None:
        """``about``: whose packet it is, an address that must be in scope, or a MAC."""
        if isinstance(about, Address) and not self._scope.admits(about):
            self.hearing.outside += 1
        elif self.hearing.room_for(about, protocol, data):
            at = round(self._clock() - self._began, 6)
            packet = Packet(f"p{next(self._numbers)}", at, protocol, data, source, mac, interface)
            self.hearing.packets.append(packet)
            self._on_packet(packet)
