"""Captures made in memory, and what an anonymised one holds."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iotscan.anonymise.job import anonymise
from iotscan.anonymise.statement import Done
from iotscan.anonymise.wish import Wish
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture.files import opened
from iotscan.capture.frames import Frame, Walk
from iotscan.capture.reader import Reader
from iotscan.capture.writer import Writer
from iotscan.model import Report, Transcript
from iotscan.offline import report_on

START = 1_700_000_000.0


def frames_of(path: Path) -> list[Frame]:
    with opened(path) as source:
        return list(Walk(source).frames())


def said_in(path: Path) -> bytes:
    """All that is said in a capture, conversation by conversation, put in order."""
    said: list[bytes] = []

    def talk(heard: Transcript) -> bool:
        said.extend((heard.said_by("client"), heard.said_by("server")))
        return True

    Reader({}, talk, lambda _: None, lambda _: None).read(path)
    return b"\n".join(said)


@dataclass
class Shared:
    """A capture and its anonymised form."""

    before: Path
    after: Path
    done: Done

    @property
    def frames(self) -> list[bytes]:
        return [frame[3] for frame in frames_of(self.after)]

    @property
    def raw(self) -> bytes:
        return self.after.read_bytes()

    def reports(self) -> tuple[Report, Report]:
        book = load_rulebook()
        return report_on([self.before], book), report_on([self.after], book)


@pytest.fixture
def share(tmp_path: Path) -> Callable[..., Shared]:
    """``share(frames, link=…, key=…, keep_payload=…)``: a capture of them, and its new form."""

    def run(
        frames: Iterable[bytes], link: int = 1, wires: tuple[int, ...] = (), **wish: Any
    ) -> Shared:
        out = io.BytesIO()
        writer = Writer(out)
        for number, frame in enumerate(frames):
            wire = wires[number] if number < len(wires) else 0
            writer.packet(START + number / 10, link, frame, wire)
        before, after = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
        before.write_bytes(out.getvalue())
        given = Wish(**{"key": b"k", **wish})
        return Shared(before, after, anonymise(before, after, given))

    return run


@pytest.fixture(name="said_in")
def said_in_fixture() -> Callable[[Path], bytes]:
    return said_in


@pytest.fixture(name="frames_of")
def frames_of_fixture() -> Callable[[Path], list[Frame]]:
    return frames_of
