"""Opens capture files, plain or compressed, and pipes, as bounded streams.

Nothing here knows pcap; :mod:`iotscan.capture.frames` does.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import zstandard

from iotscan.capture.given import BLOCK, Given, Readable
from iotscan.errors import unreadable

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
# What is kept of a window: large enough that the cost of a read does not show, small enough for a
# processor's cache.
CHUNK = BLOCK
# No capture becomes so much larger when it is unpacked; a bomb does. Smaller ones do no harm.
LARGEST_RATIO, SMALL = 250, 64 << 20
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError)


class Unpacked(Protocol):
    """A stream of bytes that hands out what it has."""

    def read1(self, size: int = -1, /) -> bytes: ...


class Source:
    """Bytes by position, forward only: ``need`` makes them available in ``data``, a window that
    slides. ``base`` is the position of ``data[0]`` in the (unpacked) file.

    Not mapped into memory: pages of a mapped file count as memory of the process, and Python reads
    bytes faster than maps.
    """

    def __init__(self, stream: Unpacked, given: Given) -> None:
        """``stream``: what ``given`` is when it is unpacked, or itself."""
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
        unpacked = self.base + len(self.data)
        if unpacked > max(SMALL, LARGEST_RATIO * self._given.size):
            self.damage = (
                f"the file unpacks to more than {LARGEST_RATIO} times its size: no capture does"
            )
            return b""
        try:
            while size < CHUNK and (part := self._stream.read1(CHUNK - size)):
                parts.append(part)
                size += len(part)
        except _DAMAGE as error:
            self.damage = f"the file cannot be unpacked further: {error}"
        return b"".join(parts)


@contextmanager
def opened(path: Path | str) -> Iterator[Source]:
    """Open a capture, "-" for standard input. Raises UsageError when it cannot be read."""
    file: Readable
    with ExitStack() as stack:
        if str(path) == STANDARD_INPUT:
            # A pipe's own reads hand out what is there; those of a buffer wait until it is full.
            file = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        else:
            try:
                file = stack.enter_context(Path(path).open("rb", buffering=0))
            except OSError as error:
                raise unreadable(path, error) from error
        given = Given(file)
        stack.callback(given.close)
        yield Source(_unpacked(given), given)


def is_capture(path: Path) -> bool:
    """Whether the file begins like a capture, plain or compressed. Raises UsageError."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if head.startswith(GZIP):
                head = gzip.GzipFile(fileobj=file).read(4)
            elif _is_zstd(head):
                unpacker = zstandard.ZstdDecompressor()
                head = unpacker.stream_reader(file, read_across_frames=True, closefd=False).read(4)
            return head in MAGIC
    except gzip.BadGzipFile:
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    except _DAMAGE:
        return False


def _is_zstd(head: bytes) -> bool:
    """Whether a frame of data begins, or one to be passed over, as pzstd puts in front (RFC 8878,
    section 3.1.2).
    """
    return head[:4] == ZSTD or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5)


def _unpacked(given: Given) -> Unpacked:
    head = given.peek(4)
    # Both do no more than read it; their annotations ask for all that a file can do.
    file = cast(BinaryIO, given)
    if head.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)
    if _is_zstd(head):
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return given
