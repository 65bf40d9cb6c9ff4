"""Sessions put together from both sides: versions, aliases, wrong sides, missing beginnings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import Sender, Turn
from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt.codec import encode
from iotscan.protocols.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Publish,
    Suback,
    Subscribe,
)
from iotscan.protocols.mqtt.session import Session, Subscription, read_session
from iotscan.protocols.mqtt.wire import Property

Line = tuple[Sender, Packet]


def turns(*lines: Line, version: int = 4) -> list[tuple[int, Turn]]:
    return [
        (index, Turn(sender, float(index), encode(packet, version)))
        for index, (sender, packet) in enumerate(lines)
    ]


def session(*lines: Line, version: int = 4) -> Session:
    read = read_session(turns(*lines, version=version))
    assert read is not None
    return read


SUBSCRIBED: tuple[Line, ...] = (
    ("client", Connect(client_id="x")),
    ("server", Connack(0)),
    ("client", Subscribe(1, (("a/#", 0), ("b", 1)))),
    ("server", Suback(1, (0, 0x80))),
    ("server", Publish("a/1", b"x", retain=True)),
    ("client", Publish("c", b"y")),
)


def test_a_whole_session_is_understood_with_the_turns_that_prove_it() -> None:
    read = session(*SUBSCRIBED)
    assert (read.version, read.connect_turn, read.connack_turn) == (4, 0, 1)
    assert read.subscriptions == [
        Subscription("a/#", 0, (2, 3)),
        Subscription("b", 0x80, (2, 3)),
    ]
    assert [(m.sender, m.packet.topic, m.turn) for m in read.messages] == [
        ("server", "a/1", 4),
        ("client", "c", 5),
    ]
    assert read.later == [3, 4]
    assert read.sampled == 2.0
    assert not read.broken
    assert not read.cut


def test_an_unanswered_filter_stays_without_a_code() -> None:
    read = session(*SUBSCRIBED[:3])
    assert [s.code for s in read.subscriptions] == [None, None]


def test_an_answer_that_does_not_fit_its_question_breaks_the_session() -> None:
    read = session(*SUBSCRIBED[:3], ("server", Suback(1, (0,))), *SUBSCRIBED[4:])
    assert read.broken
    assert [s.code for s in read.subscriptions] == [None, None]
    assert [m.packet.topic for m in read.messages] == ["c"]


def test_an_answer_to_a_question_that_was_not_heard_grants_nothing() -> None:
    read = session(*SUBSCRIBED[:2], ("server", Suback(9, (0,))))
    assert read.subscriptions == []
    assert not read.broken


def test_borders_of_turns_mean_nothing() -> None:
    whole = turns(*SUBSCRIBED)
    dripped: list[tuple[int, Turn]] = []
    for _, turn in whole:
        for byte in turn.data:
            dripped.append((len(dripped), Turn(turn.sender, 0.0, bytes([byte]))))
    read, slow = read_session(whole), read_session(dripped)
    assert read is not None
    assert slow is not None
    assert [m.packet for m in slow.messages] == [m.packet for m in read.messages]
    assert [(s.filter, s.code) for s in slow.subscriptions] == [
        (s.filter, s.code) for s in read.subscriptions
    ]


def test_a_farewell_is_not_service() -> None:
    read = session(
        ("client", Connect(5)), ("server", Connack(0)), ("server", Disconnect(0x87)), version=5
    )
    assert read.later == []
    assert read.farewell == Disconnect(0x87)


def test_topic_aliases_are_resolved() -> None:
    alias = (Property("topic_alias", 3),)
    read = session(
        ("client", Connect(5)),
        ("server", Connack(0)),
        ("server", Publish("long/topic", b"1", properties=alias)),
        ("server", Publish("", b"2", properties=alias)),
        version=5,
    )
    assert [m.packet.topic for m in read.messages] == ["long/topic"] * 2


def test_an_alias_that_was_never_set_breaks_the_session() -> None:
    unknown = Publish("", b"2", properties=(Property("topic_alias", 3),))
    read = session(("client", Connect(5)), ("server", unknown), version=5)
    assert read.broken
    assert read.messages == []


def test_a_message_that_was_cut_off_is_told() -> None:
    talk = turns(*SUBSCRIBED[:4])
    talk.append((4, Turn("server", 4.0, encode(Publish("big", bytes(500)))[:100])))
    read = read_session(talk)
    assert read is not None
    assert read.cut


def cut(packet: bytes, size: int) -> Session | None:
    said = (Turn("client", 0.0, packet[:size], cut=True), Turn("server", 0.1, b"\x20\2\0\0"))
    return read_session(enumerate(said))


@pytest.mark.parametrize(
    ("size", "client_id", "username"),
    [(12, "", ""), (18, "lamp", ""), (21, "lamp", ""), (23, "lamp", "ann"), (26, "lamp", "ann")],
)
def test_of_a_connect_that_a_capture_cut_its_flags_tell_enough(
    size: int, client_id: str, username: str
) -> None:
    packet = encode(Connect(client_id="lamp", username="ann", password=b"hunter2"))
    talk = cut(packet, size)
    assert talk is not None
    assert talk.connect is not None
    assert (talk.connect.client_id, talk.connect.username) == (client_id, username)
    assert (talk.connect.password, talk.connect.anonymous) == (None, False)
    assert talk.connack is not None


def test_of_a_connect_that_is_cut_too_soon_nothing_is_told() -> None:
    packet = encode(Connect(client_id="lamp", username="ann"))
    talk = cut(packet, 10)
    assert talk is not None  # by its CONNACK
    assert talk.connect is None


def test_packets_of_the_wrong_side_break_the_session() -> None:
    assert session(("client", Connect()), ("server", Pingreq())).broken
    assert session(("client", Connect()), ("client", Pingresp())).broken


def test_a_session_whose_beginning_is_missing_is_known_by_two_packets_that_fit() -> None:
    read = session(("client", Pingreq()), ("server", Pingresp()), ("server", Publish("t", b"x")))
    assert read.version is None
    assert read.connect is None
    assert [m.packet.topic for m in read.messages] == ["t"]
    assert read_session(turns(("client", Pingreq()))) is None
    broken = [
        *turns(("client", Pingreq()), ("server", Pingresp())),
        (2, Turn("server", 2.0, b"\0")),
    ]
    assert read_session(broken) is None


def test_a_connack_alone_is_mqtt_but_not_with_garbage_behind_it() -> None:
    assert session(("server", Connack(5))).connack == Connack(5)
    assert read_session([(0, Turn("server", 0.0, encode(Connack(0)) + b"login: "))]) is None


@pytest.mark.parametrize(
    "greeting",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xd0\x00",
        b"\x30\x0c\x02\x01\x01a\x07\n\x01\x00\x04\x00\x04\x00",  # LDAP
        b"220 ftp\r\n",
        b"\xff\xfd\x18",
    ],
)
def test_other_protocols_are_no_session(greeting: bytes) -> None:
    assert read_session([(0, Turn("server", 0.0, greeting))]) is None


def test_a_websocket_session() -> None:
    key = websocket.KEY
    talk = [
        Turn("client", 0.0, websocket.upgrade_request("h", "/mqtt", "mqtt")),
        Turn("server", 1.0, websocket.upgrade_answer(key, "mqtt")),
        Turn("client", 2.0, websocket.encode_frame(encode(Connect()), mask=b"abcd")),
        Turn("server", 3.0, websocket.encode_frame(encode(Connack(4)))),
    ]
    read = read_session(enumerate(talk))
    assert read is not None
    assert read.websocket
    assert read.agreed
    assert read.connack == Connack(4)


def test_a_websocket_for_something_else_is_no_session() -> None:
    talk = [
        Turn("client", 0.0, websocket.upgrade_request("h", "/chat", "chat")),
        Turn("server", 1.0, websocket.upgrade_answer(websocket.KEY, "chat")),
        Turn("server", 2.0, websocket.encode_frame(b"\xd0\x00\xd0\x00")),
    ]
    assert read_session(enumerate(talk)) is None


def test_an_upgrade_that_was_refused_is_no_session() -> None:
    talk = [
        Turn("client", 0.0, websocket.upgrade_request("h", "/mqtt", "mqtt")),
        Turn("server", 1.0, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ]
    assert read_session(enumerate(talk)) is None


@given(
    st.lists(st.tuples(st.sampled_from(["client", "server"]), st.binary(max_size=30)), max_size=6)
)
def test_garbage_never_raises(talk: list[tuple[Sender, bytes]]) -> None:
    hello = Turn("client", 0.0, encode(Connect(5), 5))
    bent = [Turn(sender, 1.0, data) for sender, data in talk]
    read_session(enumerate(bent))
    read_session(enumerate([hello, *bent]))
