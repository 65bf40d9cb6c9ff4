"""Opens capture files, plain or compressed, and pipes, as bounded streams.

Nothing here knows pcap; :mod:`iotscan.capture.frames` does.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import zstandard

from iotscan.errors import UsageError

STANDARD_INPUT = "-"
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# pcap in both byte orders, micro- and nanoseconds, and pcapng.
MAGIC = frozenset(
    {
        b"\xd4\xc3\xb2\xa1",
        b"\xa1\xb2\xc3\xd4",
        b"\x4d\x3c\xb2\xa1",
        b"\xa1\xb2\x3c\x4d",
        b"\n\r\r\n",
    }
)
# Large enough that the cost of a read does not show, small enough for a processor's cache.
CHUNK = 1 << 19
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError)


class Unpacked(Protocol):
    """A stream of bytes that hands out what it has."""

    def read1(self, size: int = -1, /) -> bytes: ...


class Readable(Protocol):
    """What a file or a pipe offers, buffered or not."""

    def read(self, size: int = -1, /) -> bytes: ...
    def readinto(self, buffer: Any, /) -> int | None: ...


class Source:
    """Bytes by position, forward only: ``need`` makes them available in ``data``, a window that
    slides. ``base`` is the position of ``data[0]`` in the (unpacked) file.

    Not mapped into memory: pages of a mapped file count as memory of the process, and Python reads
    bytes faster than maps.
    """

    def __init__(self, stream: Unpacked, given: Given) -> None:
        self.data = b""
        self.base = 0
        self.damage = ""
        self._stream = stream
        self._given = given

    def need(self, offset: int, length: int) -> int:
        """Make ``length`` bytes at ``offset`` (in ``data``) available.

        Returns the offset at which they now stand, or -1 when the file ends before.
        """
        if offset + length <= len(self.data):
            return offset
        rest = self.data[offset:]
        self.base += min(offset, len(self.data))
        parts, have = [rest], len(rest)
        while have < length:
            chunk = self._read()
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        self.data = b"".join(parts)
        return 0 if have >= length else -1

    def digest(self) -> tuple[str, int]:
        """SHA-256 and size of the file as it was given. Reads what was not read yet."""
        return self._given.finish()

    def _read(self) -> bytes:
        """Up to ``CHUNK`` bytes. What could be unpacked before a fault is not lost to it."""
        parts: list[bytes] = []
        size = 0
        try:
            while size < CHUNK and (part := self._stream.read1(CHUNK - size)):
                parts.append(part)
                size += len(part)
        except _DAMAGE as error:
            self.damage = f"the file cannot be unpacked further: {error}"
        return b"".join(parts)


class Given(io.RawIOBase):
    """A stream that is measured and hashed as it is read, before it is unpacked."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self._hash = hashlib.sha256()
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._inner.readinto(buffer) or 0
        self._count(memoryview(buffer)[:size])
        return size

    def finish(self) -> tuple[str, int]:
        """Read what is left; (SHA-256, size) of all of it."""
        try:
            while chunk := self._inner.read(CHUNK):
                self._count(chunk)
        except OSError:  # what could be read is what was given
            pass
        return self._hash.hexdigest(), self._size

    def _count(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self._size += len(data)


@contextmanager
def opened(path: Path | str) -> Iterator[Source]:
    """Open a capture, "-" for standard input. Raises UsageError when it cannot be read."""
    if str(path) == STANDARD_INPUT:
        yield _streamed(cast("Readable", sys.stdin.buffer))
        return
    try:
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115  (closed below; only opening is tried here)
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield _streamed(file)


def is_capture(path: Path) -> bool:
    """Whether the file begins like a capture, plain or compressed. Raises UsageError."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if head.startswith(GZIP):
                head = gzip.GzipFile(fileobj=file).read(4)
            elif head == ZSTD:
                head = zstandard.ZstdDecompressor().stream_reader(file, closefd=False).read(4)
            return head in MAGIC
    except gzip.BadGzipFile:
        return False
    except OSError as error:
        raise _unreadable(path, error) from error
    except _DAMAGE:
        return False


def _unreadable(path: Path | str, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be read: {error.strerror}. Check the path.")


def _streamed(file: Readable) -> Source:
    given = Given(file)
    return Source(_unpacked(given), given)


def _unpacked(given: Given) -> Unpacked:
    peekable = io.BufferedReader(given, CHUNK)
    head = peekable.peek(4)[:4]
    if head.startswith(GZIP):
        return gzip.GzipFile(fileobj=peekable)
    if head == ZSTD:
        unpacker = zstandard.ZstdDecompressor()
        return unpacker.stream_reader(peekable, read_across_frames=True)
    return peekable
