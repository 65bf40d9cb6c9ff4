"""TCP connections and UDP exchanges put in order: loss, order, bounds, and what is skipped."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iotscan.capture.flows import (
    BULK,
    LONGEST,
    MOST_HELD,
    MOST_TURNS,
    Directions,
    Held,
    Part,
    reverse,
)
from iotscan.capture.segments import ACK, FIN, MOST_AHEAD, RST, SYN, Segment
from iotscan.capture.tcp import TcpFlow
from iotscan.capture.udp import MOST_DATAGRAMS, UdpFlow
from iotscan.model import Ending

THERE = b"\x0a\0\0\1\x0a\0\0\2\x9c\x40\x00\x17"
BACK = reverse(THERE)


class Flow:
    """A connection under test. ``readable``: what the flow is told of each part."""

    def __init__(
        self, readable: Callable[[Part], bool] = lambda _: True, *, keys: bool = False
    ) -> None:
        self.parts: list[Part] = []
        self.held = Held()
        self.quiet: Directions = {}
        self.frame = 0
        self.readable = readable
        part = Part(b"\x0a\0\0\1", 40_000, b"\x0a\0\0\2", 23, 6)
        self.tcp = TcpFlow(part, THERE, self._emit, self.held, self.quiet, lambda: keys)

    def _emit(self, part: Part) -> bool:
        self.parts.append(part)
        return self.readable(part)

    def say(
        self, direction: bytes, sequence: int, data: bytes = b"", flags: int = ACK, **odd: int
    ) -> bool:
        """A segment, as the walk would hand it on: not one of a direction that is quiet."""
        self.frame += 1
        if self.quiet.get(direction) and not flags & (SYN | FIN | RST):
            return True
        length, acknowledged = odd.get("length", len(data)), odd.get("acknowledged", 0)
        segment = Segment(
            sequence % (1 << 32), acknowledged, flags, data, length, self.frame / 10, self.frame
        )
        return self.tcp.segment(direction, segment)

    def open(self, client: int = 1000, server: int = 5000) -> None:
        self.say(THERE, client - 1, flags=SYN)
        self.say(BACK, server - 1, flags=SYN | ACK)

    def heard(self, sender: str, part: int = -1) -> bytes:
        return b"".join(data for who, _, data, _ in self.parts[part].said if who == sender)


def test_a_connection_from_beginning_to_end() -> None:
    flow = Flow()
    flow.open()
    flow.say(BACK, 5000, b"login: ")
    flow.say(THERE, 1000, b"root\r\n")
    assert flow.say(THERE, 1006, flags=FIN | ACK)
    assert not flow.say(BACK, 5007, flags=FIN | ACK)
    (part,) = flow.parts
    assert [(who, data, frame) for who, _, data, frame in part.said] == [
        ("server", b"login: ", 3),
        ("client", b"root\r\n", 4),
    ]
    assert (part.ending, part.began, part.missing) == (Ending.COMPLETE, True, False)
    assert (flow.held.size, flow.quiet) == (0, {})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, (1 << 32) - 1), st.randoms(use_true_random=False), st.integers(1, 40))
def test_segments_in_any_order_and_more_than_once(
    start: int, rng: random.Random, count: int
) -> None:
    text = bytes(rng.randrange(256) for _ in range(count * 20))
    pieces = [(i, text[i : i + rng.randrange(1, 30)]) for i in range(0, len(text), 20)]
    covered = [(i, text[i : i + 20]) for i in range(0, len(text), 20)]
    sent = pieces + covered + rng.sample(covered, len(covered) // 2)
    rng.shuffle(sent)
    flow = Flow()
    flow.open(server=start)
    for offset, data in sent:
        flow.say(BACK, start + offset, data)
    flow.tcp.end()
    assert flow.heard("server") == text
    assert not flow.parts[0].missing
    assert flow.held.size == 0


def test_the_first_copy_of_a_byte_counts() -> None:
    flow = Flow()
    flow.open()
    flow.say(BACK, 5000, b"good")
    flow.say(BACK, 5000, b"evil and more")
    flow.tcp.end()
    assert flow.heard("server") == b"good" + b" and more"


def test_a_segment_that_never_came_is_told() -> None:
    flow = Flow()
    flow.open()
    flow.say(BACK, 5000, b"one ")
    flow.say(BACK, 5008, b"three")
    flow.tcp.end()
    assert flow.heard("server") == b"one three"
    assert flow.parts[0].missing
    assert flow.parts[0].cut == {0}


def test_what_was_answered_is_not_waited_for() -> None:
    flow = Flow()
    flow.open()
    flow.say(THERE, 1000, b"one ")
    flow.say(THERE, 1008, b"three ")
    flow.say(BACK, 5000, b"yes ", acknowledged=1004)  # the second may still be on its way
    assert flow.tcp._part.cut == set()
    flow.say(BACK, 5004, b"indeed ", acknowledged=1014)
    flow.say(THERE, 1018, b"five ")
    flow.say(THERE, 1014, b"four")
    flow.tcp.end()
    (part,) = flow.parts
    said = [data for _, _, data, _ in part.said]
    assert said == [b"one ", b"yes ", b"three ", b"indeed ", b"four", b"five "]
    assert (part.missing, part.cut, part.unheard) == (True, {0}, set())


def test_that_the_first_words_of_a_side_are_missing_is_told() -> None:
    flow = Flow()
    flow.open()
    flow.say(BACK, 5000, b"login: ")
    flow.say(THERE, 1003, b"t\r")
    flow.say(BACK, 5007, b"Password: ", acknowledged=1005)
    flow.tcp.end()
    (part,) = flow.parts
    assert [data for _, _, data, _ in part.said] == [b"login: ", b"t\r", b"Password: "]
    assert (part.missing, part.cut, part.unheard) == (True, set(), {"client"})


def test_a_hole_is_given_up_when_too_much_waits_behind_it() -> None:
    flow = Flow()
    flow.open()
    for at in range(5001, 5001 + MOST_AHEAD + 3000, 1000):
        flow.say(BACK, at, b"x" * 1000)
    flow.tcp.end()
    assert sum(len(flow.heard("server", i)) for i in range(len(flow.parts))) > BULK
    assert flow.parts[0].missing
    assert flow.held.size == 0


def test_a_capture_that_begins_in_the_middle() -> None:
    flow = Flow()
    flow.say(BACK, 77_000, b"middle")
    flow.say(THERE, 5, b"answer")
    flow.tcp.end()
    assert (flow.heard("server"), flow.heard("client")) == (b"middle", b"answer")
    assert not flow.parts[0].began


def test_what_a_snapshot_length_cut_off_is_missing_and_nothing_waits_for_it() -> None:
    flow = Flow()
    flow.open()
    for number in range(5):
        flow.say(BACK, 5000 + 1000 * number, b"head%d" % number, length=1000)
    flow.tcp.end()
    assert flow.heard("server") == b"head0head1head2head3head4"
    assert flow.parts[0].missing
    assert flow.parts[0].cut == set(range(5))


def test_a_reset_ends_it_and_tells_who_refused() -> None:
    flow = Flow()
    flow.say(THERE, 999, flags=SYN)
    assert not flow.say(BACK, 0, flags=RST | ACK)
    assert flow.parts == []
    flow = Flow()
    flow.open()
    flow.say(THERE, 1000, b"hello")
    assert not flow.say(BACK, 5000, flags=RST)
    assert flow.parts[0].ending is Ending.CLOSED


def bulk(flow: Flow, start: int, size: int, direction: bytes = BACK) -> int:
    for at in range(start, start + size, 1000):
        flow.say(direction, at, b"v" * 1000)
    return start + size


def test_bulk_is_skipped_and_what_follows_it_is_a_part_of_its_own() -> None:
    flow = Flow()
    flow.open()
    flow.say(THERE, 1000, b"GET /film")
    after = bulk(flow, 5000, 10 * BULK - 10 * BULK % 1000)
    assert flow.quiet[BACK]
    flow.say(THERE, 1009, b"GET /page", acknowledged=after)
    assert not flow.quiet[BACK]
    flow.say(BACK, after, b"page")
    flow.tcp.end()
    first, second = flow.parts
    assert len(flow.heard("server", 0)) <= BULK + 1000
    assert first.said[0][2] == b"GET /film"
    assert [data for _, _, data, _ in second.said] == [b"GET /page", b"page"]
    assert not second.missing


def test_a_connection_that_nobody_can_read_is_left_alone() -> None:
    flow = Flow(readable=lambda _: False)
    flow.open()
    at = 5000
    for number in range(4):
        flow.say(THERE, 1000 + 8 * number, b"question", acknowledged=at)
        at = bulk(flow, at, BULK + 2000 - BULK % 1000)
    assert flow.quiet == {THERE: True, BACK: True}
    assert len(flow.parts) == 2
    assert flow.held.size == 0
    flow.tcp.end()
    assert len(flow.parts) == 2


def test_a_long_conversation_is_cut_in_parts() -> None:
    flow = Flow()
    flow.open()
    for number in range(2 * LONGEST // 2000 + 10):
        flow.say(THERE, 1000 + 1000 * number, b"q" * 1000)
        flow.say(BACK, 5000 + 1000 * number, b"a" * 1000)
    flow.tcp.end()
    assert len(flow.parts) >= 2
    assert all(part.said[0][0] == "client" for part in flow.parts)
    total = sum(len(data) for part in flow.parts for _, _, data, _ in part.said)
    assert total == 2000 * (2 * LONGEST // 2000 + 10)


def test_single_bytes_do_not_cost_more_than_their_part() -> None:
    flow = Flow()
    flow.open()
    for number in range(3 * MOST_TURNS):
        flow.say(THERE, 1000 + number, b"k")
    flow.tcp.end()
    assert max(len(part.said) for part in flow.parts) <= MOST_TURNS


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, (1 << 32) - 1),
            st.integers(0, 63),
            st.binary(max_size=40),
            st.integers(0, 3000),
        ),
        max_size=60,
    )
)
def test_any_segments_at_all(segments: Sequence[Any]) -> None:
    flow = Flow()
    for here, sequence, flags, data, more in segments:
        if not flow.say(THERE if here else BACK, sequence, data, flags, length=len(data) + more):
            break
    else:
        flow.tcp.end()
    assert flow.held.size == 0
    assert flow.quiet == {}


def udp(readable: bool = True) -> tuple[UdpFlow, list[Part], Held, dict[bytes, bool]]:
    parts: list[Part] = []
    held = Held()
    quiet: Directions = {}

    def emit(part: Part) -> bool:
        parts.append(part)
        return readable

    part = Part(b"\x0a\0\0\1", 40_000, b"\x0a\0\0\2", 53, 17)
    return UdpFlow(part, THERE, emit, held, quiet), parts, held, quiet


def test_datagrams_keep_their_borders() -> None:
    flow, parts, held, _ = udp()
    flow.datagram(THERE, b"query", 1.0, 7)
    flow.datagram(BACK, b"answer", 1.1, 8)
    flow.end()
    assert parts[0].said == [("client", 1.0, b"query", 7), ("server", 1.1, b"answer", 8)]
    assert (parts[0].ending, held.size) == (Ending.COMPLETE, 0)


def test_an_endless_exchange_is_read_in_parts() -> None:
    flow, parts, held, quiet = udp()
    for number in range(MOST_DATAGRAMS * 3):
        flow.datagram(THERE, b"x", float(number), number)
    assert (len(parts), held.size, quiet) == (3, 0, {})


def test_an_exchange_that_nobody_can_read_is_left_alone() -> None:
    flow, parts, held, quiet = udp(readable=False)
    for number in range(MOST_DATAGRAMS * 3):
        flow.datagram(BACK, b"film" * 300, float(number), number)
    assert (len(parts), held.size) == (1, 0)
    assert quiet == {THERE: True, BACK: True}
    flow.end()
    assert quiet == {}


def test_large_datagrams_end_a_part_early() -> None:
    flow, parts, _, _ = udp()
    for number in range(10):
        flow.datagram(BACK, b"x" * 60_000, float(number), number)
    assert len(parts) == 2


def test_limits_fit_together() -> None:
    """One flow alone never makes the sorter end others."""
    assert LONGEST + BULK + 2 * MOST_AHEAD < MOST_HELD // 4


@pytest.mark.parametrize("direction", [THERE, bytes(range(36))])
def test_reverse_is_its_own_inverse(direction: bytes) -> None:
    assert reverse(reverse(direction)) == direction != reverse(direction)


HELLO, SECRET = b"\x16\x03\x03\0\x04\x01\0\0\0", b"\x17\x03\x03\0\x04\1\2\3\4"


def test_a_side_that_says_nothing_more_in_clear_is_not_looked_at() -> None:
    flow = Flow()
    flow.open()
    flow.say(THERE, 1000, HELLO)
    flow.say(BACK, 5000, HELLO + SECRET)
    assert (flow.quiet[BACK], flow.quiet[THERE]) == (True, False)
    flow.say(THERE, 1000 + len(HELLO), HELLO)  # the certificate of a client, say
    assert flow.quiet == {BACK: True, THERE: False}, "the other one still speaks in clear"
    flow.say(THERE, 1000 + 2 * len(HELLO), SECRET)
    assert flow.quiet == {BACK: True, THERE: True}
    flow.say(BACK, 5000 + len(HELLO + SECRET), b"lost on us")
    flow.say(BACK, 9000, flags=FIN | ACK)
    flow.say(THERE, 1000 + len(2 * HELLO + SECRET), flags=FIN | ACK)
    (part,) = flow.parts
    assert flow.heard("server") == HELLO + SECRET
    assert flow.heard("client") == 2 * HELLO + SECRET
    assert (part.ending, part.missing) == (Ending.COMPLETE, False)
    assert (flow.held.size, flow.quiet) == (0, {})


def test_where_there_are_keys_all_is_looked_at() -> None:
    flow = Flow(keys=True)
    flow.open()
    flow.say(THERE, 1000, HELLO)
    flow.say(BACK, 5000, HELLO + SECRET)
    flow.say(BACK, 5000 + len(HELLO + SECRET), SECRET)
    flow.tcp.end()
    assert flow.heard("server") == HELLO + 2 * SECRET


def test_what_a_client_encrypts_before_the_server_spoke_seals_nothing() -> None:
    """RFC 8446 section 4.2.10: another hello may follow early data."""
    flow = Flow()
    flow.open()
    flow.say(THERE, 1000, HELLO + SECRET)
    flow.say(BACK, 5000, HELLO)
    flow.say(THERE, 1000 + len(HELLO + SECRET), HELLO)
    flow.tcp.end()
    assert flow.heard("client") == HELLO + SECRET + HELLO


def test_after_a_hole_nothing_is_taken_for_the_head_of_a_record() -> None:
    flow = Flow()
    flow.open()
    flow.say(THERE, 1000, HELLO)
    flow.say(BACK, 5000, HELLO)
    for number in range(MOST_AHEAD // 1000 + 2):
        flow.say(BACK, 6000 + 1000 * number, SECRET + bytes(1000 - len(SECRET)))
    flow.say(THERE, 1000 + len(HELLO), HELLO)
    flow.tcp.end()
    assert flow.parts[0].missing
    assert len(flow.heard("server", 0)) > BULK
