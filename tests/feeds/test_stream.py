"""A JSON object member by member: any cut of the file, any packing, hostile files in bounds."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from iotscan.capture.files import Source
from iotscan.capture.given import Given
from iotscan.errors import UsageError
from iotscan.feeds import stream
from iotscan.feeds.stream import Document, reading

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


class Dripping(io.RawIOBase):
    """A file that hands out a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = io.BytesIO(data), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._data.read(min(self._size, len(buffer)))
        buffer[: len(part)] = part
        return len(part)


def document(data: bytes, size: int = 1 << 16, longest: int = 1 << 30) -> Document:
    given = Given(Dripping(data, size))
    source = Source(Once(given, size), given)
    return Document(source, longest)


class Once:
    """Reads at most ``size`` bytes at a time, as a slow pipe would, and so do its windows."""

    def __init__(self, inner: Given, size: int) -> None:
        self._inner, self._size, self._turn = inner, size, False

    def read1(self, size: int = -1, /) -> bytes:
        self._turn = not self._turn  # a window ends with every second answer
        return (self._inner.read(self._size) or b"") if self._turn else b""


def members(data: bytes, size: int = 1 << 16) -> list[tuple[str, Any]]:
    return list(document(data, size).members({"items"}))


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.integers(1, 9))
def test_members_are_those_of_the_object_however_it_is_cut(tree: Any, size: int) -> None:
    tree.pop("items", None)
    data = json.dumps(tree, ensure_ascii=False).encode()
    assert members(data, size) == list(tree.items())


@given(st.lists(VALUES, max_size=5), st.integers(1, 9), st.sampled_from([None, 2]))
def test_elements_of_a_named_array_come_one_by_one(
    items: list[Any], size: int, indent: int | None
) -> None:
    data = json.dumps({"n": 12345, "items": items, "m": -7.5}, indent=indent).encode()
    wanted = [("n", 12345), *(("items", item) for item in items), ("m", -7.5)]
    assert members(data, size) == wanted


def test_a_named_member_that_is_no_array_comes_whole() -> None:
    assert members(b'{"items": {"a": 1}}') == [("items", {"a": 1})]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"items": [1, 2',
        b'{"items": [1 2]}',
        b'{"items": [1,]}',
        b"{1: 2}",
        b'{"a" 1}',
        b'{"a": 1',
        b'{"a": \xff"}',
        b'{"a": "\xc3',
        b'{"a": nul}',
        b'{"items": ' + b"[" * 100_000,
        b"<html>",
        b"\x00" * 64,
    ],
)
@pytest.mark.parametrize("size", [3, 1 << 16])
def test_what_is_no_json_is_told(data: bytes, size: int) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        members(data, size)


def test_one_value_without_an_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "LONGEST_VALUE", 10_000)
    with pytest.raises(ValueError, match="longer than any list"):
        members(b'{"items": ["' + b"a" * 50_000 + b'"]}', 1000)


def test_a_file_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = b'{"items": [' + b"1," * 10_000
    with pytest.raises(ValueError, match="longer than any list"):
        list(document(endless, 1000, longest=5000).members({"items"}))


def write(path: Path, items: Iterable[Any], packed: str) -> Path:
    data = json.dumps({"items": list(items)}).encode()
    if packed == "gz":
        data = gzip.compress(data)
    elif packed == "zst":
        data = zstandard.ZstdCompressor().compress(data)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("packed", ["", "gz", "zst"])
def test_packed_files_are_unpacked_and_hashed_as_they_were_given(
    tmp_path: Path, packed: str
) -> None:
    import hashlib

    path = write(tmp_path / "list.json", range(1000), packed)
    with reading(path) as opened:
        assert len(list(opened.members({"items"}))) == 1000
        assert opened.digest() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_packed_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "list.json.gz", (str(i) * 9 for i in range(9000)), "gz")
    path.write_bytes(path.read_bytes()[:-200])
    with reading(path) as opened, pytest.raises(ValueError, match="unpacked"):
        list(opened.members({"items"}))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "bomb.json.gz", ["x" * 1000] * 60_000, "gz")
    assert path.stat().st_size < 400_000
    tracemalloc.start()
    with reading(path) as opened:
        assert sum(1 for _ in opened.members({"items"})) == 60_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20  # of 60 MB


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file that can be read"), reading(tmp_path):
        pass
