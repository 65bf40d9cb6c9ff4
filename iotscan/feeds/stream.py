"""A large JSON object read member by member, in bounded memory, however long the file is."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iotscan.capture.files import Source, opened
from iotscan.errors import UsageError

# The largest record of the public lists takes some hundred kilobytes.
LONGEST_VALUE = 8 << 20
# All of the NVD is about two gigabytes; more than this only a packed bomb unpacks to.
LONGEST_FILE = 8 << 30
_SPACE = " \t\r\n"
# What has an end of its own; the others are numbers, of which this may still be missing.
_CLOSED = (str, list, dict, bool, type(None))
_NUMBER_TAIL = 4


class Document:
    """The members of the object in a file. Made by :func:`reading`; raises ValueError for what is
    no JSON, and where a single value or the whole is too long.
    """

    def __init__(self, source: Source, longest: int = LONGEST_FILE) -> None:
        self._source, self._longest = source, longest
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text, self._at, self._read, self._ended = "", 0, 0, False

    def members(self, arrays: Set[str]) -> Iterator[tuple[str, Any]]:
        """(key, value) of each member; of those named, each element of their array instead."""
        self._expect("{")
        if self._next("}"):
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise ValueError("a key is no text")
            self._expect(":")
            if key in arrays and self._next("["):
                for element in self._elements():
                    yield key, element
            else:
                yield key, self._value()
            if self._next("}"):
                return
            self._expect(",")

    def digest(self) -> str:
        """SHA-256 of the file as it was given."""
        return self._source.digest()[0]

    def _elements(self) -> Iterator[Any]:
        if self._next("]"):
            return
        while True:
            yield self._value()
            if self._next("]"):
                return
            self._expect(",")

    def _value(self) -> Any:
        self._skip()
        while True:
            began = self._at
            try:
                value, end = self._json.raw_decode(self._text, began)
                # A number at the end of what was read may go on: "-7" of "-7.5", "1" of "1e9".
                cut = end + _NUMBER_TAIL > len(self._text) and not isinstance(value, _CLOSED)
                if not (cut and self._more()):
                    self._at += end - began
                    return value
            except json.JSONDecodeError as error:
                if not self._more():
                    raise ValueError(f"it is no JSON: {error.msg}") from error
            except RecursionError as error:
                raise ValueError("its values are nested too deeply") from error

    def _expect(self, sign: str) -> None:
        if not self._next(sign):
            found = self._text[self._at : self._at + 1]
            raise ValueError(f"it is no JSON: {sign} was expected, not {found or 'its end'!r}")

    def _next(self, sign: str) -> bool:
        """Whether the next thing is this sign, which is then passed."""
        self._skip()
        if self._text[self._at : self._at + 1] != sign:
            return False
        self._at += 1
        return True

    def _skip(self) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return

    def _more(self) -> bool:
        """Read on, and forget what lies behind; False at the end of the file."""
        if self._ended:
            return False
        source = self._source
        self._ended = source.need(len(source.data), 1) < 0
        if source.damage:
            raise ValueError(source.damage)
        self._read += len(source.data)
        rest = self._text[self._at :]
        if self._read > self._longest or len(rest) > LONGEST_VALUE:
            raise ValueError("it is longer than any list of flaws")
        self._text = rest + self._decoder.decode(source.data, self._ended)
        self._at = 0
        return not self._ended


@contextmanager
def reading(path: Path) -> Iterator[Document]:
    """Open a JSON file, plain or packed with gzip or zstd. Raises UsageError."""
    if not path.is_file():
        raise UsageError(f"{path} is no file that can be read")
    with opened(path) as source:
        yield Document(source)
