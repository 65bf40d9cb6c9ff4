"""Which frames beside those that prove something are needed to understand them: how their
conversation began, and what was said just before and after.

A login typed key by key, or a certificate in a handshake, means nothing to other tools, or to a
replay, when only the frame with the last byte of it is kept. Acknowledgements without content are
left out, and so is what went to groups: announcements stand for themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from iotscan.capture.frames import Frame
from iotscan.capture.internet import TCP, UDP, Fragments, Packet
from iotscan.capture.internet import parse as parse_packet
from iotscan.capture.links import parse as parse_link
from iotscan.capture.stations import parsed

# Of each conversation: so many frames (and bytes) from its beginning, before and after a proof. A
# login typed key by key takes some sixty frames, a handshake or a request ten.
OPENING, BEFORE, AFTER = 96, 24, 24
MOST_BYTES = 128 << 10
_FRAGMENT, _BROADCAST = 44, b"\xff\xff\xff\xff"
_ENDS = 7  # FIN, SYN, RST


@dataclass(slots=True)
class _Talk:
    """A conversation in which something is proven. ``around``: the proving frame → its company."""

    opening: list[int] = field(default_factory=list)
    size: int = 0
    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=BEFORE))
    around: dict[int, list[int]] = field(default_factory=dict)
    latest: int = 0
    left: int = 0

    def add(self, number: int, size: int, *, cited: bool) -> None:
        if len(self.opening) < OPENING and self.size + size <= MOST_BYTES:
            self.opening.append(number)
            self.size += size
        if self.left:
            self.left -= 1
            self.around[self.latest].append(number)
        if cited:
            self.around[number] = self._before()
            self.latest, self.left = number, AFTER
        self.recent.append((number, size))

    def _before(self) -> list[int]:
        room, found = MOST_BYTES, []
        for number, size in reversed(self.recent):
            room -= size
            if room < 0:
                break
            found.append(number)
        return found


class Context:
    """Show it the frames that prove something with ``cite``, then all frames with ``add``, then ask
    for the ``company`` of those that prove something.
    """

    def __init__(self) -> None:
        self._talks: dict[bytes, _Talk] = {}
        self._cited: dict[int, bytes] = {}

    def cite(self, frame: Frame) -> None:
        """A frame that proves something."""
        key, _ = _conversation(frame)
        if key:
            self._talks.setdefault(key, _Talk())
            self._cited[frame[0]] = key

    def add(self, frame: Frame) -> None:
        """Any frame, in the order of the file."""
        key, says = _conversation(frame)
        talk = self._talks.get(key)
        cited = frame[0] in self._cited
        if talk is not None and (says or cited):
            talk.add(frame[0], len(frame[3]), cited=cited)

    def company(self, cited: Iterable[int]) -> set[int]:
        """The frames without which those that are given cannot be understood."""
        found: set[int] = set()
        for number in cited:
            if number in self._cited:
                talk = self._talks[self._cited[number]]
                found.update(talk.opening, talk.around.get(number, ()))
        return found


class _Pieces(Fragments):
    """Takes a fragment for a packet of its own: its conversation is that of its two hosts."""

    def add(self, key: bytes, start: int, more: bool, packet: Packet) -> Packet | None:
        return packet._replace(protocol=_FRAGMENT)


def _conversation(frame: Frame) -> tuple[bytes, bool]:
    """What all frames of a conversation have in common, b"" where there is none; whether this one
    says something.
    """
    link = parse_link(frame[2], frame[3])
    packet = parse_packet(link.kind, frame[3], link.offset, _Pieces()) if link else None
    if packet is None or packet.destination == _BROADCAST:
        return b"", False
    if parsed(packet.destination).is_multicast:
        return b"", False
    data = packet.payload
    ported = packet.protocol in (TCP, UDP) and len(data) >= 4
    ends = packet.source + data[: 2 * ported], packet.destination + data[2 * ported : 4 * ported]
    return bytes([packet.protocol]) + min(ends) + max(ends), not _bare(packet)


def _bare(packet: Packet) -> bool:
    """Whether it is an acknowledgement and nothing else."""
    data = packet.payload
    if packet.protocol != TCP or len(data) < 14:
        return False
    return packet.length == (data[12] >> 4) * 4 and not data[13] & _ENDS
