"""Writing packets: what is written is what is read, for every type and version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.mqtt.codec import Splitter, decode
from iotscan.protocols.mqtt.encode import encode
from iotscan.protocols.mqtt.packets import (
    Acknowledgement,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)
from iotscan.protocols.mqtt.wire import Properties, Property

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), max_size=8)
TOPIC = TEXT.filter(bool)
BINARY = st.binary(max_size=8)
IDS = st.integers(1, 65_535)
CODES = st.integers(0, 255)
QOS = st.integers(0, 2)


def properties(version: int) -> st.SearchStrategy[Properties]:
    if version < 5:
        return st.just(())
    return st.lists(TEXT.map(lambda text: Property("user_property", (text, text))), max_size=2).map(
        tuple
    )


def wills(version: int) -> st.SearchStrategy[Will | None]:
    return st.none() | st.builds(Will, TOPIC, BINARY, QOS, st.booleans(), properties(version))


def packets(version: int) -> st.SearchStrategy[Packet]:
    extra = properties(version)
    code = CODES if version == 5 else st.just(0)
    simple: list[st.SearchStrategy[Packet]] = [
        st.builds(
            Connect,
            st.just(version),
            TEXT,
            st.booleans(),
            st.integers(0, 65_535),
            st.none() | TEXT,
            st.none() | BINARY,
            wills(version),
            extra,
            st.booleans(),
        ),
        st.builds(Connack, CODES, st.just(False), extra),
        st.builds(Subscribe, IDS, st.lists(st.tuples(TOPIC, CODES), min_size=1).map(tuple), extra),
        st.builds(Suback, IDS, st.lists(CODES, min_size=1).map(tuple), extra),
        st.builds(Unsubscribe, IDS, st.lists(TOPIC, min_size=1).map(tuple), extra),
        st.builds(Acknowledgement, st.integers(4, 7), IDS, code, extra),
        st.builds(Publish, TOPIC, BINARY, st.just(0), st.booleans(), properties=extra),
        st.builds(
            Publish, TOPIC, BINARY, st.integers(1, 2), st.booleans(), st.booleans(), IDS, extra
        ),
        st.builds(Disconnect, code, extra),
        st.just(Pingreq()),
        st.just(Pingresp()),
    ]
    if version == 5:
        simple.append(st.builds(Auth, CODES, extra))
        simple.append(st.builds(Unsuback, IDS, st.lists(CODES).map(tuple), extra))
    else:
        simple.append(st.builds(Unsuback, IDS))
    return st.one_of(simple)


@given(st.sampled_from([3, 4, 5]).flatmap(lambda v: st.tuples(st.just(v), packets(v))))
def test_what_is_written_is_read_again(case: tuple[int, Packet]) -> None:
    version, packet = case
    splitter = Splitter()
    splitter.receive(encode(packet, version))
    frame = splitter.next()
    assert frame is not None
    assert decode(frame, version) == packet
    assert splitter.pending == 0


@pytest.mark.parametrize(
    ("packet", "version", "wire"),
    [
        (Connack(5), 4, "20020005"),
        (Connack(0x87), 5, "2003008700"),
        (Subscribe(1, (("#", 0),)), 4, "8206000100012300"),
        (Suback(1, (0x80,)), 4, "9003000180"),
        (Unsubscribe(2, ("#",)), 5, "a206000200000123"),
        (Unsuback(2), 4, "b0020002"),
        (Acknowledgement(6, 3), 4, "62020003"),
        (Publish("a", b"x", 1, True, True, 4), 4, "3b06000161000478"),
        (Pingreq(), 4, "c000"),
        (Pingresp(), 4, "d000"),
        (Disconnect(), 5, "e000"),
        (Disconnect(0x04), 5, "e00104"),
        (Auth(0x18), 5, "f00118"),
    ],
)
def test_packets_are_written_as_the_standard_says(packet: Packet, version: int, wire: str) -> None:
    assert encode(packet, version).hex() == wire


def test_a_plain_connect_is_the_one_every_broker_knows() -> None:
    wire = encode(Connect(client_id="iotscan"))
    assert wire.hex() == "101300044d51545404" + "02" + "003c" + "0007696f747363616e"


def test_the_password_stands_last_so_that_it_can_be_masked() -> None:
    connect = Connect(client_id="admin", username="admin", password=b"admin")
    wire = encode(connect)
    assert wire.endswith(b"\x00\x05admin")


def test_nobody_prints_a_password_a_will_or_a_message() -> None:
    will = Will("t", b"hunter22")
    said = repr([Connect(username="u", password=b"hunter22", will=will), Publish("t", b"hunter22")])
    assert "hunter22" not in said


@pytest.mark.parametrize(
    "packet",
    [
        Connect(keep_alive=65_536),
        Subscribe(70_000, (("a", 0),)),
        Connect(username="u" * 65_536),
    ],
)
def test_what_no_packet_can_carry_is_not_written(packet: Packet) -> None:
    with pytest.raises(Malformed):
        encode(packet)
