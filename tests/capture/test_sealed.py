"""Where a TLS connection says nothing more in clear, and is not looked at any longer."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from iotscan.capture.sealed import Records

HELLO, CHANGE, SECRET = (
    bytes([kind]) + b"\x03\x03\0\x04" + body
    for kind, body in ((22, b"\x02\0\0\0"), (20, b"\1\1\1\1"), (23, b"\x17\x03\x03\0"))
)


def first_sealed(pieces: list[bytes]) -> int | None:
    """How many bytes of the pieces were taken when the side was sealed."""
    records, taken = Records(), 0
    for piece in pieces:
        taken += len(piece)
        sealed = records.sealed(piece, len(piece))
        assert sealed is not None
        if sealed:
            return taken
    return None


@given(st.lists(st.integers(1, 40), max_size=40))
def test_a_side_is_sealed_by_its_first_record_of_application_data_however_it_is_cut(
    cuts: list[int],
) -> None:
    said = HELLO * 3 + CHANGE + SECRET + HELLO
    ends = sorted({min(sum(cuts[:i]), len(said)) for i in range(len(cuts) + 1)} | {len(said)})
    pieces = [said[a:b] for a, b in pairwise(ends)]
    head = len(HELLO * 3 + CHANGE) + 5
    sealed = first_sealed(pieces)
    assert sealed == next(end for end in ends if end >= head)


def test_handshakes_alone_seal_nothing() -> None:
    assert first_sealed([HELLO, CHANGE, HELLO]) is None


def test_what_is_no_tls_is_told_at_once_or_later() -> None:
    assert Records().sealed(b"\x16\x02\x03\0\x04", 5) is None
    assert Records().sealed(b"GET / HTTP/1.1\r\n", 16) is None
    records = Records()
    assert records.sealed(HELLO, len(HELLO)) is False
    assert records.sealed(b"220 ready\r\n", 11) is None
    assert Records().sealed(b"\x16\x03\x03\xff\xff", 5) is None  # longer than any record


def test_of_a_record_that_the_capture_cut_the_next_is_found() -> None:
    """Its length stands at its beginning."""
    long = b"\x16\x03\x03\0\x40" + bytes(64)
    records = Records()
    assert records.sealed(long[:20], len(long)) is False
    assert records.sealed(SECRET, len(SECRET)) is True


def test_where_the_head_of_a_record_is_cut_off_nothing_can_be_told() -> None:
    records = Records()
    assert records.sealed(HELLO, len(HELLO) + 20) is None
