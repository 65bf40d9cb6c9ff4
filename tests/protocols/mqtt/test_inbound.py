"""MQTT with and without a WebSocket around it, from any cut of the bytes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.http import codec as http
from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt.inbound import Inbound
from iotscan.testing import three_ways

CONNACK = bytes.fromhex("20020000")
PONG = b"\xd0\x00"


def frames(chunks: Sequence[bytes]) -> list[int]:
    inbound = Inbound()
    kinds = []
    for chunk in chunks:
        inbound.receive(chunk)
        while (item := inbound.next()) is not None:
            kinds.append(item.kind if isinstance(item, mqtt.Frame) else 0)
    return kinds


def test_bare_packets() -> None:
    assert three_ways(frames, CONNACK + PONG, tail=b"\x30") == [[2, 13]] * 3


def test_packets_in_frames_whose_borders_mean_nothing() -> None:
    carried = (
        websocket.encode_frame(CONNACK[:3])
        + websocket.encode_frame(b"", websocket.PING)
        + websocket.encode_frame(CONNACK[3:] + PONG, websocket.CONTINUATION)
        + websocket.encode_frame(b"\xd0", websocket.TEXT)
    )
    sample = websocket.upgrade_answer(websocket.KEY, "mqtt") + carried
    assert three_ways(frames, sample, tail=b"\x82") == [[0, 2, 13]] * 3


def test_a_refusal_to_upgrade_is_handed_on() -> None:
    inbound = Inbound()
    inbound.receive(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    head = inbound.next()
    assert isinstance(head, http.Response)
    assert head.status == 404


def test_the_cap_holds_with_and_without_a_websocket() -> None:
    bare = Inbound(largest=8)
    bare.receive(b"\x30\x09")
    with pytest.raises(Malformed):
        bare.next()
    wrapped = Inbound(largest=8)
    wrapped.receive(websocket.upgrade_answer(websocket.KEY, "mqtt") + b"\x82\x09")
    assert wrapped.next() is not None
    with pytest.raises(Malformed):
        wrapped.next()
