"""The CoAP probe against scripted devices: what it asks, believes and leaves alone."""

from __future__ import annotations

from functools import partial

import pytest

from iotscan import plugins, testing
from iotscan.errors import Refused
from iotscan.model import Ending
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap.codec import Block, Message, Type, decode, encode, get
from iotscan.protocols.coap.tcp import encode_tcp
from iotscan.settings import Limits
from iotscan.testing import (
    Answerer,
    Fails,
    FakeNetwork,
    Hears,
    Reply,
    captured,
    facts_of,
    on_loopback,
    serve_udp,
)

PROBE = next(probe for probe in plugins.probes() if probe.name == "coap")
QUICK = Limits(read_timeout=0.2, connect_timeout=0.5, host_connections_per_second=1000.0)
LIST = b'</temp>;rt="temperature";if="core.s";obs,</lamp>;if="core.a";title="Lamp",</door/unlock>'


service = partial(on_loopback, name="coap", transport="udp")
converse = partial(testing.converse, PROBE, limits=QUICK)
facts = partial(facts_of, PROBE)


def content(
    request: Message, payload: bytes, *options: tuple[int, bytes], code: int = coap.CONTENT
) -> bytes:
    answer = Message(code, Type.ACK, request.mid, request.token, options, payload)
    return encode(answer)


def device(resources: dict[str, bytes], heard: list[Message]) -> Answerer:
    """A well-behaved CoAP device with these resources; what it was sent goes into ``heard``."""

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        heard.append(request)
        if request.code == coap.EMPTY:
            return
        if request.path in resources:
            reply(content(request, resources[request.path]))
        else:
            reply(content(request, b"", code=0x84))

    return answer


async def test_only_gets_are_sent_and_never_to_what_sounds_like_an_action() -> None:
    heard: list[Message] = []
    known = {"/.well-known/core": LIST, "/temp": b"21", "/lamp": b"on", "/door/unlock": b"!"}
    async with serve_udp(device(known, heard)) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.COMPLETE
    assert {message.code for message in heard} == {coap.GET}
    assert [m.path for m in heard] == ["/.well-known/core", "/temp", "/lamp", "/temp"]
    assert [m.observe for m in heard] == [None, None, None, 0]
    assert facts(talk, "coap.discovery") == [
        {
            "open": True,
            "code": "2.05",
            "resources": 3,
            "bytes": len(LIST),
            "complete": True,
            "paths": ("/temp", "/lamp", "/door/unlock"),
        }
    ]
    assert facts(talk, "coap.resource") == [
        {
            "path": "/temp",
            "resource_type": "temperature",
            "looks_personal": False,
            "code": "2.05",
            "advertised": True,
            "readable": True,
            "bytes": 2,
        },
        {
            "path": "/lamp",
            "title": "Lamp",
            "looks_personal": False,
            "code": "2.05",
            "advertised": True,
            "readable": True,
            "bytes": 2,
        },
        {
            "path": "/door/unlock",
            "looks_personal": True,
            "personal_kind": "presence",
            "action": "moves or switches something: unlock",
            "advertised": True,
        },
    ]
    assert facts(talk, "coap.writable") == [
        {"path": "/lamp", "inferred_from": "if=core.a (actuator)"}
    ]
    assert facts(talk, "coap.observe") == [{"path": "/temp", "granted": False}]
    assert facts(talk, "coap.security") == [{"oscore_advertised": False, "edhoc_advertised": False}]


async def test_no_more_than_twelve_resources_are_read() -> None:
    heard: list[Message] = []
    many = b",".join(b"</s%d>" % i for i in range(40))
    async with serve_udp(device({"/.well-known/core": many}, heard)) as port:
        talk = await converse(service(port))
    assert len(heard) == 13
    assert facts(talk, "coap.discovery")[0]["resources"] == 40


async def test_without_a_list_only_two_vetted_documents_are_tried() -> None:
    heard: list[Message] = []
    async with serve_udp(device({}, heard)) as port:
        talk = await converse(service(port))
    assert [m.path for m in heard] == ["/.well-known/core", "/oic/res", "/cit/d"]
    assert facts(talk, "coap.discovery") == [{"open": False, "code": "4.04"}]
    # That a resource is missing says nothing about who may read it.
    assert all("readable" not in found for found in facts(talk, "coap.resource"))


async def test_a_list_is_fetched_block_by_block() -> None:
    whole = b",".join(b"</sensor/%03d>" % i for i in range(100))

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        number = request.block2.number if request.block2 else 0
        part = whole[number * 64 : number * 64 + 64]
        block = Block(number, (number + 1) * 64 < len(whole), 2)
        reply(content(request, part, (coap.CONTENT_FORMAT, b"\x28"), (coap.BLOCK2, block.encode())))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    (found,) = facts(talk, "coap.discovery")
    assert (found["bytes"], found["complete"], found["resources"]) == (len(whole), True, 100)


async def test_an_endless_list_ends_at_the_cap_and_is_not_called_complete() -> None:
    asked: list[Message] = []

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        asked.append(request)
        number = request.block2.number if request.block2 else 0
        block = Block(number, True, 6)
        reply(content(request, (b"</a>," * 205)[:1024], (coap.BLOCK2, block.encode())))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    (found,) = facts(talk, "coap.discovery")
    assert found["complete"] is False
    assert len([m for m in asked if m.path == "/.well-known/core"]) == 64
    # Not seen in part of a list is not "not advertised".
    assert facts(talk, "coap.security") == []


@pytest.mark.parametrize("wrong", [Block(0, True, 6), Block(7, True, 6), Block(1, True, 0)])
async def test_a_server_that_repeats_or_skips_blocks_is_not_followed(wrong: Block) -> None:
    asked: list[Message] = []

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        asked.append(request)
        block = Block(0, True, 6) if request.block2 is None else wrong
        reply(content(request, b"</a>," * 200, (coap.BLOCK2, block.encode())))

    async with serve_udp(answer) as port:
        await converse(service(port))
    assert len([m for m in asked if m.path == "/.well-known/core"]) == 2


async def test_observing_is_cancelled_and_stray_notifications_are_refused() -> None:
    heard: list[Message] = []

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        heard.append(request)
        if request.path == "/.well-known/core":
            reply(content(request, b"</t>;obs"))
        elif request.observe == 0:
            reply(content(request, b"1", (coap.OBSERVE, b"\x01")))
        elif request.observe == 1:
            notification = Message(
                coap.CONTENT, Type.CON, 4711, request.token, ((coap.OBSERVE, b"\x02"),), b"2"
            )
            reply(encode(notification))
            reply(content(request, b"2"))
        elif request.path == "/t":
            reply(content(request, b"1"))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    asked = [m for m in heard if m.code == coap.GET and m.observe is not None]
    assert [m.observe for m in asked] == [0, 1]
    assert asked[0].token == asked[1].token
    said = [decode(turn.data) for turn in talk.turns if turn.sender == "client"]
    assert said[-1] == Message(coap.EMPTY, Type.RST, 4711)
    assert facts(talk, "coap.observe") == [{"path": "/t", "granted": True}]


@pytest.mark.parametrize("change", ["mid", "token", "type"])
async def test_answers_with_a_wrong_id_or_token_are_not_believed(change: str) -> None:
    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        if request.code == coap.EMPTY:
            return
        mid, token, kind = request.mid, request.token, Type.ACK
        if change == "mid":
            mid ^= 1
        if change == "token":
            token = bytes(reversed(token)) + b"x"
        if change == "type":
            token, kind = b"", Type.NON
        reply(encode(Message(coap.CONTENT, kind, mid, token, (), LIST)))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.TIMEOUT
    assert [seen.kind for seen in PROBE.read(talk)] == []


async def test_a_separate_answer_is_waited_for_and_acknowledged() -> None:
    heard: list[Message] = []

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        heard.append(request)
        if request.code == coap.GET:
            reply(encode(Message(coap.EMPTY, Type.ACK, request.mid)))
            reply(
                encode(Message(coap.CONTENT, Type.CON, 900, request.token, (), b"</x>;if=core.p"))
            )

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    said = [decode(turn.data) for turn in talk.turns if turn.sender == "client"]
    assert Message(coap.EMPTY, Type.ACK, 900) in said
    assert facts(talk, "coap.discovery")[0]["resources"] == 1


async def test_a_lost_datagram_is_asked_for_once_more() -> None:
    heard: list[Message] = []

    def answer(data: bytes, reply: Reply) -> None:
        request = decode(data)
        heard.append(request)
        if len(heard) > 1:
            reply(content(request, b"</x>"))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert heard[0] == heard[1]
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "coap.discovery")[0]["open"] is True


async def test_a_slow_resource_is_left_out_a_device_that_falls_silent_is_left_alone() -> None:
    heard: list[Message] = []
    core = b",".join(b"</s%d>" % i for i in range(6))
    one_missing = device({"/.well-known/core": core, **{f"/s{i}": b"x" for i in range(6)}}, heard)

    def answer(data: bytes, reply: Reply) -> None:
        if decode(data).path not in silent:
            one_missing(data, reply)

    silent = {"/s2"}
    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.COMPLETE
    assert len(facts(talk, "coap.resource")) == 5
    silent = {"/s1", "/s2", "/s3", "/s4"}
    heard.clear()
    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.TIMEOUT
    assert "/s5" not in [m.path for m in heard]


def reply_to_opening(**changes: object) -> bytes:
    opening = decode(next(o.says for o in PROBE.openings if o.transport == "udp"))
    answer = Message(coap.CONTENT, Type.ACK, opening.mid, opening.token, (), b"</a>")
    fields = {name: getattr(answer, name) for name in ("code", "type", "mid", "token", "payload")}
    return encode(Message(**{**fields, **changes}))


@pytest.mark.parametrize(
    ("heard", "ours"),
    [
        (reply_to_opening(), True),
        (reply_to_opening(code=coap.UNAUTHORIZED), True),
        (reply_to_opening(type=Type.NON, mid=1), True),
        (reply_to_opening(type=Type.RST, code=coap.EMPTY, token=b"", payload=b""), True),
        (reply_to_opening(code=coap.EMPTY, token=b"", payload=b""), True),
        (reply_to_opening(mid=1), False),
        (reply_to_opening(token=b"nope"), False),
        (reply_to_opening(type=Type.RST, mid=1, code=coap.EMPTY, token=b"", payload=b""), False),
        (reply_to_opening(type=Type.CON, code=coap.GET), False),
        (encode_tcp(coap.csm(1152)), True),
        (encode_tcp(Message(coap.CSM, None)), True),
        (encode_tcp(coap.csm(70_000)) + b"\x00\x00", True),
        (encode_tcp(Message(coap.PING, None)), False),
        (encode_tcp(coap.csm(1152))[:-1], False),
        (b"SSH-2.0-x\r\n", False),
        (b"", False),
        (bytes(range(256)), False),
    ],
)
def test_only_coap_is_recognised(heard: bytes, ours: bool) -> None:
    assert PROBE.recognises(heard) is ours


def test_the_openings_ask_for_the_list_and_greet() -> None:
    udp, tcp = PROBE.openings
    assert decode(udp.says).path == "/.well-known/core"
    assert decode(udp.says).code == coap.GET
    assert tcp.says == encode_tcp(coap.csm(1152))
    assert tcp.tls == (5684,)


async def test_a_device_that_refuses_is_recorded_as_refusing() -> None:
    net = FakeNetwork(service(5683), [[Hears(), Fails(Refused())]])
    talk = await net.play(PROBE)
    assert talk.ending is Ending.REFUSED
    assert facts(talk, "coap.discovery") == []


async def test_two_scans_ask_the_same() -> None:
    first: list[Message] = []
    second: list[Message] = []
    known = {"/.well-known/core": LIST, "/temp": b"21", "/lamp": b"on"}
    for heard in (first, second):
        async with serve_udp(device(known, heard)) as port:
            await converse(service(port))
    assert first == second
    assert len(first) == 4


def test_a_question_of_others_that_nobody_answered_shows_no_service() -> None:
    asked = encode(get("/lamp", 7, b"t"))
    assert list(PROBE.read(captured([("client", asked)], 5683, "udp"))) == []
    answer = encode(Message(coap.CONTENT, Type.ACK, 7, b"t", payload=b"on"))
    found = PROBE.read(captured([("client", asked), ("server", answer)], 5683, "udp"))
    assert "coap.service" in {seen.kind for seen in found}
