"""The corpus: what captures hold, as whole files, as conversations, announcements and payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from iotscan.capture.files import opened
from iotscan.capture.frames import Walk
from iotscan.capture.reader import Reader
from iotscan.model import Packet, Transcript
from iotscan.plugins import discoverers

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (ROOT / "captures", ROOT.parent / "shared" / "captures")
# A file that is mutated as a whole, and a piece of one, are better small.
LARGEST_FILE, LARGEST_PIECE = 40_000, 2_000
MOST_OF_FILE = 60
# Frames of one file, as they were.
MOST_FRAMES = 40


@dataclass
class Corpus:
    """``files``: whole captures; ``frames``: (link type, bytes); ``pieces``: what was said in one
    turn, or announced.
    """

    files: list[bytes] = field(default_factory=list)
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    talks: list[Transcript] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)


@cache
def corpus() -> Corpus:
    """Read from the captures that are there, our own always, those beside a checkout as well."""
    found, pieces = Corpus(), dict[bytes, None]()
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.pcap*")):
            _take(path, found, pieces)
    found.pieces = list(pieces)
    return found


def _take(path: Path, found: Corpus, pieces: dict[bytes, None]) -> None:
    data = path.read_bytes()
    if len(data) <= LARGEST_FILE:
        found.files.append(data)
    talks: list[Transcript] = []
    packets: list[Packet] = []
    hears = {place: reader.name for reader in discoverers() for place in reader.hears}
    Reader(hears, talks.append, packets.append, lambda _: None).read(path)
    found.talks += [talk for talk in talks[:MOST_OF_FILE] if talk.turns]
    found.packets += packets[:MOST_OF_FILE]
    said = [turn.data for talk in talks[:MOST_OF_FILE] for turn in talk.turns[:4]]
    said += [packet.data for packet in packets[:MOST_OF_FILE]]
    pieces |= dict.fromkeys(piece for piece in said if 0 < len(piece) <= LARGEST_PIECE)
    with opened(path) as source:
        for number, (_, _, link, frame, _) in enumerate(Walk(source).frames()):
            if number >= MOST_FRAMES:
                break
            found.frames.append((link, frame[:LARGEST_PIECE]))
