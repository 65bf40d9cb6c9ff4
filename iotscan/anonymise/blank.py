"""What nobody could read: zeroes, or what is known replaced in it, as wished."""

from __future__ import annotations

from iotscan.anonymise.book import Book

BLANKED, BLANK_FRAMES = "bytes of unread payload", "frames with unread payload"
FRAGMENTS = "fragments of packets that are not whole"
BLANK_HEADS = "frames whose link layer is not understood"


class Blank:
    """Call it with such bytes. ``keep``: they are kept, searched for what is known."""

    def __init__(self, book: Book, *, keep: bool) -> None:
        self.keep = keep
        self._book = book
        self._frames = self._bytes = 0
        self._touched = False

    def __call__(self, data: bytes) -> bytes:
        """As many bytes. Zeroes that were there already are not counted as changed."""
        if self.keep:
            return self._book.text(data)
        size = len(data) - data.count(0)
        if size:
            self._bytes += size
            self._touched = True
        return bytes(len(data))

    def framed(self) -> None:
        """One frame is done."""
        if self._touched:
            self._frames += 1
            self._touched = False

    def tell(self, lost: int) -> None:
        """Put what was counted with what else was. ``lost``: fragments that were given up."""
        counts = {BLANKED: self._bytes, BLANK_FRAMES: self._frames, FRAGMENTS: lost}
        self._book.counts.update({sort: count for sort, count in counts.items() if count})
        self._bytes = self._frames = 0
