"""Recordings: the journal that a scan writes as it goes, and what a replay reads.

One JSON object a line, with one key that says what the line is: ``header`` first, then
``packet``, ``sighting``, ``sweep``, ``conversation``, ``gap`` and ``blind_spot`` in the order they
happened, ``footer`` last. Each line is flushed when it is written, so whatever ends the process,
the conversations that had ended are there. docs/recording.md is the format for other readers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from iotscan.codec import convert, encode
from iotscan.errors import RecordingError, UsageError, unreadable
from iotscan.model import (
    Ending,
    Footer,
    Gap,
    Header,
    Packet,
    Proof,
    Recording,
    Sighting,
    Sweep,
    Transcript,
)

FORMAT = 1
Entry = Header | Packet | Sighting | Sweep | Transcript | Gap | Footer | str

_WORDS: dict[str, type] = {
    "header": Header,
    "packet": Packet,
    "sighting": Sighting,
    "sweep": Sweep,
    "conversation": Transcript,
    "gap": Gap,
    "blind_spot": str,
    "footer": Footer,
}
_WORD_OF = {noun: word for word, noun in _WORDS.items()}


class Journal:
    """Takes down what a scan sees, in memory and, with a path, on disk line by line."""

    def __init__(self, path: str | Path | None = None) -> None:
        """Open the file at once, private to its owner. Raises UsageError when it cannot be."""
        self.entries: list[Entry] = []
        self._file: IO[bytes] | None = None
        if path:
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            except OSError as error:
                raise UsageError(
                    f"the recording cannot be written to {path}: {error.strerror}. "
                    "Choose a file in a folder you may write to."
                ) from error
            self._file = os.fdopen(handle, "wb", buffering=0)

    def add(self, entry: Entry) -> None:
        """Keep one entry; it is on its way to the disk when this returns."""
        self.entries.append(entry)
        if self._file is not None:
            word = _WORD_OF[type(entry)]
            try:
                _write(self._file, b'{"%s":%s}\n' % (word.encode(), encode(entry)))
            except OSError as error:  # a full disk must not end the scan
                self.close()
                why = f"it breaks off here, for nothing more could be written ({error.strerror})"
                self.entries.append(Gap("this machine", "the recording", Ending.BUDGET_SPENT, why))

    def recording(self) -> Recording:
        """Everything so far, as a replay of the file would read it."""
        return _assemble(self.entries)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _write(file: IO[bytes], data: bytes) -> None:
    """All of it: a disk that is nearly full takes a part at first. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def is_recording(path: Path) -> bool:
    """Whether the file begins like a recording."""
    try:
        with path.open("rb") as file:
            return file.read(10) == b'{"header":'
    except OSError as error:
        raise unreadable(path, error) from error


def load(path: Path) -> Recording:
    """Read a recording. Raises RecordingError with the line where it is damaged.

    A last line that was cut off in the middle is left out: that is what a killed scan leaves.
    """
    try:
        return _assemble(_entries(path))
    except OSError as error:
        raise RecordingError(str(path), 0, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RecordingError(str(path), 0, str(error)) from error


def merge(recordings: Sequence[Recording]) -> Recording:
    """Several recordings as one, the earliest first; ids get the recording's number in front."""
    if len(recordings) == 1:
        return recordings[0]
    ordered = sorted(recordings, key=lambda recording: encode(recording.header))
    parts = [_numbered(recording, f"{i}:") for i, recording in enumerate(ordered, 1)]
    first = parts[0].header
    scope = replace(
        first.scope,
        allow=tuple(dict.fromkeys(net for part in parts for net in part.header.scope.allow)),
    )
    ends = [part.footer for part in parts]
    whole = all(end is not None and end.complete for end in ends)
    return Recording(
        replace(first, scope=scope),
        tuple(packet for part in parts for packet in part.packets),
        tuple(sighting for part in parts for sighting in part.sightings),
        tuple(sweep for part in parts for sweep in part.sweeps),
        tuple(talk for part in parts for talk in part.transcripts),
        tuple(gap for part in parts for gap in part.gaps),
        tuple(dict.fromkeys(spot for part in parts for spot in part.blind_spots)),
        Footer(max((end.ended for end in ends if end), default=0.0), whole),
    )


def _numbered(recording: Recording, prefix: str) -> Recording:
    def renamed(proof: Proof) -> Proof:
        return replace(proof, source=prefix + proof.source)

    return replace(
        recording,
        packets=tuple(replace(p, id=prefix + p.id) for p in recording.packets),
        sightings=tuple(replace(s, proof=renamed(s.proof)) for s in recording.sightings),
        sweeps=tuple(replace(s, id=prefix + s.id) for s in recording.sweeps),
        transcripts=tuple(replace(t, id=prefix + t.id) for t in recording.transcripts),
    )


def _entries(path: Path) -> Iterator[Entry]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield _entry(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise RecordingError(str(path), number, f"damaged: {error}") from error


def _entry(tree: Any) -> Entry:
    if not isinstance(tree, dict) or len(tree) != 1:
        raise ValueError("a line of a recording is one JSON object with one key")
    ((word, body),) = tree.items()
    if word not in _WORDS:
        raise ValueError(f"{word!r} is no word of recording format {FORMAT}")
    entry: Entry = convert(body, _WORDS[word])
    if isinstance(entry, Header) and entry.format != FORMAT:
        raise ValueError(f"recording format {entry.format}; this version reads format {FORMAT}")
    return entry


def _assemble(entries: Iterable[Entry]) -> Recording:
    kept: dict[type, list[Any]] = {noun: [] for noun in _WORDS.values()}
    for entry in entries:
        if not kept[Header] and not isinstance(entry, Header):
            raise ValueError("a recording begins with its header")
        kept[type(entry)].append(entry)
    if len(kept[Header]) != 1:
        raise ValueError("a recording has one header")
    return Recording(
        kept[Header][0],
        tuple(kept[Packet]),
        tuple(kept[Sighting]),
        tuple(kept[Sweep]),
        tuple(kept[Transcript]),
        tuple(kept[Gap]),
        tuple(kept[str]),
        kept[Footer][-1] if kept[Footer] else None,
    )
