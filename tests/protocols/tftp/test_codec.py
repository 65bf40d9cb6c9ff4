"""TFTP packets, and what firmware looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.common.firmware import image_in, is_named_so
from iotscan.protocols.tftp.codec import Ack, Data, Options, Refusal, Request, decode, encode


@given(
    st.binary(min_size=1, max_size=40).filter(lambda name: min(name) >= 0x20),
    st.sampled_from(["octet", "netascii", "mail"]),
    st.booleans(),
)
def test_a_request_reads_as_it_was_written(name: bytes, mode: str, write: bool) -> None:
    request = Request(name, mode, write)
    assert decode(encode(request)) == request


def test_options_belong_to_a_request_and_to_its_answer() -> None:
    asked = decode(b"\0\1boot.bin\0OCTET\0blksize\x001468\0tsize\x000\0")
    assert asked == Request(b"boot.bin", "octet", False, (("blksize", "1468"), ("tsize", "0")))
    assert decode(b"\0\6blksize\x001468\0") == Options((("blksize", "1468"),))


@pytest.mark.parametrize(
    ("raw", "packet"),
    [
        (b"\0\3\0\1abc", Data(1, b"abc")),
        (b"\0\3\xff\xff", Data(0xFFFF, b"")),
        (b"\0\4\0\2", Ack(2)),
        (b"\0\5\0\1File not found\0", Refusal(1, b"File not found")),
        (b"\0\5\0\2Access violation", Refusal(2, b"Access violation")),
    ],
)
def test_every_packet_is_read(raw: bytes, packet: object) -> None:
    assert decode(raw) == packet


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\1",
        b"\0\1boot.bin\0",
        b"\0\1boot.bin\0binary\0",
        b"\0\1\0octet\0",
        b"\0\1boot\1bin\0octet\0",
        b"\0\1boot.bin\0octet",
        b"\0\1boot.bin\0octet\0blksize\0",
        b"\0\4\0\1more",
        b"\0\5\0\x63text\0",
        b"\0\5\0\1text\0tail",
        b"\0\5\0\1\x80\x01\0",
        b"\0\7\0\1",
        b"\1\3\0\1",
    ],
)
def test_what_is_no_packet_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode(raw)


@given(st.binary(max_size=64))
def test_garbage_is_refused_or_read(raw: bytes) -> None:
    try:
        decode(raw)
    except Malformed:
        return
    assert raw[:1] == b"\0"


@pytest.mark.parametrize(
    ("content", "image"),
    [
        (b"\x27\x05\x19\x56rest", "u-boot"),
        (b"hsqs", "squashfs"),
        (b"\x7fELF\2", "elf"),
        (b"\x7fEL", ""),
        (b"", ""),
        (b"PK\3\4", ""),
    ],
)
def test_an_image_is_known_by_its_first_bytes(content: bytes, image: str) -> None:
    assert image_in(content) == image


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/firmware/a", True),
        ("x/fw-1.bin", True),
        ("cam.trx", True),
        ("upgrade-3.bin", True),
        ("photo.jpg", False),
        ("data.bin", False),
        ("image.png", False),
    ],
)
def test_a_name_may_be_that_of_firmware(path: str, named: bool) -> None:
    assert is_named_so(path) is named
