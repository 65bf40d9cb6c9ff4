from __future__ import annotations

from collections.abc import Sequence

import pytest

from iotscan.protocols.telnet.codec import (
    DO,
    DONT,
    ENCRYPT,
    LONGEST_SUBNEGOTIATION,
    NAWS,
    START_TLS,
    TERMINAL_TYPE,
    WILL,
    WONT,
    Command,
    Decoder,
    Event,
    Negotiation,
    Subnegotiation,
    Text,
    decode,
    offered,
    refusal,
    text_of,
    turns_secret,
)
from iotscan.testing import three_ways

# A greeting as inetutils telnetd sends it, and a terminal-type request behind it.
SAMPLE = b"\xff\xfb\x25\xff\xfd\x18hello \xff\xff\r\n\xff\xfa\x18\x01\xff\xf0\xff\xf1login: "
EVENTS = [
    Negotiation(WILL, 37),
    Negotiation(DO, TERMINAL_TYPE),
    Text(b"hello \xff\r\n"),
    Subnegotiation(TERMINAL_TYPE, b"\x01"),
    Command(0xF1),
    Text(b"login: "),
]


def _fed(chunks: Sequence[bytes]) -> list[Event]:
    """All events, with text joined over the borders of chunks."""
    decoder = Decoder()
    joined: list[Event] = []
    for event in (event for chunk in chunks for event in decoder.feed(chunk)):
        if joined and isinstance(event, Text) and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].data + event.data)
        else:
            joined.append(event)
    return joined


def test_a_stream_reads_the_same_however_it_is_cut() -> None:
    whole, by_byte, with_tail = three_ways(_fed, SAMPLE, tail=b"\xff\xfd")
    assert whole == by_byte == with_tail == EVENTS


@pytest.mark.parametrize("event", [Negotiation(WONT, 1), Subnegotiation(31, b"\x00\xff\x00\x18")])
def test_what_is_encoded_reads_back(event: Negotiation | Subnegotiation) -> None:
    assert decode(event.encode()) == [event]


def test_an_unfinished_command_waits_for_its_rest() -> None:
    decoder = Decoder()
    assert decoder.feed(b"a\xff") == [Text(b"a")]
    assert decoder.feed(b"\xfd") == []
    assert decoder.feed(b"\x1fb") == [Negotiation(DO, NAWS), Text(b"b")]


def test_a_subnegotiation_without_end_costs_bounded_memory() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\xff\xfa\x18" + b"x" * 1_000_000) == []
    (event,) = decoder.feed(b"\xff\xf0")
    assert event == Subnegotiation(24, b"x" * LONGEST_SUBNEGOTIATION)


def test_a_forgotten_end_of_a_subnegotiation_does_not_swallow_what_follows() -> None:
    assert decode(b"\xff\xfa\x18\x01\xff\xfd\x1flogin: ") == [
        Subnegotiation(TERMINAL_TYPE, b"\x01"),
        Negotiation(DO, NAWS),
        Text(b"login: "),
    ]


def test_a_flood_of_commands_is_read_in_linear_time() -> None:
    assert len(decode(b"\xff\xfd\x18" * 200_000)) == 200_000


def test_offers_and_requests_are_both_named_and_refusals_are_not() -> None:
    events = decode(b"\xff\xfd\x18\xff\xfb\x26\xff\xfd\x2e\xff\xfc\x01\xff\xfe\x03\xff\xfd\xc8")
    assert offered(events) == ("TERMINAL-TYPE", "ENCRYPT", "START_TLS", "option 200")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (Negotiation(DO, 24), b"\xff\xfc\x18"),
        (Negotiation(WILL, 1), b"\xff\xfe\x01"),
        (Negotiation(WONT, 1), b""),
        (Negotiation(DONT, 1), b""),
    ],
)
def test_every_option_is_kept_off(asked: Negotiation, answer: bytes) -> None:
    assert refusal(asked) == answer


def test_text_is_what_is_left_for_the_eye() -> None:
    assert text_of(decode(SAMPLE)) == b"hello \xff\r\nlogin: "


@pytest.mark.parametrize(
    ("event", "secret"),
    [
        (Subnegotiation(ENCRYPT, b"\x03\x00"), True),
        (Subnegotiation(START_TLS, b"\x01"), True),
        (Subnegotiation(ENCRYPT, b"\x01\x01"), False),
        (Subnegotiation(TERMINAL_TYPE, b"\x03"), False),
        (Negotiation(WILL, ENCRYPT), False),
    ],
)
def test_only_the_start_of_encryption_turns_a_session_secret(event: Event, secret: bool) -> None:
    assert turns_secret(event) is secret
