"""The walk through pcap and pcapng files: every byte order, every kind of damage."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from iotscan.capture import pcapng as pcapng_blocks
from iotscan.capture.files import Source, is_capture, opened
from iotscan.capture.frames import Frame, Walk
from iotscan.capture.given import Given
from iotscan.capture.writer import Writer
from iotscan.errors import UsageError

FRAMES = [b"a" * 60, b"b" * 61, b""]


def walk(path: Path) -> tuple[list[Frame], Walk]:
    with opened(path) as source:
        going = Walk(source)
        return list(going.frames()), going


def walked(data: bytes, tmp_path: Path) -> tuple[list[Frame], Walk]:
    path = tmp_path / "walk"
    path.write_bytes(data)
    return walk(path)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_in_every_byte_order_and_resolution(
    order: str, nano: bool, pcap: Callable[..., bytes], tmp_path: Path
) -> None:
    frames, going = walked(pcap(FRAMES, order=order, nano=nano), tmp_path)
    assert [frame[3] for frame in frames] == FRAMES
    assert [frame[0] for frame in frames] == [1, 2, 3]
    assert [round(frame[1] - 1_700_000_000, 6) for frame in frames] == [0.0, 0.001, 0.002]
    assert (going.damage, going.count, frames[0][2]) == ("", 3, 1)
    assert round(going.last - 1_700_000_000, 6) == 0.002


def pzstd(data: bytes) -> bytes:
    """As pzstd packs: each part behind a frame that is to be passed over (RFC 8878)."""
    passed, half = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"size", len(data) // 2
    pack = zstandard.ZstdCompressor().compress
    return passed + pack(data[:half]) + passed + pack(data[half:])


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress, pzstd])
def test_packed_files(
    pack: Callable[[bytes], bytes], pcap: Callable[..., bytes], tmp_path: Path
) -> None:
    data = pcap(FRAMES * 1000)
    packed, whole = tmp_path / "x.packed", tmp_path / "x"
    packed.write_bytes(pack(data))
    whole.write_bytes(data)
    assert walk(packed)[0] == walk(whole)[0]
    assert is_capture(packed)


def test_a_packed_file_that_is_cut_off_is_read_as_far_as_it_goes(
    pcap: Callable[..., bytes], tmp_path: Path
) -> None:
    data = gzip.compress(pcap(FRAMES * 5000), compresslevel=0)
    frames, going = walked(data[: len(data) // 2], tmp_path)
    assert 1000 < len(frames) < 15_000
    assert "cannot be unpacked further" in going.damage or "cut off" in going.damage


def test_standard_input(pcap: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    data = pcap(FRAMES)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    with opened("-") as source:
        assert [frame[3] for frame in Walk(source).frames()] == FRAMES
        assert source.digest()[1] == len(data)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, options: bytes = b"", order: str = "<", snap: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def enhanced(ticks: int, data: bytes, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(
        order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data)
    )
    return block(6, head + data, order)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_with_interfaces_of_their_own_link_type_and_clock(
    order: str, tmp_path: Path
) -> None:
    nano = struct.pack(order + "HHBxxx", 9, 1, 9)
    shifted = struct.pack(order + "HHq", 14, 8, 3600)
    halves = struct.pack(order + "HHBxxx", 9, 1, 0x80 | 1)
    data = section(order) + interface(1, nano, order) + interface(101, shifted, order)
    data += interface(12, halves, order) + enhanced(5_000_000_000, b"one", 0, order)
    data += enhanced(5_000_000, b"two", 1, order) + enhanced(3, b"three", 2, order)
    frames, going = walked(data, tmp_path)
    assert [(f[1], f[2], f[3]) for f in frames] == [
        (5.0, 1, b"one"),
        (3605.0, 101, b"two"),
        (1.5, 12, b"three"),
    ]
    assert going.damage == ""


def test_pcapng_old_and_simple_packets_names_and_secrets(tmp_path: Path) -> None:
    old = block(2, struct.pack("<HHIIII", 0, 0, 0, 1_000_000, 3, 3) + b"old")
    simple = block(3, struct.pack("<I", 9) + b"simple-is")
    names = block(4, struct.pack("<HH", 1, 9) + b"\x0a\0\0\1lamp\0" + bytes(3) + bytes(4))
    secrets = block(10, b"KSLT" + struct.pack("<I", 4) + b"keys")
    unknown = block(0xBAD, b"whatever")
    data = section() + interface(snap=6) + old + simple + names + secrets + unknown
    frames, going = walked(data, tmp_path)
    assert [frame[3] for frame in frames] == [b"old", b"simple"]
    assert (going.told.names, going.told.keylog) == ({b"\x0a\0\0\1": b"lamp"}, [b"keys"])


def test_what_a_file_describes_without_end_is_kept_in_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcapng_blocks, "MOST_INTERFACES", 2)
    monkeypatch.setattr(pcapng_blocks, "MOST_NAMES", 1)
    monkeypatch.setattr(pcapng_blocks, "MOST_SECRETS", 7)
    names = [block(4, struct.pack("<HH", 1, 6) + bytes([10, 0, 0, n]) + b"l\0") for n in (1, 2, 1)]
    secrets = block(10, b"KSLT" + struct.pack("<I", 4) + b"keys")
    data = section() + b"".join(names) + secrets * 2 + interface() * 3
    data += enhanced(1, b"one", 1) + section() + interface() + enhanced(1, b"two") + secrets
    frames, going = walked(data, tmp_path)
    assert [frame[3] for frame in frames] == [b"one", b"two"]
    assert going.told.names == {bytes([10, 0, 0, 1]): b"l"}
    assert (going.told.keylog, going.damage) == ([b"keys"], "")
    _, going = walked(section() + interface() * 3 + enhanced(1, b"one", 2), tmp_path)
    assert going.damage.endswith("a frame is of interface 2, which is not described")
    _, going = walked(section() + block(3, struct.pack("<I", 1) + b"a"), tmp_path)
    assert going.damage.endswith("a frame is of interface 0, which is not described")


def test_a_second_section_begins_anew(tmp_path: Path) -> None:
    data = section() + interface() + enhanced(1, b"one")
    data += section(">") + interface(12, b"", ">") + enhanced(1, b"two", 0, ">")
    assert [(f[2], f[3]) for f in walked(data, tmp_path)[0]] == [(1, b"one"), (12, b"two")]


def pcapng() -> bytes:
    out = io.BytesIO()
    writer = Writer(out)
    for number, frame in enumerate(FRAMES[:2]):
        writer.packet(1_700_000_000 + number / 4, 1, frame, 100, comment="a comment")
    return out.getvalue()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    frames, going = walked(pcapng(), tmp_path)
    assert [(f[1] - 1_700_000_000, f[3], f[4]) for f in frames] == [
        (0.0, FRAMES[0], 100),
        (0.25, FRAMES[1], 100),
    ]
    assert going.damage == ""


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_a_file_cut_at_every_byte_says_so_and_keeps_what_came_before(
    kind: str, pcap: Callable[..., bytes], tmp_path: Path
) -> None:
    data = pcap(FRAMES[:2]) if kind == "pcap" else pcapng()
    whole = [frame[3] for frame in walked(data, tmp_path)[0]]
    clean = 0
    for length in range(len(data)):
        frames, going = walked(data[:length], tmp_path)
        assert [frame[3] for frame in frames] == whole[: len(frames)]
        assert going.count == len(frames)
        clean += not going.damage
        if going.damage and length > 24:
            assert f"after frame {len(frames)}" in going.damage
    # Only cuts between records, or between blocks, cannot be told from an end.
    assert clean == (2 if kind == "pcap" else 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"GIF89a" + bytes(40), "neither a pcap"),
        (struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 1, 1), "neither a pcap"),
        (
            struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1, 1)
            + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 1),
            "claims 4294967295 bytes",
        ),
        (section() + struct.pack("<III", 6, 0xFFFFFFF0, 0), "a block claims 4294967280 bytes"),
        (section() + struct.pack("<II", 6, 8) + bytes(4), "a block claims 8 bytes"),
        (section() + enhanced(1, b"x"), "interface 0, which is not described"),
        (section()[:8] + bytes(4) + section()[12:], "no byte-order mark"),
        (
            section() + interface() + block(6, struct.pack("<IIIII", 0, 0, 0, 99, 99) + b"x"),
            "shorter than its fields",
        ),
    ],
)
def test_damage_is_told(data: bytes, said: str, tmp_path: Path) -> None:
    frames, going = walked(data, tmp_path)
    assert frames == []
    assert said in going.damage


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["pcap", "pcapng"]))
def test_garbage_after_a_header_ends_the_walk_and_nothing_else(data: bytes, kind: str) -> None:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1, 1)
    whole = head + data if kind == "pcap" else section() + interface() + data
    source = Source(io.BytesIO(whole), Given(io.BytesIO()))
    assert len(list(Walk(source).frames())) <= len(data)


def test_digest_is_of_the_file_as_given(pcap: Callable[..., bytes], tmp_path: Path) -> None:
    data = gzip.compress(pcap(FRAMES))
    path = tmp_path / "x.gz"
    path.write_bytes(data)
    with opened(path) as source:
        assert source.digest() == (hashlib.sha256(data).hexdigest(), len(data))


def test_what_cannot_be_opened_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"), opened(tmp_path / "none"):
        pass
    with pytest.raises(UsageError, match="cannot be read"):
        is_capture(tmp_path / "none")
    (tmp_path / "text").write_text("no capture")
    assert not is_capture(tmp_path / "text")
    (tmp_path / "gz").write_bytes(b"\x1f\x8b broken")
    assert not is_capture(tmp_path / "gz")
