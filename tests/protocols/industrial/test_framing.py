"""Binary messages put together from turns, and which side is which: every codec of industry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.model import Channel, Endpoint, Sender, Service, TlsFacts, Transcript, Turn
from iotscan.protocols.industrial import (
    bacnet,
    dnp3,
    enip,
    fins,
    framing,
    hartip,
    iec104,
    knxnetip,
    modbus,
    s7comm,
)
from iotscan.protocols.industrial.framing import (
    Decode,
    Said,
    at_port,
    clear,
    facing,
    messages,
    spoken,
)
from iotscan.protocols.industrial.opcua import codec as opcua
from iotscan.testing import three_ways

HERE, THERE = ip_address("192.0.2.1"), ip_address("192.0.2.2")
# A message of each protocol that streams.
STREAMS: dict[str, tuple[Decode[Any], bytes]] = {
    "modbus": (modbus.decode, modbus.identify(7, 1)),
    "enip": (enip.decode, enip.encode(enip.Packet(enip.LIST_IDENTITY, 0, 0, b"us", b""))),
    "s7comm": (s7comm.decode, s7comm.setup(1)),
    "dnp3": (dnp3.decode, dnp3.encode(dnp3.Link(0x44, 1, 10, b"\xc0\xc1\x81" + bytes(30)))),
    "iec104": (iec104.decode, iec104.TEST),
    "knxnetip": (knxnetip.decode, knxnetip.describe("tcp")),
    "fins": (fins.decode_tcp, fins.ASK_NODE),
    "hartip": (hartip.decode, bytes.fromhex("010000000001000d") + b"\x01\0\0\x75\x30"),
    "opcua": (opcua.decode, opcua.hello("opc.tcp://192.0.2.7:4840")),
}
DECODERS = {name: decode for name, (decode, _) in STREAMS.items()}
DECODERS |= {"bacnet": bacnet.decode, "fins over udp": fins.decode_udp}


def turns_of(chunks: Sequence[bytes], sender: Sender = "client") -> list[tuple[int, Turn]]:
    return [(i, Turn(sender, 0.0, chunk)) for i, chunk in enumerate(chunks)]


def captured(*said: tuple[Sender, bytes], server: int = 502, client: int = 50_000) -> Transcript:
    turns = tuple(Turn(sender, float(i), data) for i, (sender, data) in enumerate(said))
    service = Service(Endpoint(THERE, "tcp", server))
    channel = Channel(service.endpoint)
    whom = Endpoint(HERE, "tcp", client)
    return Transcript("c1", service, "capture", 0.0, turns, (channel,), client=whom)


@pytest.mark.parametrize("name", STREAMS)
def test_a_message_reads_the_same_in_one_piece_or_in_many(name: str) -> None:
    decode, sample = STREAMS[name]

    def feed(chunks: Sequence[bytes]) -> object:
        return [said.message for said in messages(turns_of(chunks), decode, stream=True)]

    whole, dripped, tailed = three_ways(feed, sample, b"\xee\xee\xee\xee")
    assert whole == dripped == tailed
    assert isinstance(whole, list)
    assert len(whole) == 1


@pytest.mark.parametrize("name", STREAMS)
def test_a_message_is_not_complete_before_its_last_byte(name: str) -> None:
    decode, sample = STREAMS[name]
    assert decode(sample[:-1]) is None
    first = decode(sample + sample)
    assert first is not None
    assert first[1] == len(sample)


@pytest.mark.parametrize("name", DECODERS)
@given(data=st.binary(max_size=300))
def test_garbage_is_malformed_and_nothing_worse(name: str, data: bytes) -> None:
    try:
        found = DECODERS[name](data)
    except Malformed:
        return
    assert found is None or 0 < found[1] <= len(data)


@pytest.mark.parametrize("name", STREAMS)
def test_no_codec_takes_the_message_of_another(name: str) -> None:
    _, sample = STREAMS[name]
    taken = []
    for other, decode in DECODERS.items():
        try:
            taken += [other] if decode(sample) is not None else []
        except Malformed:
            continue
    assert taken == [name]


def test_the_turn_of_a_message_is_the_one_that_completes_it() -> None:
    decode, sample = STREAMS["modbus"]
    chunks = [sample[:4], sample[4:] + sample[:6], sample[6:]]
    assert [s.turn for s in messages(turns_of(chunks), decode, stream=True)] == [1, 2]


def test_reading_starts_anew_after_the_middle_of_a_message() -> None:
    decode, sample = STREAMS["modbus"]
    said = messages(turns_of([sample[5:], sample, b"\0\1\0", sample]), decode, stream=True)
    assert [one.turn for one in said] == [1, 3]


def test_what_never_fits_is_given_up() -> None:
    decode, sample = STREAMS["modbus"]
    noise = [b"GET / HTTP/1.1\r\n\r\n"] * framing.MOST_FAILURES
    assert messages(turns_of([*noise, sample]), decode, stream=True) == []
    assert len(messages(turns_of([*noise[1:], sample]), decode, stream=True)) == 1


def test_datagrams_do_not_run_into_each_other() -> None:
    decode, sample = STREAMS["modbus"]
    halves = [sample[:5], sample[5:]]
    assert messages(turns_of(halves), decode, stream=False) == []
    assert len(messages(turns_of(halves), decode, stream=True)) == 1


def test_a_long_conversation_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    decode, sample = STREAMS["modbus"]
    monkeypatch.setattr(framing, "MOST_MESSAGES", 3)
    assert len(messages(turns_of([sample] * 9), decode, stream=True)) == 3


def test_sides_are_turned_when_more_messages_speak_for_it() -> None:
    talk = captured(("client", b"answer"), ("server", b"question"), ("client", b"answer"))
    said = [Said(turn.sender, i, turn.data) for i, turn in enumerate(talk.turns)]
    right, turned = facing(talk, said, lambda m: "client" if m == b"question" else "server")
    assert [one.sender for one in turned] == ["server", "client", "server"]
    assert right.service.endpoint == talk.client
    assert right.client == talk.service.endpoint


def test_sides_stay_as_they_are_when_as_much_speaks_against_it() -> None:
    talk = captured(("client", b"answer"), ("client", b"question"))
    said = [Said(turn.sender, i, turn.data) for i, turn in enumerate(talk.turns)]
    same, _ = facing(talk, said, lambda m: "client" if m == b"question" else "server")
    assert same is talk


def test_our_own_conversation_is_never_turned() -> None:
    talk = replace(captured(("client", b"answer")), client=None)
    said: list[Said[bytes]] = [Said("client", 0, b"answer")]
    assert facing(talk, said, lambda _: "server") == (talk, said)
    assert at_port(talk, (50_000,)) is talk


def test_the_usual_port_is_the_servers() -> None:
    wrong = captured(("client", b"x"), server=50_000, client=502)
    assert at_port(wrong, (502,)).service.endpoint.port == 502
    both = captured(("client", b"x"), server=502, client=502)
    assert at_port(both, (502,)) is both
    neither = captured(("client", b"x"), server=4, client=5)
    assert at_port(neither, (502,)) is neither


def test_what_went_inside_tls_is_left_out_of_captures_and_read_in_our_own() -> None:
    decode, sample = STREAMS["modbus"]
    secured = (Channel(Endpoint(THERE, "tcp", 802), tls=TlsFacts("TLSv1.3")),)
    talk = replace(captured(("client", sample)), channels=secured)
    assert spoken(talk, decode) == []
    own = replace(talk, client=None)
    assert len(spoken(own, decode)) == 1
    assert not clear(own)
    assert clear(replace(own, channels=()))
