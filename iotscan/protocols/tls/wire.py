"""Reading of the number and vector forms that TLS messages are built of. RFC 8446 section 3."""

from __future__ import annotations

from iotscan.errors import Malformed


class Cursor:
    """Walks through one message; every step past its end raises Malformed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        end = self._at + count
        if end > len(self._data):
            raise Malformed(f"{count} bytes announced, {len(self._data) - self._at} left")
        part = self._data[self._at : end]
        self._at = end
        return part

    def number(self, size: int) -> int:
        """The next ``size`` bytes as a number, most significant first."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """A vector whose length stands before it in ``size`` bytes."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self._data) - self._at)


def numbers(data: bytes, size: int) -> tuple[int, ...]:
    """A list of numbers of ``size`` bytes each; Malformed when the last one is cut."""
    if len(data) % size:
        raise Malformed(f"a list of {size}-byte numbers has {len(data)} bytes")
    return tuple(int.from_bytes(data[i : i + size], "big") for i in range(0, len(data), size))


def vector(data: bytes, size: int) -> bytes:
    """``data`` with its length in ``size`` bytes before it."""
    return len(data).to_bytes(size, "big") + data


def extensions(block: bytes) -> dict[int, bytes]:
    """Extension type → content, in their order; the first of a repeated type. RFC 8446 §4.2."""
    found: dict[int, bytes] = {}
    cursor = Cursor(block)
    while cursor:
        kind = cursor.number(2)
        found.setdefault(kind, cursor.vector(2))
    return found
