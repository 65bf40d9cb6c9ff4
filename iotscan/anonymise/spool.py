"""Things told by frame, in whatever order, and taken in that of the frames: in memory while they
are few, else in a file without a name, which nobody else can open and which is gone at the end.
"""

from __future__ import annotations

import heapq
import marshal
import struct
import tempfile
from collections.abc import Iterator
from typing import IO, Any

# What is kept in memory: of content, and of what Python needs for each thing told.
MOST = 16 << 20
_EACH = 200
# Things that are written, and read again, at once.
_CHUNK = 512
_LENGTH = struct.Struct("<I")

# (frame, place in the order of telling, what it is, …)
Told = tuple[int, int, int, Any]


class Spool:
    """``most``: bytes that may be in memory."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._now, self._size, self._count = most, list[Told](), 0, 0
        self._file: IO[bytes] | None = None
        self._runs: list[tuple[int, int]] = []

    def add(self, frame: int, sort: int, what: Any, size: int = 0) -> None:
        """``what``: of what marshal writes; ``size``: about how many bytes that is."""
        self._now.append((frame, self._count, sort, what))
        self._count += 1
        self._size += size + _EACH
        if self._size > self._most:
            self._write()

    def ordered(self) -> Iterator[Told]:
        """All of them, by frame; those of one frame in the order in which they were told."""
        self._now.sort()
        return heapq.merge(*(self._run(*run) for run in self._runs), self._now)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _write(self) -> None:
        """One more run: what is in memory, in order."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        begin = self._file.seek(0, 2)
        self._now.sort()
        for at in range(0, len(self._now), _CHUNK):
            raw = marshal.dumps(self._now[at : at + _CHUNK])
            self._file.write(_LENGTH.pack(len(raw)) + raw)
        self._runs.append((begin, self._file.tell()))
        self._now, self._size = [], 0

    def _run(self, at: int, end: int) -> Iterator[Told]:
        assert self._file is not None
        while at < end:
            self._file.seek(at)
            (length,) = _LENGTH.unpack(self._file.read(4))
            # Written above, in a file that nobody else can open.
            found: list[Told] = marshal.loads(self._file.read(length))  # noqa: S302
            at += 4 + length
            yield from found
