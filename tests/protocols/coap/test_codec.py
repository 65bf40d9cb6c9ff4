"""The CoAP codec: real bytes, what is refused, round trips, and a hundred thousand broken ones."""

from __future__ import annotations

import random
import time

import aiocoap
import pytest
from aiocoap.numbers.codes import Code
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap.codec import Block, Message, Type, decode, encode, get

# RFC 7252 appendix A, figure 16: GET coap://server/temperature and its answer.
GET_TEMPERATURE = bytes.fromhex("40017d34bb74656d7065726174757265")
ANSWER = bytes.fromhex("60457d34ff32322e332043")
# libcoap's answer to GET /.well-known/core, first of two blocks, shortened.
BLOCK_ANSWER = bytes.fromhex("64450001ab8d1122425fab5a112840610eff") + b'</>;title="x"'


def test_a_request_of_the_standard_is_what_we_send_and_read() -> None:
    assert encode(get("/temperature", 0x7D34, b"")) == GET_TEMPERATURE
    request = decode(GET_TEMPERATURE)
    assert (request.type, request.code, request.mid) == (Type.CON, coap.GET, 0x7D34)
    assert request.path == "/temperature"
    assert request.size == 16
    assert request.is_request
    assert not request.is_response


def test_a_response_of_the_standard_is_read() -> None:
    response = decode(ANSWER)
    assert response == Message(coap.CONTENT, Type.ACK, 0x7D34, payload=b"22.3 C")
    assert response.is_response
    assert coap.code_name(response.code) == "2.05"


def test_options_come_out_typed() -> None:
    options = (
        (coap.OBSERVE, b"\x01\x02"),
        (coap.CONTENT_FORMAT, b"\x28"),
        (coap.BLOCK2, Block(2, True, 6).encode()),
    )
    message = decode(encode(Message(coap.CONTENT, Type.CON, 7, b"t", options, b"x")))
    assert message.observe == 0x102
    assert message.content_format == 40
    assert message.block2 == Block(2, True, 6)
    assert (message.block2.size, message.block2.offset) == (1024, 2048)


def test_an_absent_option_is_not_a_zero() -> None:
    assert decode(ANSWER).observe is None
    assert decode(encode(get("/x", 1, b"", observe=0))).observe == 0


@pytest.mark.parametrize(
    ("target", "segments", "queries", "back"),
    [
        ("/", [], [], "/"),
        ("", [], [], "/"),
        ("/a/b", [b"a", b"b"], [], "/a/b"),
        ("/a/", [b"a", b""], [], "/a/"),
        ("/a%2Fb/c%20d", [b"a/b", b"c d"], [], "/a%2Fb/c%20d"),
        ("/a?x=1&y", [b"a"], [b"x=1", b"y"], "/a?x=1&y"),
        ("/%C3%A4", ["ä".encode()], [], "/%C3%A4"),
    ],
)
def test_targets_become_options_and_back(
    target: str, segments: list[bytes], queries: list[bytes], back: str
) -> None:
    request = decode(encode(get(target, 1, b"")))
    assert list(request.values(coap.URI_PATH)) == segments
    assert list(request.values(coap.URI_QUERY)) == queries
    assert request.path == back


@pytest.mark.parametrize("target", ["/" + "x" * 256, "/%FF", "/a" * 65])
def test_a_target_that_no_request_can_carry_is_refused(target: str) -> None:
    with pytest.raises(Malformed):
        encode(get(target, 1, b""))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "nothing"),
        ("400100", "shorter than a header"),
        ("80017d34", "version 2"),
        ("00017d34", "version 0, as STUN has"),
        ("49017d34" + "00" * 9, "a token of nine bytes"),
        ("4f017d34" + "00" * 15, "a token of fifteen bytes"),
        ("42017d3400", "a token cut off"),
        ("40017d34ff", "a payload marker without payload"),
        ("40007d3400", "an empty message with something in it"),
        ("50007d34", "an empty NON"),
        ("70457d34", "a RST that says something"),
        ("60017d34", "a request inside an ACK"),
        ("40407d34", "code 2.00"),
        ("40207d34", "code 1.00"),
        ("40c07d34", "code 6.00"),
        ("40087d34", "an unknown method"),
        ("40e17d34", "a signal in a datagram"),
        ("40017d34f1", "a reserved option delta"),
        ("40017d341f", "a reserved option length"),
        ("40017d34b5414243", "an option cut off"),
        ("40017d346401020304", "an Observe of four bytes"),
        ("40017d34d40a01020304ff00", "a Block of four bytes"),
        ("40017d34e1ffff00e1ffff00", "an option number beyond 65,535"),
        ("40017d34" + "b100" + "0100" * 64, "sixty-five options"),
        ("40017d34b2c328", "a path that is not UTF-8"),
    ],
)
def test_what_is_not_quite_coap_is_refused(data: str, why: str) -> None:
    with pytest.raises(Malformed):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    "foreign",
    [
        b"SSH-2.0-dropbear\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n",
        b"M-SEARCH * HTTP/1.1\r\n",
        b"\x16\xfe\xfd\x00\x00",
        b"AAAAAAAAAAAAAAAA",
        bytes(64),
        b"\xff" * 64,
    ],
)
def test_other_protocols_are_not_coap(foreign: bytes) -> None:
    with pytest.raises(Malformed):
        decode(foreign)


def test_sixty_four_options_are_still_read() -> None:
    assert len(decode(encode(get("/a" * 64, 1, b""))).options) == 64


def test_an_empty_acknowledgement_is_read() -> None:
    assert decode(bytes.fromhex("60007d34")) == Message(coap.EMPTY, Type.ACK, 0x7D34)


def test_block_seven_counts_in_blocks_of_1024() -> None:
    assert Block(3, False, 7).offset == 3072


def test_the_codec_agrees_with_what_aiocoap_writes() -> None:
    wire = aiocoap.Message(code=Code.GET)
    wire.opt.uri_path, wire.opt.uri_query = ("sensors", "temp"), ("unit=c",)
    wire.opt.block2, wire.opt.observe = (1, False, 4), 0
    wire.mtype, wire.mid, wire.token = aiocoap.CON, 77, b"tok"
    request = decode(wire.encode())
    assert request == get("/sensors/temp?unit=c", 77, b"tok", observe=0, block=Block(1, False, 4))


TEXTS = st.text(max_size=20).filter(lambda text: len(text.encode("utf-8", "replace")) < 255)
OPTIONS = st.one_of(
    st.tuples(st.just(coap.URI_PATH), TEXTS.map(lambda t: t.encode("utf-8", "replace"))),
    st.tuples(st.just(coap.URI_QUERY), TEXTS.map(lambda t: t.encode("utf-8", "replace"))),
    st.tuples(
        st.just(coap.OBSERVE),
        st.integers(0, 0xFFFFFF).map(lambda n: n.to_bytes(3, "big").lstrip(b"\0")),
    ),
    st.tuples(st.sampled_from([3332, 2049, 65_000]), st.binary(max_size=300)),
    st.builds(
        lambda n, m, e: (coap.BLOCK2, Block(n, m, e).encode()),
        st.integers(0, (1 << 20) - 1),
        st.booleans(),
        st.integers(0, 7),
    ),
)
MESSAGES = st.builds(
    Message,
    code=st.sampled_from([coap.GET, coap.POST, coap.CONTENT, coap.FORBIDDEN, 0xA0]),
    type=st.sampled_from([Type.CON, Type.NON]),
    mid=st.integers(0, 0xFFFF),
    token=st.binary(max_size=8),
    options=st.lists(OPTIONS, max_size=8).map(
        lambda found: tuple(sorted(found, key=lambda option: option[0]))
    ),
    payload=st.binary(max_size=200),
)


@given(MESSAGES)
def test_what_is_encoded_decodes_to_the_same(message: Message) -> None:
    wire = encode(message)
    assert decode(wire) == message
    assert decode(wire).size == len(wire)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_a_message_or_malformed(data: bytes) -> None:
    try:
        message = decode(data)
    except Malformed:
        return
    assert message.size == len(data)
    assert message.path.startswith("/")


def test_a_hundred_thousand_mutated_messages_raise_nothing_else() -> None:
    dice = random.Random(7252)
    samples = [GET_TEMPERATURE, ANSWER, BLOCK_ANSWER, encode(get("/a/b?c=d", 9, b"tok", observe=0))]
    read = 0
    began = time.process_time()
    for _ in range(100_000):
        mutated = bytearray(dice.choice(samples))
        for _ in range(dice.randint(1, 3)):
            mutated[dice.randrange(len(mutated))] = dice.randrange(256)
        try:
            decode(bytes(mutated[: dice.randint(0, len(mutated))]))
            read += 1
        except Malformed:
            continue
    assert read > 1_000
    assert time.process_time() - began < 30


def test_a_datagram_full_of_options_costs_next_to_nothing() -> None:
    flood = bytes.fromhex("40017d34b0") + b"\x00" * 60_000
    began = time.process_time()
    with pytest.raises(Malformed, match="more than 64 options"):
        decode(flood)
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    ("option", "longest"),
    [
        (1, 8),
        (3, 255),
        (4, 8),
        (5, 0),
        (7, 2),
        (12, 2),
        (14, 4),
        (17, 2),
        (60, 4),
        (23, 3),
        (258, 1),
    ],
)
def test_values_are_as_long_as_the_standards_let_them_be(option: int, longest: int) -> None:
    def carrying(size: int) -> bytes:
        options = ((option, b"\1" * size),)
        return encode(Message(coap.CONTENT, Type.CON, 7, b"t", options))

    assert decode(carrying(longest)).options[0][1] == b"\1" * longest
    with pytest.raises(Malformed):
        decode(carrying(longest + 1))
