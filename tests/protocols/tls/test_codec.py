"""What servers answer: flights of OpenSSL, hand-made ones, and garbage.

Covers iotscan.protocols.tls.messages, iotscan.protocols.tls.talk, iotscan.protocols.tls.tls13 and
iotscan.protocols.tls.facts.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

import pytest
from certificates import identity
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.tls import facts as tls_facts
from iotscan.protocols.tls.codec import Flight, looks_like_server, parse_server
from iotscan.protocols.tls.hello import SSL2, TLS10, TLS12, TLS13
from iotscan.protocols.tls.messages import (
    LONGEST_CHAIN,
    parse_chain,
    parse_key_exchange,
    parse_server_hello,
)
from iotscan.protocols.tls.offers import for_version
from iotscan.protocols.tls.talk import put_together, read_answer
from iotscan.protocols.tls.tls13 import message_of, unseal
from iotscan.testing import NOISE, three_ways

Answer = Callable[..., bytes]


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """What OpenSSL answers to a hello: no socket, no clock."""
    pem = identity(tmp_path_factory.mktemp("tls"), "device.lan")

    def answered(hello: bytes, highest: ssl.TLSVersion, ask: bool, curve: str = "") -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = highest
        context.load_cert_chain(pem)
        if curve:
            context.set_ecdh_curve(curve)
        if ask:
            context.verify_mode = ssl.CERT_OPTIONAL
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(hello)
        with suppress(ssl.SSLError):  # it wants more, or refuses: either way it has answered
            server.do_handshake()
        return outgoing.read()

    return answered


def flight_of(chunks: Sequence[bytes]) -> Flight:
    heard, flight = b"", Flight()
    for chunk in chunks:
        heard += chunk
        flight = parse_server(heard)
    return flight


@pytest.mark.parametrize("ask", [False, True])
def test_a_tls12_flight_whole_in_pieces_and_with_a_tail(answer: Answer, ask: bool) -> None:
    data = answer(for_version(TLS12).encode(), ssl.TLSVersion.TLSv1_2, ask)
    whole, bytewise, tailed = three_ways(flight_of, data, NOISE)
    assert whole == bytewise == tailed
    assert whole.hello is not None
    assert (whole.hello.version, whole.finished, whole.fault) == (TLS12, True, "")
    assert len(whole.chain) == 1
    assert whole.client_certificate_requested is ask
    assert whole.key_exchange is not None
    assert (whole.key_exchange.group, whole.key_exchange.bits) == ("x25519", 255)


@pytest.mark.parametrize("ask", [False, True])
def test_a_tls13_flight_is_opened_with_the_key_everybody_knows(answer: Answer, ask: bool) -> None:
    hello = for_version(TLS13).encode()
    data = answer(hello, ssl.TLSVersion.TLSv1_3, ask)
    sealed = parse_server(data)
    assert sealed.chain == ()
    assert sealed.client_certificate_requested is None
    opened = read_answer(hello, data)
    assert len(opened.chain) == 1
    assert (opened.client_certificate_requested, opened.finished) == (ask, True)
    for end in range(len(data)):
        part = read_answer(hello, data[:end])
        assert part.chain in ((), opened.chain)


def test_a_tls13_flight_for_somebody_else_stays_closed(answer: Answer) -> None:
    hello = for_version(TLS13).encode()
    data = answer(hello, ssl.TLSVersion.TLSv1_3, False)
    other = replace(for_version(TLS13), random=b"\x07" * 32).encode()
    found = unseal(message_of(other), parse_server(data))
    assert (found.chain, found.finished) == ((), True)
    assert found.fault == "a sealed record does not open"


def test_p256_is_agreed_on_too(answer: Answer) -> None:
    modern = for_version(TLS13)
    hello = replace(modern, groups=(23,), shares=modern.shares[1:]).encode()
    assert len(read_answer(hello, answer(hello, ssl.TLSVersion.TLSv1_3, False)).chain) == 1


def test_a_request_to_try_another_group_settles_the_version(answer: Answer) -> None:
    hello = for_version(TLS13).encode()
    found = read_answer(hello, answer(hello, ssl.TLSVersion.TLSv1_3, False, "secp384r1"))
    assert found.hello is not None
    assert (found.hello.retry, found.hello.version, found.finished) == (True, TLS13, True)


def test_an_alert_says_why(answer: Answer) -> None:
    data = answer(for_version(TLS10).encode(), ssl.TLSVersion.TLSv1_3, False)
    found = parse_server(data)
    assert found.alert is not None
    assert (found.alert.name, found.alert.fatal, found.finished) == ("protocol_version", True, True)
    assert parse_server(b"\x15\x03\x01\x00\x02\x02\xf7").alert is not None


def test_a_warning_does_not_end_the_flight(answer: Answer) -> None:
    data = answer(for_version(TLS12).encode(), ssl.TLSVersion.TLSv1_2, False)
    found = parse_server(b"\x15\x03\x03\x00\x02\x01\x70" + data)
    assert found.hello is not None
    assert found.finished


def test_a_message_may_be_cut_into_records_and_records_may_hold_several(answer: Answer) -> None:
    data = answer(for_version(TLS12).encode(), ssl.TLSVersion.TLSv1_2, False)
    messages, at = b"", 0
    while at < len(data):
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        messages += data[at + 5 : at + 5 + size]
        at += 5 + size
    bits = [messages[i : i + 7] for i in range(0, len(messages), 7)]
    fragmented = b"".join(b"\x16\x03\x03" + len(bit).to_bytes(2, "big") + bit for bit in bits)
    together = b"\x16\x03\x03" + len(messages).to_bytes(2, "big") + messages
    assert parse_server(fragmented) == parse_server(together) == parse_server(data)


SSL2_ANSWER = bytes.fromhex("04 00 01 0002 0003 0003 0010") + b"der" + b"\x01\x00\x80" + bytes(16)


def test_an_ssl2_server_hello() -> None:
    data = (0x8000 | len(SSL2_ANSWER)).to_bytes(2, "big") + SSL2_ANSWER
    whole, bytewise, tailed = three_ways(flight_of, data, NOISE)
    assert whole == bytewise == tailed
    assert whole.hello is not None
    assert (whole.hello.version, whole.hello.kinds, whole.chain) == (SSL2, (0x010080,), (b"der",))
    assert looks_like_server(data)
    refused = parse_server(b"\x80\x03\x00\x00\x01")
    assert refused.alert is not None
    assert refused.hello is None


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 400", b"SSH-2.0-x\r\n", NOISE, b"\x16\x02\x00\x00\x00", b"\x15\x03\x01\xff\xff"],
)
def test_another_protocol_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_server(data)
    assert not looks_like_server(data)


def test_what_goes_wrong_later_leaves_what_came_before(answer: Answer) -> None:
    data = answer(for_version(TLS12).encode(), ssl.TLSVersion.TLSv1_2, False)
    first = 5 + int.from_bytes(data[3:5], "big")
    found = parse_server(data[:first] + b"HTTP/1.1 500")
    assert found.hello is not None
    assert found.finished
    assert found.fault


def test_endless_messages_and_chains_are_cut() -> None:
    with pytest.raises(Malformed):
        parse_server(b"\x16\x03\x03\x00\x04\x0b\xff\xff\xff")
    one = b"\x00\x00\x01x"
    assert parse_chain((4 * 99).to_bytes(3, "big") + one * 99) == (b"x",) * LONGEST_CHAIN


@pytest.mark.parametrize(
    ("suite", "body", "bits", "group"),
    [
        (0xC02B, "03 0017 41", 256, "secp256r1"),
        (0xC02B, "03 7777 41", 0, "group 30583"),
        (0x0033, "0040 80" + "00" * 63, 512, ""),
        (0x0003, "0040 80" + "00" * 63, 512, ""),
        (0x0034, "0002 0100", 9, ""),
        (0xC037, "0002 6869 03 001d 20", 255, "x25519"),
    ],
)
def test_the_servers_key(suite: int, body: str, bits: int, group: str) -> None:
    found = parse_key_exchange(bytes.fromhex(body), suite)
    assert found is not None
    assert (found.bits, found.group) == (bits, group)


def test_keys_that_say_nothing_are_none() -> None:
    assert parse_key_exchange(b"\x00\x02hi", 0x00A8) is None
    assert parse_key_exchange(b"\x01\x00", 0xC02B) is None


def test_a_server_hello_of_no_version_is_malformed() -> None:
    with pytest.raises(Malformed):
        parse_server_hello(b"\x05\x00" + bytes(32) + b"\x00\x00\x2f\x00")


def test_a_talk_is_put_together_and_knows_where_each_thing_stood(answer: Answer) -> None:
    hello = for_version(TLS12).encode()
    data = answer(hello, ssl.TLSVersion.TLSv1_2, False)
    first = 5 + int.from_bytes(data[3:5], "big")
    parts = [(7, True, hello), (9, False, data[:first]), (12, False, data[first:])]
    found = put_together(parts)
    assert found is not None
    assert (found.ours, found.asked, found.chosen, found.shown) == (True, 7, 9, 12)
    assert found.places(found.shown, found.asked, None) == (7, 12)


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=40)), max_size=6), st.booleans())
def test_no_talk_breaks_the_reader(parts: list[tuple[bool, bytes]], begin: bool) -> None:
    said = [(True, for_version(TLS13).encode())] * begin + [
        (client, b"\x16\x03\x03" + data) for client, data in parts
    ]
    found = put_together((i, client, data) for i, (client, data) in enumerate(said))
    assert found is None or found.flight is not None


@given(st.binary(max_size=300))
def test_garbage_is_malformed_or_a_flight(data: bytes) -> None:
    for sample in (data, b"\x16\x03\x03" + data, b"\x80" + data):
        try:
            flight = parse_server(sample)
        except Malformed:
            continue
        unseal(b"", flight)


@given(st.data())
def test_a_broken_flight_never_breaks_the_reader(data: st.DataObject) -> None:
    sample = bytearray(RECORDED)
    for _ in range(data.draw(st.integers(0, 4))):
        sample[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(0, 255))
    hello = for_version(TLS13).encode()
    found = put_together([(0, True, hello), (1, False, bytes(sample))])
    assert found is not None
    verdicts = tls_facts.verdicts([found], frozenset())
    assert all(one.version for one in verdicts)
    tls_facts.summary([found], verdicts, frozenset(), True)
    if found.flight.hello:
        tls_facts.session(found)
        tls_facts.suite_chosen(found)


# A ServerHello for TLS 1.3 with an X25519 share (the base point), then a record of noise.
_BODY = bytes.fromhex(
    "0303" + "11" * 32 + "00" + "1301" + "00" + "002e" + "002b0002" + "0304" + "00330024001d0020"
) + (9).to_bytes(32, "little")
RECORDED = (
    b"\x16\x03\x03" + (len(_BODY) + 4).to_bytes(2, "big") + b"\x02" + len(_BODY).to_bytes(3, "big")
    + _BODY + b"\x17\x03\x03\x00\x20" + NOISE[:32]
)  # fmt: skip


def test_a_certificate_is_compared_with_the_address(answer: Answer) -> None:
    data = answer(for_version(TLS12).encode(), ssl.TLSVersion.TLSv1_2, False)
    chain = parse_server(data).chain
    facts = tls_facts.certificate(chain, ip_address("192.0.2.1"))
    assert facts["for_address"] is False
    assert facts["names"] == ("device.lan",)
    assert "for_address" not in tls_facts.certificate(chain, ip_address("93.184.216.34"))
    assert "for_address" not in tls_facts.certificate(chain, ip_address("fe80::7%eth0"))
    named = tls_facts.certificate(chain, ip_address("192.0.2.1"), "Device.lan")
    assert named["for_name"] is True
    assert "for_address" not in named
    other = tls_facts.certificate(chain, ip_address("192.0.2.1"), "cloud.example")
    assert other["for_name"] is False
    with pytest.raises(Malformed):
        tls_facts.certificate((b"junk",), ip_address("192.0.2.1"))
