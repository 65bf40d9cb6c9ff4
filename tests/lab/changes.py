"""What happens to traffic on its way into a capture, done to any capture, by its frames.

Each change takes frames and gives frames; a frame keeps the number of the one that it was made
from, so that what is proven can be compared. ``TELLING_THE_SAME`` must not change what a capture
says, ``TELLING_LESS`` may take from it and must add nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from derive_captures import COOKED, COOKED2, ETHERNET, RAW, cooked, cooked2, tagged

from iotscan.capture.frames import Frame
from iotscan.capture.links import parse
from iotscan.capture.tags import IPV4, IPV6, Link

Frames = Sequence[Frame]
Change = Callable[[Frames], list[Frame]]
TCP, UDP = 6, 17
FIN, SYN, RST = 1, 2, 4
SEED = 20_250


@dataclass(frozen=True, slots=True)
class Cut:
    """A whole TCP segment or UDP datagram, in IP without options or fragments, cut up."""

    frame: Frame
    link: Link
    version: int
    source: bytes
    destination: bytes
    protocol: int
    payload: bytes

    @property
    def ports(self) -> tuple[int, int]:
        return struct.unpack("!HH", self.payload[:4])

    @property
    def direction(self) -> bytes:
        return self.source + self.destination + bytes([self.protocol]) + self.payload[:4]

    @property
    def start(self) -> int:
        """Where in the payload the data begins."""
        return (self.payload[12] >> 4) * 4 if self.protocol == TCP else 8

    @property
    def data(self) -> bytes:
        return self.payload[self.start :]

    @property
    def flags(self) -> int:
        return self.payload[13] if self.protocol == TCP else 0

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.payload[4:8], "big")

    def part(self, at: int, data: bytes) -> Frame:
        """A segment with some of the data, or with other data in its place."""
        number = (self.sequence + at) % (1 << 32)
        head = self.payload[:4] + number.to_bytes(4, "big") + self.payload[8 : self.start]
        return replace(self, payload=head + data).framed()

    def framed(self) -> Frame:
        """A frame of it, on the link that it came on."""
        number, at, kind, data, _ = self.frame
        before = data[: self.link.offset]
        made = before + self._headed()
        return number, at, kind, made, len(made)

    def _headed(self) -> bytes:
        at = self.link.offset
        old, size = self.frame[3], len(self.payload)
        if self.version == 4:
            length = (20 + size).to_bytes(2, "big")
            head = b"\x45" + old[at + 1 : at + 2] + length + old[at + 4 : at + 12]
        else:
            head = old[at : at + 4] + size.to_bytes(2, "big") + old[at + 6 : at + 8]
        return head + self.source + self.destination + self.payload


def cut(frame: Frame) -> Cut | None:
    """None for what is anything else, or not all there."""
    _, _, kind, data, wire = frame
    link = parse(kind, data)
    if link is None or link.kind not in (IPV4, IPV6) or wire > len(data):
        return None
    at = link.offset
    if link.kind == IPV4 and data[at : at + 1] == b"\x45":
        end = at + int.from_bytes(data[at + 2 : at + 4], "big")
        loose = data[at + 6] & 0x3F or data[at + 7]
        found = Cut(frame, link, 4, data[at + 12 : at + 16], data[at + 16 : at + 20],
                    data[at + 9], data[at + 20 : end])  # fmt: skip
    elif link.kind == IPV6 and len(data) > at + 40:
        end = at + 40 + int.from_bytes(data[at + 4 : at + 6], "big")
        loose = False
        found = Cut(frame, link, 6, data[at + 8 : at + 24], data[at + 24 : at + 40],
                    data[at + 6], data[at + 40 : end])  # fmt: skip
    else:
        return None
    least = {TCP: 20, UDP: 8}.get(found.protocol, 1 << 16)
    if loose or end > len(data) or len(found.payload) < least or found.start < least:
        return None
    return found if found.start <= len(found.payload) else None


def each(change: Callable[[Cut], Sequence[Frame]], protocol: int = TCP) -> Change:
    """Every segment (or datagram) that says something made anew."""

    def changed(frames: Frames) -> list[Frame]:
        out: list[Frame] = []
        for frame in frames:
            known = cut(frame)
            fits = known is not None and known.protocol == protocol and bool(known.data)
            out += change(known) if known is not None and fits else [frame]
        return out

    return changed


def wrapped(change: Callable[[bytes], bytes], link: int = ETHERNET) -> Change:
    """Every Ethernet frame made anew."""

    def changed(frames: Frames) -> list[Frame]:
        return [
            (n, at, link, new := change(data), wire - len(data) + len(new))
            if kind == ETHERNET and len(data) > 14
            else (n, at, kind, data, wire)
            for n, at, kind, data, wire in frames
        ]

    return changed


def of_ip(frames: Frames) -> list[Frame]:
    """Only Ethernet frames with IP."""
    return [f for f in frames if f[2] == ETHERNET and f[3][12:14] in (b"\x08\0", b"\x86\xdd")]


def raw(frames: Frames) -> list[Frame]:
    return [(n, at, RAW, data[14:], wire - 14) for n, at, _, data, wire in of_ip(frames)]


def split(most: int) -> Change:
    """Every segment in pieces of one to so many bytes."""

    def pieces(known: Cut) -> list[Frame]:
        dice, out, at = Random(SEED + known.frame[0]), [], 0
        while at < len(known.data):
            size = dice.randint(1, most)
            out.append(known.part(at, known.data[at : at + size]))
            at += size
        return out

    return each(pieces)


def overlapped(known: Cut) -> list[Frame]:
    """In two pieces that share bytes, the second one twice, and then all of it again."""
    half, data = len(known.data) // 2, known.data
    first = known.part(0, data[: half + 1])
    second = known.part(max(0, half - 3), data[max(0, half - 3) :])
    return [first, second, second, known.part(0, data)]


def swapped(frames: Frames) -> list[Frame]:
    """Every second segment overtakes the one before it, where they are of one direction."""
    out = list(split(200)(frames))
    at = 0
    while at + 1 < len(out):
        pair = cut(out[at]), cut(out[at + 1])
        if all(known is not None and known.protocol == TCP and known.data for known in pair):
            one, other = pair
            assert one is not None
            assert other is not None
            plain = not (one.flags | other.flags) & (SYN | FIN | RST)
            if plain and one.direction == other.direction:
                out[at], out[at + 1] = out[at + 1], out[at]
                at += 1
        at += 1
    return out


def fragmented(frames: Frames) -> list[Frame]:
    """IPv4 packets with something to say in fragments, the last one first (RFC 791)."""
    out: list[Frame] = []
    for frame in frames:
        known = cut(frame)
        if known is None or known.version != 4 or not known.data:
            out.append(frame)
            continue
        number = (frame[0] % (1 << 16)).to_bytes(2, "big")
        out += reversed(list(_fragments(known, number)))
    return out


def _fragments(known: Cut, number: bytes, size: int = 40) -> Iterator[Frame]:
    frame, begin = known.frame, known.link.offset
    for at in range(0, len(known.payload), size):
        piece = known.payload[at : at + size]
        more = 0x2000 if at + size < len(known.payload) else 0
        place = number + (more | at // 8).to_bytes(2, "big")
        old = frame[3]
        head = (
            b"\x45\0" + (20 + len(piece)).to_bytes(2, "big") + place + old[begin + 8 : begin + 20]
        )
        made = old[:begin] + head + piece
        yield frame[0], frame[1], frame[2], made, len(made)


_GROUPS = {
    bytes([224, 0, 0, 251]): bytes.fromhex("ff0200000000000000000000000000fb"),
    bytes([239, 255, 255, 250]): bytes.fromhex("ff02000000000000000000000000000c"),
    bytes([224, 0, 0, 252]): bytes.fromhex("ff020000000000000000000000010003"),
    bytes([255, 255, 255, 255]): bytes.fromhex("ff020000000000000000000000000001"),
}


def in_ipv6(address: bytes) -> bytes:
    """Of a local network for what is local (RFC 4193), a public one for what is public."""
    if len(address) == 16:
        return address
    if address in _GROUPS:
        return _GROUPS[address]
    if 224 <= address[0] < 240:
        return b"\xff\x02" + bytes(10) + address
    if address == bytes((127, 0, 0, 1)):
        return bytes(15) + b"\1"
    local = (
        address[0] in (0, 10, 127, 255)
        or address[:2] in (b"\xc0\xa8", b"\xa9\xfe")
        or (address[0] == 172 and 16 <= address[1] < 32)
    )
    return (b"\xfd\0\0\x77" if local else b"\x2a\0\0\x77") + bytes(8) + address


def over_ipv6(frames: Frames) -> list[Frame]:
    """TCP and UDP of IPv4 in IPv6 instead, where the link can tell."""
    out: list[Frame] = []
    for frame in frames:
        known = cut(frame)
        kind = frame[3][known.link.offset - 2 : known.link.offset] if known else b""
        if known is None or known.version != 4 or kind != b"\x08\0":
            out.append(frame)
            continue
        size = len(known.payload).to_bytes(2, "big")
        hops = frame[3][known.link.offset + 8 : known.link.offset + 9]
        head = b"\x60\0\0\0" + size + bytes([known.protocol]) + hops
        ends = in_ipv6(known.source) + in_ipv6(known.destination)
        made = frame[3][: known.link.offset - 2] + b"\x86\xdd" + head + ends + known.payload
        out.append((frame[0], frame[1], frame[2], made, len(made)))
    return out


def ports_of(frames: Frames) -> dict[int, int]:
    """Every TCP or UDP port → another one that nobody uses for anything."""
    used = {port for known in map(cut, frames) if known is not None for port in known.ports}
    free = [port for port in range(61_000, 65_000)]
    Random(SEED).shuffle(free)
    return dict(zip(sorted(used), free, strict=False))


def moved(ports: dict[int, int]) -> Change:
    """Sockets at other ports."""

    def changed(frames: Frames) -> list[Frame]:
        out: list[Frame] = []
        for frame in frames:
            known = cut(frame)
            if known is None or not any(port in ports for port in known.ports):
                out.append(frame)
                continue
            ends = struct.pack("!HH", *(ports.get(port, port) for port in known.ports))
            out.append(replace(known, payload=ends + known.payload[4:]).framed())
        return out

    return changed


def _kept(keep: Callable[[Cut], bool]) -> Change:
    def changed(frames: Frames) -> list[Frame]:
        return [f for f in frames if (known := cut(f)) is None or keep(known)]

    return changed


def snapped(size: int) -> Change:
    return lambda frames: [(n, at, k, d[:size], w) for n, at, k, d, w in frames]


def late(frames: Frames) -> list[Frame]:
    """Without the first third."""
    return list(frames[len(frames) // 3 :])


def lossy(frames: Frames) -> list[Frame]:
    """Without one frame of twenty."""
    dice = Random(SEED)
    return [frame for frame in frames if dice.random() >= 0.05]


def one_way(higher: bool) -> Change:
    """Of each pair of sockets one direction: from the higher port, or to it."""
    return _kept(lambda known: (known.ports[0] > known.ports[1]) is higher)


TELLING_THE_SAME: dict[str, Change] = {
    "vlan": wrapped(tagged(b"\x81\x00\x00\x2a")),
    "qinq": wrapped(tagged(b"\x88\xa8\x00\x07\x81\x00\x00\x2a")),
    "cooked": wrapped(cooked, COOKED),
    "cooked-2": wrapped(cooked2, COOKED2),
    "fragments": fragmented,
    "split-7": split(7),
    "split-60": split(60),
    "overlapped": each(overlapped),
    "swapped": swapped,
    "without-acknowledgements": _kept(
        lambda known: (
            known.protocol != TCP or bool(known.data) or bool(known.flags & (SYN | FIN | RST))
        )
    ),
    "without-ends": _kept(
        lambda known: known.protocol != TCP or bool(known.data) or not known.flags & (FIN | RST)
    ),
}
TELLING_LESS: dict[str, Change] = {
    "snapped-96": snapped(96),
    "snapped-128": snapped(128),
    "snapped-256": snapped(256),
    "late": late,
    "lossy": lossy,
    "requests-only": one_way(higher=True),
    "answers-only": one_way(higher=False),
}
