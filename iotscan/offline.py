"""Captures to a report: each file is read on its own, large folders by several processes at once.

What is concluded does not depend on the order in which files are given or finished: they are put in
the order of their first frames.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from iotscan.assess.joining import joined, later, numbered
from iotscan.assess.links import backed
from iotscan.assess.listening import Listener
from iotscan.assess.pipeline import conclude
from iotscan.assess.profiles import Profiles
from iotscan.assess.reading import Plugins, Readings, read_all
from iotscan.assess.rulebook.book import Rulebook
from iotscan.capture import recording
from iotscan.capture.account import gaps_of, input_of, snapped, utc
from iotscan.capture.files import STANDARD_INPUT, is_capture
from iotscan.capture.reader import CaptureFacts, Reader
from iotscan.capture.rebuild import Left, write
from iotscan.errors import UsageError, unreadable
from iotscan.model import (
    Address,
    Footer,
    Header,
    Recording,
    Report,
    Scope,
)
from iotscan.version import __version__

# Below so many bytes of captures a second process costs more than it brings.
WORTH_PROCESSES = 32 << 20
BLIND_SPOTS = (
    "A capture shows only what was said while it was taken and passed where it was taken; a device "
    "that is not in it may be there, and what was encrypted was opened only where the capture has "
    "the keys.",
)
# How files are called that should be captures.
NAMED = tuple(
    kind + packed for kind in (".pcap", ".pcapng", ".cap") for packed in ("", ".gz", ".zst")
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one file gave."""

    facts: CaptureFacts
    readings: Readings


def named(paths: Sequence[Path | str]) -> dict[str, str]:
    """Name in reports → path, of the given files and of all captures in the given folders.

    A name is that of the file, below its folder if that was given; of two alike the parents are
    told apart as well. Raises UsageError when a path cannot be read or holds no capture.
    """
    given: list[tuple[str, str]] = []
    for path in map(str, paths):
        if path != STANDARD_INPUT and Path(path).is_dir():
            inside = [p for p in _below(path) if p.is_file() and _belongs(p)]
            if not inside:
                raise UsageError(
                    f"{path} holds no capture: give a folder with pcap or pcapng files"
                )
            given += ((file.relative_to(path).as_posix(), str(file)) for file in inside)
        else:
            given.append((path if path == STANDARD_INPUT else Path(path).name, path))
    files: dict[str, tuple[str, str]] = {}
    for name, path in sorted(given):
        # One file may be given in several ways; it is read once.
        files.setdefault(path if path == STANDARD_INPUT else os.path.realpath(path), (path, name))
    taken: dict[str, str] = {}
    for path, name in sorted(files.values()):
        parts = Path(path).parts
        while name in taken and len(Path(name).parts) < len(parts):
            name = Path(*parts[-len(Path(name).parts) - 1 :]).as_posix()
        taken[name] = path
    return taken


def _below(folder: str) -> Iterator[Path]:
    """Everything but folders below a folder. Raises UsageError where one may not be looked into."""

    def refuse(error: OSError) -> None:
        raise unreadable(error.filename, error) from error

    for place, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(place, name) for name in names)


def _belongs(path: Path) -> bool:
    """Whether a file of a folder is a capture, or is called one: then its damage is told."""
    return is_capture(path) or path.name.lower().endswith(NAMED)


def listen(name: str, path: str, plugins: Plugins | None = None) -> Heard:
    """Read one capture to its end, or as far as it can be read."""
    plugins = plugins or Plugins()
    listener = Listener(plugins, name)
    reader = Reader(
        plugins.hears,
        listener.talk,
        listener.packet,
        listener.sighting,
        listener.answer,
        plugins.usual,
        listener.group,
    )
    facts = replace(reader.read(path), path=name)
    listener.scans(reader.scans, facts.first)
    return Heard(facts, listener.readings())


def report_on(
    paths: Sequence[Path | str], book: Rulebook, jobs: int = 0, profiles: Profiles | None = None
) -> Report:
    """The report on captures. ``jobs``: how many processes read files at once (0: one a core);
    ``profiles``: MUD files to hold them against.
    """
    plugins = Plugins()
    files = named(paths)
    heard = sorted(
        _all(files, jobs, plugins), key=lambda h: (h.facts.first, h.facts.sha256, h.facts.path)
    )
    facts = [h.facts for h in heard]
    zero = min((known.first for known in facts if known.frames), default=0.0)
    end = max((known.last for known in facts if known.frames), default=zero)
    readings = _together(heard, zero)
    # What is together need not stand in memory twice.
    del heard
    header = Header(
        recording.FORMAT, __version__, utc(zero), Scope(()), {}, book.hash, source="capture"
    )
    journal = Recording(
        header,
        gaps=tuple(gap for known in facts for gap in gaps_of(known)),
        blind_spots=BLIND_SPOTS + tuple(snapped(known) for known in facts if known.snapped),
        footer=Footer(round(end - zero, 6), True),
    )
    inputs = [input_of(known) for known in facts]
    return conclude(journal, readings, book, plugins, inputs, profiles)


def _together(heard: Sequence[Heard], zero: float) -> Readings:
    """What all files gave, as if they were one that began at ``zero``."""
    parts = [later(h.readings, h.facts.first - zero) for h in heard]
    if len(parts) > 1:
        parts = [numbered(part, f"{i}:") for i, part in enumerate(parts, 1)]
    return joined(parts)


def rebuild(recorded: Recording, out: BinaryIO) -> Left:
    """Write a recording's plain-text part as a pcapng capture; what of it is not in there."""
    plugins = Plugins()
    layers = {d.name: d.hears[0] for d in plugins.discoverers.values() if d.hears}
    macs: dict[Address, str] = {}
    for known in read_all(recorded, plugins).witnesses:
        if known.sighting.mac:
            macs |= dict.fromkeys(backed(known), known.sighting.mac)
    return write(recorded, out, layers, macs)


def _all(files: dict[str, str], jobs: int, plugins: Plugins) -> list[Heard]:
    sizes = [Path(path).stat().st_size for path in files.values() if Path(path).is_file()]
    workers = min(jobs or os.cpu_count() or 1, len(files))
    if workers < 2 or (not jobs and sum(sizes) < WORTH_PROCESSES):
        return [listen(name, path, plugins) for name, path in files.items()]
    # Spawned, not forked: a library's user may have threads.
    context = multiprocessing.get_context("spawn")
    # They look for garbage as seldom as this process was told to.
    pace = gc.set_threshold, gc.get_threshold()
    with ProcessPoolExecutor(workers, context, *pace) as pool:
        with _without_program():
            going = pool.map(listen, files.keys(), files.values())
        return list(going)


@contextmanager
def _without_program() -> Iterator[None]:
    """Processes that are started here do not run the caller's program, as spawned ones else do: it
    may be a script without a guard, or no file at all.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program
