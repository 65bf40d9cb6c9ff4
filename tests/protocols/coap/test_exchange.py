"""Which answer belongs to which request, and what blocks make up."""

from __future__ import annotations

import pytest

from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap.codec import Block, Message, Type, encode, get
from iotscan.protocols.coap.exchange import (
    LONGEST_BODY,
    Exchange,
    answers,
    assemble,
    messages,
    pair,
)
from iotscan.protocols.coap.tcp import encode_tcp

ASK = get("/a", 10, b"tk")


def content(
    mid: int,
    token: bytes,
    payload: bytes = b"x",
    kind: Type | None = Type.ACK,
    block: Block | None = None,
) -> Message:
    options = () if block is None else ((coap.BLOCK2, block.encode()),)
    return Message(coap.CONTENT, kind, mid, token, options, payload)


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        (content(10, b"tk"), True),
        (content(11, b"tk"), False),
        (content(10, b"no"), False),
        (content(10, b""), False),
        (content(99, b"tk", kind=Type.CON), True),
        (content(99, b"tk", kind=Type.NON), True),
        (content(10, b"no", kind=Type.CON), False),
        (Message(coap.EMPTY, Type.ACK, 10), False),
        (get("/a", 10, b"tk"), False),
    ],
)
def test_only_the_right_id_and_token_answer(answer: Message, fits: bool) -> None:
    assert answers(answer, ASK) is fits
    (exchange,) = pair([(0, "client", ASK), (1, "server", answer)][: 1 if answer == ASK else 2])
    assert bool(exchange.responses) is fits


def test_an_answer_by_the_asker_itself_is_none() -> None:
    (exchange,) = pair([(0, "client", ASK), (1, "client", content(10, b"tk"))])
    assert exchange.response is None


def test_a_separate_answer_comes_after_an_empty_acknowledgement() -> None:
    said = [
        (3, "client", ASK),
        (5, "server", Message(coap.EMPTY, Type.ACK, 10)),
        (8, "server", content(500, b"tk", kind=Type.CON)),
    ]
    (exchange,) = pair(said)
    assert (exchange.asked, exchange.answered) == (3, 8)


def test_a_repeated_request_is_one_exchange_a_reused_id_is_another() -> None:
    repeated = pair([(0, "client", ASK), (1, "client", ASK), (2, "server", content(10, b"tk"))])
    assert [(e.asked, len(e.responses)) for e in repeated] == [(0, 1)]
    reused = pair([(0, "client", ASK), (1, "client", get("/b", 10, b"tk"))])
    assert [e.request.path for e in reused] == ["/a", "/b"]


def test_both_sides_may_ask() -> None:
    said = [
        (0, "client", ASK),
        (1, "server", get("/c", 10, b"tk")),
        (2, "server", content(10, b"tk", b"to the client")),
        (3, "client", content(10, b"tk", b"to the server")),
    ]
    mine, theirs = pair(said)
    assert mine.asker == "client"
    assert mine.response is not None
    assert mine.response.payload == b"to the client"
    assert theirs.response is not None
    assert theirs.response.payload == b"to the server"


def test_a_reset_rejects() -> None:
    (exchange,) = pair([(0, "client", ASK), (1, "server", Message(coap.EMPTY, Type.RST, 10))])
    assert (exchange.response, exchange.rejected) == (None, 1)


def test_notifications_are_further_responses() -> None:
    said = [
        (0, "client", ASK),
        *((i, "server", content(i, b"tk", kind=Type.NON)) for i in (1, 2, 3)),
    ]
    (exchange,) = pair(said)
    assert [index for index, _ in exchange.responses] == [1, 2, 3]


def block_exchange(number: int, payload: bytes, more: bool, exponent: int = 0) -> Exchange:
    request = get("/big", number, b"t")
    answer = content(number, b"t", payload, block=Block(number, more, exponent))
    return Exchange("client", number * 2, request, [(number * 2 + 1, answer)])


def test_blocks_make_up_a_body() -> None:
    body = assemble(
        [
            block_exchange(0, b"a" * 16, True),
            block_exchange(1, b"b" * 16, True),
            block_exchange(2, b"c", False),
        ]
    )
    assert body is not None
    assert body.payload == b"a" * 16 + b"b" * 16 + b"c"
    assert body.complete
    assert body.indexes == (0, 1, 3, 5)


@pytest.mark.parametrize(
    ("exchanges", "payload", "complete"),
    [
        ([block_exchange(0, b"a" * 16, True)], b"a" * 16, False),
        (
            [block_exchange(0, b"a" * 16, True), block_exchange(2, b"c" * 16, False)],
            b"a" * 16,
            False,
        ),
        (
            [block_exchange(0, b"a" * 16, True), block_exchange(0, b"z" * 16, True)],
            b"a" * 16,
            False,
        ),
        (
            [block_exchange(0, b"a" * 16, False), block_exchange(1, b"z" * 16, False)],
            b"a" * 16,
            True,
        ),
    ],
)
def test_blocks_out_of_order_do_not_count(
    exchanges: list[Exchange], payload: bytes, complete: bool
) -> None:
    body = assemble(exchanges)
    assert body is not None
    assert (body.payload, body.complete) == (payload, complete)


def test_a_body_that_begins_in_the_middle_is_none() -> None:
    assert assemble([block_exchange(1, b"b" * 16, False)]) is None
    assert assemble([]) is None


def test_a_body_does_not_grow_for_ever() -> None:
    endless = [block_exchange(i, b"x" * 1024, True, 6) for i in range(100)]
    body = assemble(endless)
    assert body is not None
    assert len(body.payload) == LONGEST_BODY
    assert not body.complete


def test_datagrams_that_are_not_coap_are_left_out() -> None:
    said = [(0, "client", encode(ASK)), (1, "server", b"HTTP/1.1 200 OK\r\n"), (2, "server", b"")]
    assert messages(said) == [(0, "client", ASK)]


STREAM = encode_tcp(coap.csm(1152)) + encode_tcp(get("/a", 0, b"t", kind=None))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_streams_are_cut_into_messages_wherever_they_are_cut(size: int) -> None:
    pieces = [STREAM[i : i + size] for i in range(0, len(STREAM), size)]
    found = messages(((i, "client", piece) for i, piece in enumerate(pieces)), tcp=True)
    assert [message.code for _, _, message in found] == [coap.CSM, coap.GET]
    assert found[-1][0] == len(pieces) - 1


@pytest.mark.parametrize(
    "foreign", [b"\x20\x02\x00\x00", b"\x15\x03\x01\x00\x02\x02\x46", b"220 mail\r\n", STREAM[6:]]
)
def test_a_stream_without_a_greeting_is_not_coap(foreign: bytes) -> None:
    assert messages([(0, "server", foreign), (1, "server", STREAM)], tcp=True) == []


def test_a_stream_that_breaks_keeps_what_was_read() -> None:
    said = [(0, "client", STREAM + b"\xff" * 9), (1, "client", STREAM), (2, "server", STREAM)]
    assert [(i, m.code) for i, _, m in messages(said, tcp=True)] == [
        (0, coap.CSM),
        (0, coap.GET),
        (2, coap.CSM),
        (2, coap.GET),
    ]
