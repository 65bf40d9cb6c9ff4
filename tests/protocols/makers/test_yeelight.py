"""Yeelight's announcements and the one question, as its maker's specification writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import yeelight
from iotscan.testing import three_ways

ANSWER = (
    b"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nDate:\r\nExt:\r\n"
    b"Location: yeelight://192.168.1.239:55443\r\nServer: POSIX UPnP/1.0 YGLC/1\r\n"
    b"id: 0x000000000015243f\r\nmodel: color\r\nfw_ver: 18\r\n"
    b"support: get_prop set_default set_power toggle\r\npower: on\r\nname: my_bulb\r\n"
)
NOTICE = b"NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1982\r\n" + ANSWER.partition(b"\r\n")[2]
STATE = b'{"method":"props","params":{"power":"on"}}\r\n'
PROPERTIES = b'{"id":1, "result":["on", "my_bulb"]}\r\n'


@pytest.mark.parametrize("data", [ANSWER, NOTICE, ANSWER + b"\r\n"])
def test_a_lamp_announces_what_it_is_and_where_it_takes_orders(data: bytes) -> None:
    device = yeelight.read_announcement(data)
    assert device.facts() == {
        "protocol": "Yeelight",
        "vendor": "Yeelight",
        "model": "color",
        "firmware": "18",
        "device_kind": "bulb",
        "name": "my_bulb",
    }
    assert (device.port, device.numbers) == (55443, ("0x000000000015243f",))
    assert device.serial is True


@pytest.mark.parametrize("port", [1, 65_535])
def test_any_port_is_taken(port: int) -> None:
    assert yeelight.read_announcement(ANSWER.replace(b"55443", b"%d" % port)).port == port


@pytest.mark.parametrize(
    "data",
    [
        b"",
        yeelight.SEARCH,
        ANSWER.replace(b"yeelight://", b"http://"),
        ANSWER.replace(b":55443", b":65536"),
        ANSWER.replace(b":55443", b":0"),
        ANSWER.replace(b"id: ", b"di: "),
        ANSWER.replace(b"model: color", b"model:"),
        b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLocation: http://192.168.1.1/\r\n\r\n",
    ],
)
def test_what_is_no_announcement_of_a_lamp_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        yeelight.read_announcement(data)


def test_the_question_only_reads() -> None:
    asked = json.loads(yeelight.QUESTION)
    assert asked == {"id": 1, "method": "get_prop", "params": ["power", "name"]}
    assert yeelight.QUESTION.endswith(b"\r\n")


def test_messages_are_read_however_they_arrive() -> None:
    def feed(chunks: Sequence[bytes]) -> list[dict[str, Any]]:
        heard, found = b"", []
        for chunk in chunks:
            heard += chunk
            while heard and heard[:1] == b"{" and (one := yeelight.take(heard)) is not None:
                found.append(one[0])
                heard = heard[one[1] :]
        return found

    state, properties = json.loads(STATE), json.loads(PROPERTIES)
    assert three_ways(feed, STATE + PROPERTIES, b"!") == [[state, properties]] * 3


def test_whoever_is_answered_may_give_orders() -> None:
    facts = yeelight.read_answer(json.loads(PROPERTIES)).facts()
    assert (facts["open"], facts["name"]) == (True, "my_bulb")
    assert yeelight.notifies(json.loads(STATE))
    assert not yeelight.notifies(json.loads(PROPERTIES))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"id": 1, "error": {"code": -1, "message": "client quota exceeded"}},
        {"id": 2, "result": ["on", "x"]},
        {"id": 1, "result": ["on"]},
        {"id": 1, "result": ["maybe", "x"]},
        {"id": 1, "result": ["on", 7]},
        {"id": 1, "result": "on"},
    ],
)
def test_other_answers_prove_nothing(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        yeelight.read_answer(said)


@pytest.mark.parametrize("data", [b"\r\n", b"{]\r\n", b"[1]\r\n", b"{" * 9000, b'{"a":1}x\r\n'])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        yeelight.take(data)


@given(st.binary(max_size=80))
def test_garbage_is_refused_or_waited_for_and_nothing_else(data: bytes) -> None:
    for read in (yeelight.take, yeelight.read_announcement):
        for said in (data, b"{" + data, ANSWER + data):
            try:
                read(said)
            except Malformed:
                continue
