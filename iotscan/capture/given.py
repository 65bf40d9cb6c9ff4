"""A capture as it was given: read, measured, and hashed beside the reading."""

from __future__ import annotations

import hashlib
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Protocol

# Blocks that may wait for being hashed; the reading then waits as well.
MOST_WAITING = 8
BLOCK = 1 << 19


class Readable(Protocol):
    """What a file or a pipe offers."""

    def read(self, size: int = -1, /) -> bytes: ...


class Given:
    """Hands out what ``inner`` holds, as it is, and knows at the end what that was.

    The hash is made in a thread of its own: hashlib lets go of the interpreter, so on a second
    core it costs no time.
    """

    def __init__(self, inner: Readable) -> None:
        self.size = 0
        self._inner = inner
        self._back = b""
        self._hash = hashlib.sha256()
        self._room = Semaphore(MOST_WAITING)
        self._blocks: SimpleQueue[bytes | None] = SimpleQueue()
        self._worker: Thread | None = None

    def peek(self, size: int) -> bytes:
        """The next bytes, at least so many if there are, without taking them."""
        while len(self._back) < size and (more := self._fetch(BLOCK)):
            self._back += more
        return self._back

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes; fewer only if no more are at hand."""
        if self._back:
            size = len(self._back) if size < 0 else size
            data, self._back = self._back[:size], self._back[size:]
            return data
        return self._fetch(size)

    read1 = read

    def finish(self) -> tuple[str, int]:
        """Read what is left; (SHA-256, size) of all of it."""
        try:
            while self._fetch(BLOCK):
                pass
        except OSError:  # what could be read is what was given
            pass
        self.close()
        return self._hash.hexdigest(), self.size

    def close(self) -> None:
        """End the thread, once what was read is hashed."""
        if self._worker is not None:
            self._blocks.put(None)
            self._worker.join()
            self._worker = None

    def _fetch(self, size: int) -> bytes:
        data = self._inner.read(size)
        if data:
            self.size += len(data)
            self._room.acquire()
            self._blocks.put(data)
            if self._worker is None:
                self._worker = Thread(target=self._digest, name="hash of a capture", daemon=True)
                self._worker.start()
        return data

    def _digest(self) -> None:
        while (block := self._blocks.get()) is not None:
            self._hash.update(block)
            self._room.release()
