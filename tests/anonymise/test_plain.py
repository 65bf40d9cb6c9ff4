"""The short way for the frames of which most captures are: what becomes of them is the same."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from iotscan.anonymise.blank import Blank
from iotscan.anonymise.job import book_for
from iotscan.anonymise.known import Entry
from iotscan.anonymise.packets import Packets, Place
from iotscan.anonymise.plain import Plain
from iotscan.anonymise.streams import Streams
from iotscan.anonymise.wish import Wish
from iotscan.capture.links import ETHERNET
from iotscan.capture.links import parse as parse_link
from iotscan.capture.making import ACK, PUSH, Connection, udp_frame
from iotscan.model import Endpoint

LAMP, HUB = ip_address("192.168.1.5"), ip_address("52.1.2.3")
TIMES = b"\1\1\x08\x0a" + bytes(range(8))


def both(frame: bytes, entry: Entry) -> tuple[bytes | None, bytes, list[dict[str, int]]]:
    """What a frame becomes by the short and by the long way, and what was counted."""
    made: list[bytes | None] = []
    counts = []
    for short in (True, False):
        book = book_for(Wish(b"k"))
        book.close()
        blank = Blank(book, keep=False)
        packets = Packets(book, blank)
        if short:
            plain = Plain(book, blank, packets.streams, packets.datagram)
            made.append(plain(frame, entry))
        else:
            place = Place(1, entry, False)
            made.append(packets.framed(ETHERNET, parse_link(ETHERNET, frame), frame, place))
        blank.framed()
        blank.tell(0)
        counts.append(dict(book.counts))
    first, second = made
    assert second is not None
    return first, second, counts


@given(
    st.binary(max_size=60),
    st.booleans(),
    st.integers(-1, 60),
    st.binary(max_size=60),
    st.sampled_from([9, 53, 4789]),
    st.tuples(st.integers(12, 70), st.binary(min_size=1, max_size=2)),
    st.booleans(),
    st.binary(max_size=4),
)
def test_both_ways_lead_to_the_same(
    data: bytes,
    tcp: bool,
    length: int,
    new: bytes,
    port: int,
    spoilt: tuple[int, bytes],
    spoil: bool,
    padding: bytes,
) -> None:
    here, there = Endpoint(LAMP, "tcp", 40_000), Endpoint(HUB, "tcp", port)
    if tcp:
        frame = Connection(here, there).segment(True, PUSH | ACK, data)
    else:
        frame = udp_frame(here, there, data)
    if spoil:
        at, other = spoilt
        frame = frame[:at] + other + frame[at + len(other) :]
    length = min(length, len(data))
    told = new[:length].ljust(max(0, length), b"n") if tcp else new
    entry = Entry(length, told) if length >= 0 else Entry()
    short, long, (some, same) = both(frame + padding, entry)
    if short is not None:
        assert short == long
        assert some == same
    elif not spoil and port != 4789 and (tcp or len(data) >= 12):
        raise AssertionError("the short way was not taken")


def test_a_segment_with_options_takes_the_short_way_too() -> None:
    frame = Connection(Endpoint(LAMP, "tcp", 1), Endpoint(HUB, "tcp", 2)).segment(True, ACK)
    size = int.from_bytes(frame[16:18], "big") + len(TIMES)
    frame = frame[:16] + size.to_bytes(2, "big") + frame[18:46] + b"\x80" + frame[47:] + TIMES
    short, long, _ = both(frame, Entry())
    assert short == long
    assert TIMES in long
    path = b"\x1e\x08\x30\1" + LAMP.packed
    short, long, _ = both(frame.replace(TIMES, path + b"\1" * 4), Entry())
    assert short == long
    assert LAMP.packed not in long


def streams(most: int = 1 << 20) -> Streams:
    return Streams(Blank(book_for(Wish(b"k")), keep=False), most)


def test_what_is_sent_again_becomes_the_same_again() -> None:
    made = streams()
    assert made.segment(b"a", 7, b"jossef", Entry(6, b"martin")) == b"martin"
    assert made.segment(b"a", 7, b"jossef", Entry()) == b"martin"
    assert made.segment(b"a", 7, b"hunter", Entry()) == bytes(6)
    assert made.segment(b"b", 7, b"jossef", Entry()) == bytes(6)
    assert made.segment(b"a", 10, b"sef and", Entry(4)) == b"\0\0\0 and"
    assert made.segment(b"a", 20, b"plain", Entry(5)) == b"plain"
    assert made.segment(b"a", 20, b"plain", Entry()) == b"plain"


def test_what_is_kept_of_streams_is_bounded() -> None:
    made = streams(most=10_000)
    for number in range(100):
        made.segment(number.to_bytes(2, "big"), 7, b"jossef", Entry(6, b"martin"))
    assert made.segment(b"\0\0", 7, b"jossef", Entry()) == bytes(6)
    assert made.segment(b"\0\x63", 7, b"jossef", Entry()) == b"martin"
    for number in range(200):
        made.segment(b"a", number, b"jossef", Entry(6, b"martin"))
    assert made.segment(b"a", 0, b"jossef", Entry()) == bytes(6)
    assert made.segment(b"a", 199, b"jossef", Entry()) == b"martin"
