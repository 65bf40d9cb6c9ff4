"""Opens capture files: plain ones mapped into memory, compressed ones and pipes as bounded streams.

Nothing here knows pcap; :mod:`iotscan.capture.frames` does.
"""

from __future__ import annotations

import gzip
import io
import mmap
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from iotscan.errors import UsageError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# Read-ahead of a stream: large enough that Python's cost per read does not show.
CHUNK = 1 << 20


class Source:
    """Bytes by position, forward only: ``need`` makes them available in ``data``.

    For a mapped file ``data`` is the whole file and ``need`` is a comparison; for a stream ``data``
    is a window that slides. ``base`` is the position of ``data[0]`` in the (unpacked) file.
    """

    def __init__(self, data: bytes | mmap.mmap, stream: BinaryIO | None = None) -> None:
        self.data: bytes | mmap.mmap = data
        self.base = 0
        self.damage = ""
        self._stream = stream

    def need(self, offset: int, length: int) -> int:
        """Make ``length`` bytes at ``offset`` (in ``data``) available.

        Returns the offset at which they now stand, or -1 when the file ends before.
        """
        if offset + length <= len(self.data):
            return offset
        if self._stream is None:
            return -1
        rest = bytes(self.data[offset:])
        self.base += offset
        parts, have = [rest], len(rest)
        while have < length:
            chunk = self._read()
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        self.data = b"".join(parts)
        return 0 if have >= length else -1

    def _read(self) -> bytes:
        assert self._stream is not None
        try:
            return self._stream.read(CHUNK)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            self.damage = f"the compressed file is damaged: {error}"
            return b""


@contextmanager
def opened(path: Path | str) -> Iterator[Source]:
    """Open a capture, "-" for standard input. Raises UsageError when it cannot be read."""
    if str(path) == "-":
        yield Source(b"", _unpacked(sys.stdin.buffer))
        return
    try:
        with Path(path).open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if head.startswith(GZIP) or head == ZSTD or not _mappable(file):
                yield Source(b"", _unpacked(file))
            elif not head:
                yield Source(b"")
            else:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                    yield Source(mapped)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Check the path.") from error


def _mappable(file: BinaryIO) -> bool:
    try:
        return file.seekable() and file.seek(0, io.SEEK_END) >= 0
    finally:
        if file.seekable():
            file.seek(0)


def _unpacked(file: BinaryIO) -> BinaryIO:
    peekable = io.BufferedReader(cast("io.RawIOBase", file))
    head = peekable.peek(4)[:4]
    if head.startswith(GZIP):
        return cast("BinaryIO", gzip.GzipFile(fileobj=peekable))
    if head == ZSTD:
        import zstandard

        return cast("BinaryIO", zstandard.ZstdDecompressor().stream_reader(peekable))
    return peekable
