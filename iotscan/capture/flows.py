"""What flows have in common: parts, what may be held in memory, and which frames need no look.

A part ends when its connection ends, when one side has said ``BULK`` bytes without a word from the
other (the rest of that run is skipped: it is a film or a firmware, and its head told what it is),
or when it has grown to ``LONGEST``. What follows on the same connection is a part of its own. So
memory per flow is bounded, a long-lived connection is read to its end, and every part begins with
the side that broke the silence. A flow that nobody could read is not looked at any longer.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from iotscan.model import Ending, Sender

BULK = 65_536
LONGEST = 262_144
MOST_TURNS = 4096
# What Python needs for a segment beside its bytes.
OVERHEAD = 160
# Bytes that all flows together may hold back.
MOST_HELD = 64 << 20
_SYSTEM_PORTS, _EPHEMERAL_PORTS = 1024, 32_768

Said = tuple[Sender, float, bytes, int]


@dataclass(slots=True)
class Part:
    """A stretch of one flow, complete: what both sides said, in order, with frame numbers.

    ``missing``: a segment was lost in the capture, so bytes may be absent between turns. ``cut``:
    numbers in ``said`` behind which bytes of that side are; ``unheard``: sides whose first are.
    ``began``: whether the connection's first packet is in it (else it starts mid-stream);
    ``opened``: whether an opening was seen that tells who is the client; ``accepted``: whether the
    server's answer to one was.
    """

    client: bytes
    client_port: int
    server: bytes
    server_port: int
    transport: int
    said: list[Said] = field(default_factory=list)
    ending: Ending = Ending.CLOSED
    missing: bool = False
    cut: set[int] = field(default_factory=set)
    unheard: set[Sender] = field(default_factory=set)
    began: bool = False
    opened: bool = False
    accepted: bool = False

    def next(self) -> Part:
        """An empty part of the same flow, for what follows."""
        ends = self.client, self.client_port, self.server, self.server_port
        return Part(*ends, self.transport, opened=self.opened, accepted=self.accepted)


# Takes a finished part; False when nobody could read it.
Emit = Callable[[Part], bool]


@dataclass(slots=True)
class Held:
    """How many bytes all flows together hold back before they are read."""

    size: int = 0

    @property
    def full(self) -> bool:
        return self.size > MOST_HELD


# Directions of known flows, as source + destination + ports stand in a packet. A frame of a
# direction that is quiet needs no look; of another, only if it has payload.
Directions = dict[bytes, bool]


def reverse(direction: bytes) -> bytes:
    """The other direction of the same flow."""
    size = (len(direction) - 4) // 2
    source, destination = direction[:size], direction[size:-4]
    return destination + source + direction[-2:] + direction[-4:-2]


def ends(direction: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Source, destination and their ports."""
    size = (len(direction) - 4) // 2
    return direction[:size], direction[size:-4], direction[-4:-2], direction[-2:]


def part_of(asking: bytes, transport: int) -> Part:
    """The first part of a flow. ``asking``: its direction from client to server."""
    client, server, cport, sport = ends(asking)
    ports = int.from_bytes(cport, "big"), int.from_bytes(sport, "big")
    return Part(client, ports[0], server, ports[1], transport)


@dataclass(frozen=True, slots=True)
class Asks:
    """Tells whether a sender seen first without an opening is the client, by its port: the last
    resort. Servers use ports that are usual for a protocol, or system ports (RFC 6335), clients
    ephemeral ones; else whoever speaks first asks.
    """

    usual: Set[int]

    def __call__(self, head: bytes) -> bool:
        """``head``: of TCP or UDP, which both begin with source and destination port."""
        source, destination = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:4], "big")
        if (source in self.usual) != (destination in self.usual):
            return destination in self.usual
        if (source < _SYSTEM_PORTS) != (destination < _SYSTEM_PORTS):
            return destination < _SYSTEM_PORTS
        if (source >= _EPHEMERAL_PORTS) != (destination >= _EPHEMERAL_PORTS):
            return source >= _EPHEMERAL_PORTS
        return True
