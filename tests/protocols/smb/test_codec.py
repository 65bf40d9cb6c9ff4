"""SMB's NEGOTIATE."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.smb.codec import NT_LM, V1, V2, Negotiated, negotiate_1, negotiate_2, take


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def answer_1(index: int, mode: int = 0x03, words: int = 17) -> bytes:
    head = V1 + b"\x72" + bytes(4) + b"\x98" + bytes(22)
    return framed(head + bytes([words]) + struct.pack("<HB", index, mode) + bytes(33))


def answer_2(dialect: int, mode: int = 1, status: int = 0, flags: int = 1) -> bytes:
    head = V2 + struct.pack("<HHIHHI", 64, 0, status, 0, 1, flags) + bytes(44)
    return framed(head + struct.pack("<HHHH", 65, mode, dialect, 0) + bytes(56))


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (answer_1(0), Negotiated(1, NT_LM, False)),
        (answer_1(0, 0x0F), Negotiated(1, NT_LM, True)),
        (answer_1(0xFFFF), Negotiated(1, "")),
        (answer_1(0xFFFF, words=1), Negotiated(1, "")),
        (answer_2(0x0302), Negotiated(2, "3.0.2", False)),
        (answer_2(0x0210, 3), Negotiated(2, "2.1", True)),
        (answer_2(0x02FF), Negotiated(2, "2", False)),
        (answer_2(0, status=0xC00000BB), Negotiated(2, "")),
    ],
)
def test_answers_are_read(raw: bytes, found: Negotiated) -> None:
    assert take(raw + b"more") == (found, len(raw))
    for end in range(4, len(raw)):
        assert take(raw[:end]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400",
        framed(b"\xffSMC" + bytes(60)),
        framed(V1 + b"\x73" + bytes(60)),
        answer_2(0x9999),
        answer_2(0x0302, flags=0),
        b"\0\xff\xff\xff\xffSMB",
        negotiate_1(NT_LM),
        negotiate_2(),
    ],
)
def test_requests_and_strangers_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        take(raw)


def test_requests_are_as_the_specification_has_them() -> None:
    first = negotiate_1(NT_LM)
    assert first[:4] == (len(first) - 4).to_bytes(4, "big")
    assert first[4:9] == V1 + b"\x72"
    assert first[36:] == b"\0" + (12).to_bytes(2, "little") + b"\x02NT LM 0.12\0"
    second = negotiate_2()
    assert len(second) == 4 + 64 + 36 + 8
    # Its size, no charge, status or command, one credit asked for, and zeros behind that:
    # no flags, no message before it, no process, tree, session or signature (MS-SMB2 2.2.1.2).
    assert second[4:68] == V2 + b"\x40\0" + bytes(8) + b"\1\0" + bytes(48)
    assert second[-8:] == struct.pack("<4H", 0x0202, 0x0210, 0x0300, 0x0302)


@given(st.binary(max_size=80))
def test_garbage_is_refused_or_waited_for(raw: bytes) -> None:
    for data in (raw, framed(V1 + raw), framed(V2 + raw)):
        try:
            take(data)
        except Malformed:
            continue
