"""Makes captures/offline-*: what happens to captures on their way, done to recordings of our own.

``python tests/lab/derive_captures.py``. Each is a function of the frames of another case, and must
say what that says, unless a loss is the point of it.
"""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

import zstandard

from iotscan.capture.files import opened
from iotscan.capture.frames import Frame, Walk
from iotscan.capture.writer import Writer

CAPTURES = Path(__file__).resolve().parent.parent.parent / "captures"
ETHERNET, NULL, RAW, WIFI, COOKED, RADIOTAP, IEEE802154, COOKED2 = (
    1,
    0,
    101,
    105,
    113,
    127,
    195,
    276,
)
IPV4 = b"\x08\x00"
Frames = Sequence[Frame]


def read(case: str) -> list[Frame]:
    """The frames of another case."""
    (path,) = (CAPTURES / case).glob("input.*")
    with opened(path) as source:
        return list(Walk(source).frames())


def pcap(
    frames: Iterable[Frame], link: int = ETHERNET, order: str = "<", nano: bool = False
) -> bytes:
    """A pcap file."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for _, at, _, data, wire in frames:
        seconds, micro = divmod(round(at * 1_000_000), 1_000_000)
        fraction = micro * 1000 if nano else micro
        out.append(struct.pack(order + "IIII", seconds, fraction, len(data), wire) + data)
    return b"".join(out)


def pcapng(frames: Iterable[Frame]) -> bytes:
    """A pcapng file; frames may be of several link types."""
    out = io.BytesIO()
    writer = Writer(out)
    for _, at, link, data, wire in frames:
        writer.packet(at, link, data, wire)
    return out.getvalue()


def changed(frames: Frames, change: Callable[[bytes], bytes]) -> list[Frame]:
    """Every frame's bytes made anew."""
    return [(n, at, link, new := change(data), len(new)) for n, at, link, data, _ in frames]


def of_ip(frames: Frames) -> list[Frame]:
    """Only those with IPv4, which is all that some links can carry."""
    return [frame for frame in frames if frame[3][12:14] == IPV4]


def is_tcp(data: bytes) -> bool:
    return data[12:14] == IPV4 and data[23] == 6


def ports(data: bytes) -> bytes:
    """Both sockets of a frame, whoever sent it."""
    ends = sorted((data[26:30] + data[34:36], data[30:34] + data[36:38]))
    return b"".join(ends)


def payload(data: bytes) -> bytes:
    start = 34 + (data[46] >> 4) * 4
    return data[start : 14 + int.from_bytes(data[16:18], "big")]


def tagged(tag: bytes) -> Callable[[bytes], bytes]:
    """Something between the MACs and the EtherType."""
    return lambda data: data[:12] + tag + data[12:]


def pppoe(data: bytes) -> bytes:
    body = b"\x00\x21" + data[14:]
    return data[:12] + b"\x88\x64\x11\x00\x00\x07" + len(body).to_bytes(2, "big") + body


def mpls(data: bytes) -> bytes:
    return data[:12] + b"\x88\x47" + b"\x00\x01\x00\x40" + b"\x00\x02\x01\x40" + data[14:]


def cooked(data: bytes) -> bytes:
    return b"\x00\x00\x00\x01\x00\x06" + data[6:12] + b"\x00\x00" + data[12:]


def cooked2(data: bytes) -> bytes:
    return data[12:14] + b"\0\0\0\0\0\1\0\1\0\6" + data[6:12] + b"\0\0" + data[14:]


def wifi(data: bytes) -> bytes:
    """To an access point, not encrypted: IEEE 802.11 data with an LLC header."""
    head = b"\x08\x01\0\0" + b"\x02\xaa\xaa\xaa\xaa\xaa" + data[6:12] + data[:6] + b"\x10\0"
    return head + b"\xaa\xaa\x03\0\0\0" + data[12:]


def protected(data: bytes) -> bytes:
    return wifi(data)[:1] + b"\x41" + wifi(data)[2:]


def over_ipv6(data: bytes) -> bytes:
    """IPv4 addresses become those of a local IPv6 network (RFC 4193) with the same end."""
    if data[12:14] != IPV4:
        return data
    ends = [b"\xfd\0\0\x77" + bytes(8) + data[at : at + 4] for at in (26, 30)]
    body = data[34 : 14 + int.from_bytes(data[16:18], "big")]
    head = b"\x60\0\0\0" + len(body).to_bytes(2, "big") + data[23:24] + b"\x40"
    return data[:12] + b"\x86\xdd" + head + ends[0] + ends[1] + body


def fragmented(data: bytes, size: int = 24) -> Iterator[bytes]:
    """The last fragment first (RFC 791)."""
    whole = data[34 : 14 + int.from_bytes(data[16:18], "big")]
    for at in reversed(range(0, len(whole), size)):
        piece = whole[at : at + size]
        more = 0x2000 if at + size < len(whole) else 0
        head = data[14:16] + (20 + len(piece)).to_bytes(2, "big") + data[38:40]
        yield data[:14] + head + (more | at // 8).to_bytes(2, "big") + data[22:34] + piece


def fragments(frames: Frames) -> list[Frame]:
    out: list[Frame] = []
    for n, at, link, data, wire in of_ip(frames):
        if data[23] == 17 and len(data) > 80:
            out += [(n, at, link, piece, len(piece)) for piece in fragmented(data)]
        else:
            out.append((n, at, link, data, wire))
    return out


def overlapped(frames: Frames) -> list[Frame]:
    """Each segment is followed by one that claims its bytes were others."""
    out: list[Frame] = []
    for frame in frames:
        out.append(frame)
        data = frame[3]
        if is_tcp(data) and (said := payload(data)):
            lie = data[: len(data) - len(said)] + b"X" * len(said)
            out.append((frame[0], frame[1], frame[2], lie, len(lie)))
    return out


def middle(frames: Frames) -> list[Frame]:
    """Without the handshake of any connection."""
    return [frame for frame in frames if not (is_tcp(frame[3]) and frame[3][47] & 2)]


def lossy(frames: Frames) -> list[Frame]:
    """Without every ninth segment that says something."""
    said = [frame for frame in frames if is_tcp(frame[3]) and payload(frame[3])]
    lost = {frame[0] for frame in said[4::9]}
    return [frame for frame in frames if frame[0] not in lost]


def shuffled(frames: Frames) -> list[Frame]:
    """Segments that overtake each other: within a connection's direction, by up to three places."""
    dice, out = Random(7), list(frames)
    for at in range(len(out) - 3):
        window = out[at : at + 3]
        data = [frame[3] for frame in window]
        if all(is_tcp(one) and payload(one) and one[26:38] == data[0][26:38] for one in data):
            dice.shuffle(window)
            out[at : at + 3] = window
    return out


def bytewise(frames: Frames) -> list[Frame]:
    """Segments of three bytes, each sent twice, the second time before the first one's next."""
    out: list[Frame] = []
    for n, at, link, data, wire in frames:
        said = payload(data) if is_tcp(data) else b""
        if len(said) < 4:
            out.append((n, at, link, data, wire))
            continue
        start, number = len(data) - len(said), int.from_bytes(data[38:42], "big")
        start = 34 + (data[46] >> 4) * 4
        for offset in range(0, len(said), 3):
            piece = said[offset : offset + 3]
            head = data[:16] + (start - 14 + len(piece)).to_bytes(2, "big") + data[18:38]
            head += ((number + offset) % (1 << 32)).to_bytes(4, "big") + data[42:start]
            out += [(n, at, link, head + piece, len(head + piece))] * 2
    return out


def merged(*cases: str) -> list[Frame]:
    """Several recordings as if they had been one: by the time since each began."""
    parts = [read(case) for case in cases]
    began = min(part[0][1] for part in parts)
    moved = [
        (n, began + at - part[0][1], link, data, wire)
        for part in parts
        for n, at, link, data, wire in part
    ]
    return sorted(moved, key=lambda frame: frame[1])


def interfaces(frames: Frames) -> bytes:
    """Two interfaces of different links, and blocks between that only describe."""
    half = len(frames) // 2
    cooked_ones = [(n, at, COOKED, cooked(d), len(d) + 2) for n, at, _, d, _ in frames[half:]]
    data = pcapng([*frames[:half], *cooked_ones])
    names = struct.pack("<HH", 1, 9) + bytes([10, 77, 0, 11]) + b"hub.\0" + bytes(3) + bytes(4)
    secret = b"KSLT" + struct.pack("<I", 4) + b"# x\n"
    extra = b"".join(
        struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        for kind, body in ((4, names), (10, secret))
    )
    return data[:28] + extra + data[28:]


M, T, C, W = "lab-mqtt-default", "lab-telnet-default", "lab-coap-plain", "lab-web-basic"
# Name → (what it is made from, what was done in words, the file's name, its bytes)
CASES: dict[str, tuple[str, str, str, Callable[[], bytes]]] = {
    "cut": (M, "cut off inside a record", "input.pcap", lambda: pcap(read(M))[:-30]),
    "cut-gzip": (T, "packed with gzip and cut off", "input.pcap.gz",
                 lambda: gzip.compress(pcap(read(T)), mtime=0)[:-500]),
    "claims-4gb": (M, "followed by a record that claims 4 GB", "input.pcap",
                   lambda: pcap(read(M)) + struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 0xFFFFFFFF)),
    "block-claims-4gb": (M, "followed by a block that claims 4 GB", "input.pcapng",
                         lambda: pcapng(read(M)) + struct.pack("<IIII", 6, 0xFFFFFFFC, 0, 0)),
    "empty": (M, "a file header and nothing behind it", "input.pcap", lambda: pcap([])),
    "mid-stream": (T, "without the handshake of any connection", "input.pcap",
                   lambda: pcap(middle(read(T)))),
    "loss": (M, "without every ninth segment that says something", "input.pcap",
             lambda: pcap(lossy(read(M)))),
    "reordered": (W, "with segments that overtake each other", "input.pcap",
                  lambda: pcap(shuffled(bytewise(read(W))))),
    "retransmitted": (T, "with every frame twice", "input.pcap",
                      lambda: pcap([frame for frame in read(T) for _ in range(2)])),
    "bytewise": (M, "in segments of three bytes, each sent twice", "input.pcap",
                 lambda: pcap(bytewise(read(M)))),
    "overlapping": (T, "with segments behind each that claim its bytes were others", "input.pcap",
                    lambda: pcap(overlapped(read(T)))),
    "one-direction": (T, "with the frames of the client alone", "input.pcap",
                      lambda: pcap([f for f in read(T) if f[3][6:12] == b"\2\0\0\0\0\2"])),
    "snapped": (T, "cut to 96 bytes a frame", "input.pcap",
                lambda: pcap([(n, at, k, d[:96], w) for n, at, k, d, w in read(T)])),
    "fragments": (C, "with long datagrams in fragments, the last one first", "input.pcap",
                  lambda: pcap(fragments(read(C)))),
    "vlan": (M, "inside an 802.1Q tag", "input.pcap",
             lambda: pcap(changed(read(M), tagged(b"\x81\x00\x00\x2a")))),
    "qinq": (M, "inside two tags", "input.pcap",
             lambda: pcap(changed(read(M), tagged(b"\x88\xa8\x00\x07\x81\x00\x00\x2a")))),
    "pppoe": (M, "inside PPPoE", "input.pcap", lambda: pcap(changed(of_ip(read(M)), pppoe))),
    "mpls": (M, "under two MPLS labels", "input.pcap", lambda: pcap(changed(of_ip(read(M)), mpls))),
    "cooked": (T, "as a Linux cooked capture", "input.pcap",
               lambda: pcap(changed(read(T), cooked), COOKED)),
    "cooked-2": (T, "as a Linux cooked capture of version 2", "input.pcap",
                 lambda: pcap(changed(read(T), cooked2), COOKED2)),
    "loopback": (C, "as of a BSD loopback interface", "input.pcap",
                 lambda: pcap(changed(of_ip(read(C)), lambda d: b"\2\0\0\0" + d[14:]), NULL)),
    "raw-ip": (C, "without any link layer", "input.pcap",
               lambda: pcap(changed(of_ip(read(C)), lambda d: d[14:]), RAW)),
    "wifi": (M, "as 802.11 data frames without encryption", "input.pcap",
             lambda: pcap(changed(read(M), wifi), WIFI)),
    "wifi-radiotap": (M, "as 802.11 data frames behind a radiotap header", "input.pcap",
                      lambda: pcap(changed(read(M), lambda d: b"\0\0\x08\0\0\0\0\0" + wifi(d)),
                                   RADIOTAP)),
    "wifi-encrypted": (M, "as 802.11 data frames that say they are encrypted", "input.pcap",
                       lambda: pcap(changed(read(M), protected), WIFI)),
    "802.15.4": (M, "as 802.15.4 frames, which are recognised only", "input.pcap",
                 lambda: pcap(changed(read(M)[:20], lambda d: d[14:60]), IEEE802154)),
    "ipv6-only": (M, "in IPv6 instead of IPv4", "input.pcap",
                  lambda: pcap(changed(of_ip(read(M)), over_ipv6))),
    "nanoseconds": (M, "in nanoseconds, in the other byte order", "input.pcap",
                    lambda: pcap(read(M), order=">", nano=True)),
    "gzip": (M, "packed with gzip", "input.pcap.gz",
             lambda: gzip.compress(pcap(read(M)), mtime=0)),
    "zstd": (M, "packed with zstd", "input.pcap.zst",
             lambda: zstandard.ZstdCompressor().compress(pcap(read(M)))),
    "interfaces": (M, "on two interfaces of different links, with names and secrets between",
                   "input.pcapng", lambda: interfaces(read(M))),
    "two-at-once": (M, "while lab-telnet-default was scanned as well", "input.pcap",
                    lambda: pcap(merged(M, T))),
}  # fmt: skip


# Devices of the lab of which its own truth says nothing.
BENIGN = tuple(
    f"lab-{name}"
    for name in (
        "airplay-paired",
        "clock-sound",
        "esphome-sound",
        "files-sound",
        "knx-secure",
        "locked-down",
        "opcua-sound",
        "redis-sound",
        "screen-sound",
        "snmp-sound",
    )
)


def main() -> None:
    for name, (base, words, file, make) in CASES.items():
        folder = CAPTURES / f"offline-{name}"
        folder.mkdir(exist_ok=True)
        (folder / file).write_bytes(make())
        write_readme(folder, base, words)
    household = CAPTURES / "benign" / "household"
    household.mkdir(parents=True, exist_ok=True)
    (household / "input.pcap").write_bytes(pcap(merged(*BENIGN)))


def write_readme(folder: Path, base: str, words: str) -> None:
    (folder / "README.md").write_text(
        f"# {folder.name}\n\n`{base}`, {words}. Made by `tests/lab/derive_captures.py`.\n", "utf-8"
    )


if __name__ == "__main__":
    main()
