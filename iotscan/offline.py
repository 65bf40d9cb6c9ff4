"""Captures to a report: each file is read on its own, large folders by several processes at once.

What is concluded does not depend on the order in which files are given or finished: they are put in
the order of their first frames.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import starmap
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from iotscan.assess.links import backed
from iotscan.assess.listening import Listener
from iotscan.assess.pipeline import conclude
from iotscan.assess.profiles import Profiles
from iotscan.assess.reading import Contact, Plugins, Readings, Witness, read_all
from iotscan.assess.rulebook.book import Rulebook
from iotscan.capture import recording
from iotscan.capture.files import STANDARD_INPUT, is_capture
from iotscan.capture.links import known as is_read
from iotscan.capture.reader import CaptureFacts, Reader
from iotscan.capture.rebuild import Left, write
from iotscan.capture.stations import MOST_STATIONS
from iotscan.errors import UsageError
from iotscan.model import (
    Address,
    ConversationNote,
    Ending,
    Endpoint,
    Footer,
    Gap,
    Header,
    Input,
    Observation,
    Proof,
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
# Links whose frames are known and cannot be looked into.
_SEALED = {
    **dict.fromkeys((105, 119, 127, 163, 192), "Wi-Fi, encrypted"),
    195: "IEEE 802.15.4",
    230: "IEEE 802.15.4",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
            inside = [p for p in Path(path).rglob("*") if p.is_file() and _belongs(p)]
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


def _belongs(path: Path) -> bool:
    """Whether a file of a folder is a capture, or is called one: then its damage is told."""
    return is_capture(path) or path.name.lower().endswith(NAMED)


def listen(name: str, path: str, plugins: Plugins | None = None) -> Heard:
    """Read one capture to its end, or as far as it can be read."""
    plugins = plugins or Plugins()
    listener = Listener(plugins, name)
    hears = {
        place: reader.name for reader in plugins.discoverers.values() for place in reader.hears
    }
    usual = {
        port
        for probe in plugins.probes.values()
        for opening in probe.openings
        for port in (*opening.ports, *opening.tls)
    }
    reader = Reader(
        hears,
        listener.talk,
        listener.packet,
        listener.sighting,
        listener.answer,
        usual,
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
    heard = [_numbered(h, f"{i}:" if len(heard) > 1 else "") for i, h in enumerate(heard, 1)]
    zero = min((h.facts.first for h in heard if h.facts.frames), default=0.0)
    end = max((h.facts.last for h in heard if h.facts.frames), default=zero)
    header = Header(
        recording.FORMAT, __version__, utc(zero), Scope(()), {}, book.hash, source="capture"
    )
    journal = Recording(
        header,
        gaps=tuple(gap for h in heard for gap in _gaps(h.facts)),
        blind_spots=BLIND_SPOTS + tuple(_snapped(h.facts) for h in heard if h.facts.snapped),
        footer=Footer(round(end - zero, 6), True),
    )
    readings = _joined([_shifted(h, zero) for h in heard])
    inputs = [_input(h.facts) for h in heard]
    return conclude(journal, readings, book, plugins, inputs, profiles)


def rebuild(recorded: Recording, out: BinaryIO) -> Left:
    """Write a recording's plain-text part as a pcapng capture; what of it is not in there."""
    plugins = Plugins()
    layers = {d.name: d.hears[0] for d in plugins.discoverers.values() if d.hears}
    macs: dict[Address, str] = {}
    for known in read_all(recorded, plugins).witnesses:
        if known.sighting.mac:
            macs |= dict.fromkeys(backed(known), known.sighting.mac)
    return write(recorded, out, layers, macs)


def utc(seconds: float) -> str:
    """ISO 8601 of seconds since 1970; empty for a time that no calendar holds."""
    try:
        return (_EPOCH + timedelta(seconds=round(seconds, 6))).isoformat()
    except OverflowError:
        return ""


def _all(files: dict[str, str], jobs: int, plugins: Plugins) -> list[Heard]:
    sizes = [Path(path).stat().st_size for path in files.values() if Path(path).is_file()]
    workers = min(jobs or os.cpu_count() or 1, len(files))
    if workers < 2 or (not jobs and sum(sizes) < WORTH_PROCESSES):
        return [listen(name, path, plugins) for name, path in files.items()]
    # Spawned, not forked: a library's user may have threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
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


def _numbered(heard: Heard, prefix: str) -> Heard:
    """With the file's number in front of every id."""
    if not prefix:
        return heard
    was = heard.readings

    def proof(known: Proof) -> Proof:
        return replace(known, source=prefix + known.source)

    def witness(known: Witness) -> Witness:
        return replace(known, sighting=replace(known.sighting, proof=proof(known.sighting.proof)))

    def observation(known: Observation) -> Observation:
        return replace(known, proofs=tuple(map(proof, known.proofs)))

    def note(known: ConversationNote) -> ConversationNote:
        return replace(known, id=prefix + known.id)

    return replace(
        heard,
        readings=replace(
            was,
            witnesses=tuple(map(witness, was.witnesses)),
            observations=tuple(map(observation, was.observations)),
            began={prefix + name: at for name, at in was.began.items()},
            answers={place: proof(known) for place, known in was.answers.items()},
            notes=tuple(map(note, was.notes)),
            contacts={
                pair: replace(known, proof=proof(known.proof))
                for pair, known in was.contacts.items()
            },
        ),
    )


def _shifted(heard: Heard, zero: float) -> Readings:
    """With its times counted from the first frame of all files."""
    later = heard.facts.first - zero
    began = {name: round(at + later, 6) for name, at in heard.readings.began.items()}
    contacts = {
        pair: replace(known, began=round(known.began + later, 6), last=round(known.last + later, 6))
        for pair, known in heard.readings.contacts.items()
    }
    return replace(heard.readings, began=began, contacts=contacts)


def _joined(parts: Sequence[Readings]) -> Readings:
    answers: dict[Endpoint, Proof] = {}
    contacts: dict[tuple[Address, Endpoint], Contact] = {}
    spoken: dict[Endpoint, frozenset[str]] = {}
    for part in reversed(parts):
        answers |= part.answers
    for part in parts:
        for pair, contact in part.contacts.items():
            known = contacts.get(pair)
            contacts[pair] = known.joined(contact) if known else contact
        for place, names in part.spoken.items():
            spoken[place] = spoken.get(place, frozenset()) | names
    return Readings(
        tuple(witness for part in parts for witness in part.witnesses),
        tuple(seen for part in parts for seen in part.observations),
        tuple(gap for part in parts for gap in part.gaps),
        {},
        {name: at for part in parts for name, at in part.began.items()},
        answers,
        spoken,
        tuple(note for part in parts for note in part.notes),
        contacts,
    )


def _input(facts: CaptureFacts) -> Input:
    return Input(
        facts.path,
        facts.sha256,
        facts.size,
        facts.frames,
        utc(facts.first) if facts.frames else "",
        round(facts.last - facts.first, 6),
        facts.damage,
        tuple(starmap(_unread, sorted(facts.unread_links.items()))),
    )


def _unread(link_type: int, frames: int) -> str:
    what = _SEALED.get(link_type, "too short for its header" if is_read(link_type) else "")
    return f"{_frames(frames)} of link type {link_type}{what and f' ({what})'}"


def _snapped(facts: CaptureFacts) -> str:
    return (
        f"{facts.path} holds only the beginning of at least {_frames(facts.snapped)} "
        "(snap length): what was said behind the cut is not known."
    )


def _frames(number: int) -> str:
    return f"{number} frame{'s' * (number != 1)}"


def _gaps(facts: CaptureFacts) -> Iterator[Gap]:
    """What of a file was not read, and why."""
    name = facts.path
    if facts.damage:
        advice = "What follows in the file was not read. Take the capture again, if you can."
        yield Gap(name, "capture", Ending.WRONG_PROTOCOL, facts.damage, advice)
    for link_type, frames in sorted(facts.unread_links.items()):
        reason = f"{_unread(link_type, frames)} cannot be looked into"
        advice = "Take the capture on the router or on an Ethernet port, where frames are in clear."
        if link_type not in _SEALED and is_read(link_type):
            advice = "Look whether the file was damaged, or its frames cut when they were captured."
        yield Gap(name, "capture", Ending.WRONG_PROTOCOL, reason, advice)
    if facts.flows_cut:
        reason = (
            f"{facts.flows_cut} conversations were cut because too many went on at the same time"
        )
        advice = "Split the capture by host, and give the parts one by one."
        yield Gap(name, "capture", Ending.BUDGET_SPENT, reason, advice)
    if facts.unlisted:
        more = f"more stations than the {MOST_STATIONS} that are kept"
        reason = f"{_frames(facts.unlisted)} came from {more}"
        advice = "Split the capture by host, and give the parts one by one."
        yield Gap(name, "capture", Ending.BUDGET_SPENT, reason, advice)
    if facts.lost_fragments:
        reason = f"{facts.lost_fragments} packets in fragments were never complete"
        advice = "Nothing can be done about it afterwards; the parts are not in the capture."
        yield Gap(name, "capture", Ending.BUDGET_SPENT, reason, advice)
