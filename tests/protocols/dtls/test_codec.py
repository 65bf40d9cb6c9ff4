"""DTLS records, fragments and flights; real flights of libcoap's OpenSSL and GnuTLS builds."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.dtls.codec import in_clear, looks_like_server, parse_client, parse_server
from iotscan.protocols.dtls.offers import client_hello, goodbye
from iotscan.protocols.dtls.records import Record, encode_record, records
from iotscan.protocols.tls.codec import ALERT, CHANGE_CIPHER, HANDSHAKE
from iotscan.protocols.tls.hello import DTLS10, DTLS12
from iotscan.protocols.tls.offers import RANDOM

COOKIE = bytes(range(20))
# ServerHello of DTLS 1.2 with TLS_PSK_WITH_AES_128_CCM_8, no extensions.
HELLO = b"\xfe\xfd" + bytes(32) + b"\x00" + b"\xc0\xa8" + b"\x00"
ECDHE = b"\xfe\xfd" + bytes(32) + b"\x00" + b"\xc0\x37" + b"\x00"
CHAIN = b"\x00\x01\x2f" + b"\x00\x01\x2c" + b"\x30\x82\x01\x28" + bytes(296)


def message(kind: int, body: bytes, number: int = 0, cut: int = 0) -> list[bytes]:
    """A handshake message as records, in fragments of ``cut`` bytes (0: in one)."""
    size = len(body).to_bytes(3, "big")
    step = cut or max(1, len(body))
    made = []
    for at in range(0, max(1, len(body)), step):
        part = body[at : at + step]
        head = bytes([kind]) + size + number.to_bytes(2, "big")
        head += at.to_bytes(3, "big") + len(part).to_bytes(3, "big")
        made.append(encode_record(Record(HANDSHAKE, DTLS12, 0, number, head + part)))
    return made


VERIFY = message(3, b"\xfe\xff" + bytes([len(COOKIE)]) + COOKIE)[0]
FLIGHT = [
    *message(2, HELLO, 1),
    *message(12, b"\x00\x05hinty", 2),
    *message(14, b"", 3),
]


@pytest.mark.parametrize("version", [DTLS12, DTLS10])
def test_our_hello_is_read_back_as_it_was_meant(version: int) -> None:
    first, second = client_hello(version), client_hello(version, COOKIE, number=1)
    (record,) = records(first)
    assert (record.kind, record.version, record.epoch, record.sequence) == (HANDSHAKE, DTLS10, 0, 0)
    one, two = parse_client([first, second])
    assert (one.version, one.highest, one.cookie, one.random) == (version, version, b"", RANDOM)
    assert two.cookie == COOKIE
    assert one.suites == two.suites
    assert len(first) < 600


def test_a_cookie_is_demanded() -> None:
    flight = parse_server([VERIFY])
    assert flight.cookie == COOKIE
    assert not flight.finished
    assert flight.hello is None


def test_a_flight_is_read() -> None:
    flight = parse_server([VERIFY, *FLIGHT])
    assert flight.hello is not None
    assert (flight.hello.version, flight.hello.suite) == (DTLS12, 0xC0A8)
    assert flight.psk_hint == b"hinty"
    assert flight.client_certificate_requested is False
    assert flight.finished
    assert flight.chain == ()
    assert flight.fault == ""


def test_records_may_share_a_datagram() -> None:
    assert parse_server([b"".join(FLIGHT)]) == parse_server(FLIGHT)


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_fragments_are_put_together_in_any_order_and_twice(cut: int) -> None:
    parts = [*message(2, ECDHE, 1, cut), *message(11, CHAIN, 2, cut), *message(14, b"", 3)]
    whole = parse_server(parts)
    assert [len(certificate) for certificate in whole.chain] == [300]
    assert whole.finished
    shuffled = parts * 2
    random.Random(cut).shuffle(shuffled)
    assert parse_server(shuffled) == whole


def test_a_gap_leaves_the_message_out_but_nothing_else() -> None:
    chain = message(11, CHAIN, 2, 100)
    flight = parse_server([*message(2, ECDHE, 1), chain[0], chain[2], *message(14, b"", 3)])
    assert flight.hello is not None
    assert flight.chain == ()
    assert flight.finished


def test_an_ephemeral_key_with_a_hint_is_read() -> None:
    key = b"\x00\x01h" + b"\x03\x00\x17\x41" + bytes(65)
    flight = parse_server([*message(2, ECDHE, 1), *message(12, key, 2)])
    assert flight.psk_hint == b"h"
    assert flight.key_exchange is not None
    assert (flight.key_exchange.group, flight.key_exchange.bits) == ("secp256r1", 256)


def test_no_key_exchange_is_not_an_empty_hint() -> None:
    assert parse_server([*message(2, HELLO, 1), *message(14, b"", 2)]).psk_hint is None
    assert parse_server([*message(2, HELLO, 1), *message(12, b"\x00\x00", 2)]).psk_hint == b""


def test_a_request_for_a_certificate_is_noted() -> None:
    flight = parse_server([*message(2, ECDHE, 1), *message(13, b"\x01\x40\x00\x00", 2)])
    assert flight.client_certificate_requested is True
    assert parse_server(message(2, ECDHE, 1)).client_certificate_requested is None


def test_an_alert_ends_it() -> None:
    flight = parse_server([encode_record(Record(ALERT, DTLS12, 0, 1, b"\x02\x46"))])
    assert flight.alert is not None
    assert (flight.alert.name, flight.finished) == ("protocol_version", True)


def test_what_is_encrypted_is_not_read() -> None:
    change = encode_record(Record(CHANGE_CIPHER, DTLS12, 0, 2, b"\x01"))
    sealed = encode_record(Record(HANDSHAKE, DTLS12, 1, 0, FLIGHT[0][13:]))
    warning = encode_record(Record(ALERT, DTLS12, 1, 1, b"\x02\x28"))
    assert parse_server([change, sealed, warning]) == parse_server([])
    # A session taken up again: what it was opened with is not shown, so nothing is finished.
    assert parse_server([*message(2, HELLO, 1), change, sealed]).finished is False


def test_foreign_datagrams_are_left_out_and_remembered() -> None:
    flight = parse_server([b"HTTP/1.1 200 OK", *FLIGHT, b""])
    assert flight.finished
    assert flight.fault


@pytest.mark.parametrize(
    ("datagram", "server"),
    [
        (VERIFY, True),
        (FLIGHT[0], True),
        (encode_record(Record(ALERT, DTLS10, 0, 0, b"\x02\x28")), True),
        (client_hello(DTLS12), False),
        (encode_record(Record(ALERT, DTLS10, 1, 0, b"\x02\x28")), False),
        (encode_record(Record(ALERT, DTLS10, 0, 0, b"\x07\x28")), False),
        (encode_record(Record(23, DTLS12, 0, 0, b"data")), False),
        (FLIGHT[0][:-1], False),
        (FLIGHT[0] + b"x", False),
        (b"\x16\x03\x03" + FLIGHT[0][3:], False),
        (b"\x16\xfe\xfd", False),
        (bytes(64), False),
        (b"", False),
    ],
)
def test_only_a_server_is_taken_for_one(datagram: bytes, server: bool) -> None:
    assert looks_like_server(datagram) is server


def test_only_what_can_be_read_is_in_clear() -> None:
    assert in_clear(VERIFY, alerts=True)
    assert not in_clear(goodbye(DTLS12), alerts=False)
    assert in_clear(goodbye(DTLS12), alerts=True)
    assert not in_clear(encode_record(Record(HANDSHAKE, DTLS12, 1, 0, b"x")), alerts=True)
    assert not in_clear(b"GET / HTTP/1.1", alerts=True)


def test_the_farewell_cancels_and_closes() -> None:
    cancel, close = records(goodbye(DTLS10))
    assert (cancel.kind, cancel.version, cancel.payload) == (ALERT, DTLS10, b"\x01\x5a")
    assert close.payload == b"\x01\x00"
    assert cancel.sequence < close.sequence


@pytest.mark.parametrize(
    "body",
    [
        b"\x02\xff\xff\xff" + bytes(8) + b"x",  # sixteen megabytes announced
        b"\x02\x00\x00\x05\x00\x00\x00\x00\x04\x00\x00\x02ab",  # a fragment past the end
        b"\x02\x00\x00",
        b"",
    ],
)
def test_fragments_that_do_not_fit_are_refused(body: bytes) -> None:
    flight = parse_server([encode_record(Record(HANDSHAKE, DTLS12, 0, 0, body))])
    assert flight.fault
    assert flight.hello is None


def test_a_flood_of_messages_is_bounded() -> None:
    flood = [part for n in range(500) for part in message(2, HELLO, n)]
    flood += [
        encode_record(
            Record(HANDSHAKE, DTLS12, 0, n, b"\x0b\x01\x00\x00" + n.to_bytes(2, "big") + bytes(6))
        )
        for n in range(500, 5_000)
    ]
    began = time.process_time()
    assert parse_server(flood).fault == "too many handshake messages"
    assert time.process_time() - began < 1


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    parse_server([data, VERIFY[:13] + data])
    parse_client([data])
    looks_like_server(data)


@given(
    st.builds(
        Record,
        kind=st.integers(20, 25),
        version=st.sampled_from([DTLS10, DTLS12, 0x0100]),
        epoch=st.integers(0, 0xFFFF),
        sequence=st.integers(0, (1 << 48) - 1),
        payload=st.binary(max_size=100),
    )
)
def test_records_round_trip(record: Record) -> None:
    assert records(encode_record(record) * 2) == (record, record)


def test_thirty_thousand_mutated_flights_never_raise() -> None:
    dice = random.Random(6347)
    began = time.process_time()
    for _ in range(30_000):
        datagrams = [bytearray(part) for part in (VERIFY, *FLIGHT)]
        for _ in range(3):
            chosen = dice.choice(datagrams)
            chosen[dice.randrange(len(chosen))] = dice.randrange(256)
        parse_server([bytes(datagram) for datagram in datagrams])
    assert time.process_time() - began < 30


@pytest.mark.parametrize("data", [b"", b"\x16\xfe\xfd" + bytes(8) + b"\x00\x05abc", b"\x30" * 20])
def test_what_is_no_record_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        records(data)


def test_of_a_hello_that_a_capture_cut_only_what_is_proven() -> None:
    (old,) = message(2, b"\xfe\xff" + HELLO[2:] + bytes(40))
    more = message(11, CHAIN, 2)[0]
    whole = parse_server([old]).hello
    assert whole is not None
    for kept in (old[:-41], (old + more)[: len(old) + 60]):
        cut = parse_server([kept], captured=True).hello
        assert cut is not None
        assert (cut.version, cut.suite) == (whole.version, whole.suite) == (DTLS10, 0xC0A8)
        assert in_clear(kept, alerts=False)
        assert parse_server([kept]).hello is None  # whoever talks to us sends whole records
    assert parse_server([old[:60]], captured=True).hello is not None
    assert parse_server([old[:50]], captured=True).hello is None
    (new,) = message(2, HELLO + bytes(40))
    assert parse_server([new[:60]], captured=True).hello is None  # may be of DTLS 1.3
