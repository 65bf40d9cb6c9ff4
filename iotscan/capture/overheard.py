"""A frame of a live link, taken apart by the very means that read captures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from iotscan.capture.internet import UDP, Fragments, parse
from iotscan.capture.links import parse as parse_link
from iotscan.model import Address
from iotscan.protocols.link.arp import mac_text

_ETHERNET = 1
# Protocol, sender (None without an IP address of its own), MAC, payload.
Overheard = tuple[str, Address | None, str, bytes]


@dataclass
class Dissector:
    """``hears``: ("udp", port) … → the protocol of an announcement reader, as for captures."""

    hears: Mapping[tuple[str, int], str]
    _fragments: Fragments = field(default_factory=Fragments)

    def __call__(self, frame: bytes) -> Overheard | None:
        """What a reader can be given of an Ethernet frame; None where none reads it."""
        link = parse_link(_ETHERNET, frame)
        if link is None or not link.kind:
            return None
        mac = mac_text(link.source)
        if protocol := self.hears.get(("ether", link.kind)):
            return protocol, None, mac, frame[link.offset :]
        packet = parse(link.kind, frame, link.offset, self._fragments)
        if packet is None:
            return None
        sender = ip_address(packet.source)
        source = None if sender.is_unspecified else sender
        if packet.protocol != UDP:
            protocol = self.hears.get(("ip", packet.protocol))
            return (protocol, source, mac, packet.payload) if protocol else None
        head = packet.payload
        for at in (2, 0):  # where it goes tells more than where it comes from
            port = int.from_bytes(head[at : at + 2], "big")
            if protocol := self.hears.get(("udp", port)):
                data = head[8 : int.from_bytes(head[4:6], "big") or len(head)]
                return protocol, source, mac, data
        return None
