"""What flows have in common: parts, what may be held in memory, and which frames need no look.

A part ends when its connection ends, when one side has said ``BULK`` bytes without a word from the
other (the rest of that run is skipped: it is a film or a firmware, and its head told what it is),
or when it has grown to ``LONGEST``. What follows on the same connection is a part of its own. So
memory per flow is bounded, a long-lived connection is read to its end, and every part begins with
the side that broke the silence. A flow that nobody could read is not looked at any longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from iotscan.model import Ending, Sender

BULK = 65_536
LONGEST = 262_144
MOST_TURNS = 4096
# What Python needs for a segment beside its bytes.
OVERHEAD = 160

Said = tuple[Sender, float, bytes, int]


@dataclass(slots=True)
class Part:
    """A stretch of one flow, complete: what both sides said, in order, with frame numbers.

    ``missing``: a segment was lost in the capture, so bytes may be absent between turns. ``cut``:
    numbers in ``said`` behind which bytes of that side are.
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
    """How many bytes all flows together hold back."""

    size: int = 0


# Directions of known flows, as source + destination + ports stand in a packet. A frame of a
# direction that is quiet needs no look; of another, only if it has payload.
Directions = dict[bytes, bool]


def reverse(direction: bytes) -> bytes:
    """The other direction of the same flow."""
    size = (len(direction) - 4) // 2
    source, destination = direction[:size], direction[size:-4]
    return destination + source + direction[-2:] + direction[-4:-2]
