"""Connections that are only together one conversation."""

from __future__ import annotations

from dataclasses import replace

from iotscan.assess.pairing import MOST_BYTES, MOST_PARTS, MOST_WHOLES, Pairing, joined
from iotscan.model import Sender, Transcript
from iotscan.plugins import probes
from iotscan.testing import captured, conversation

PROBES = {probe.name: probe for probe in probes() if probe.name in ("rtsp", "http")}


def half(cookie: str, began: float = 0.0, said: bytes = b"") -> Transcript:
    head = f"POST / HTTP/1.0\r\nx-sessioncookie: {cookie}\r\n\r\n".encode()
    return replace(captured([("client", head), ("server", said or b"x")], 80), began=began)


def test_others_are_not_kept() -> None:
    pairing = Pairing(PROBES)
    for talk in (captured([("client", b"GET / HTTP/1.0\r\n\r\n")], 80), captured([], 80)):
        assert pairing.take(list(PROBES.values()), talk) == []
    assert pairing.take([PROBES["http"]], half("a")) == []
    ours = conversation(("client", b"GET / HTTP/1.0\r\nx-sessioncookie: a\r\n\r\n"), port=80)
    assert pairing.take(list(PROBES.values()), ours) == []
    assert list(pairing.rest()) == []


def test_each_connection_is_a_channel_in_the_order_of_time() -> None:
    pairing = Pairing(PROBES)
    for talk in (half("a", 2.0), half("b", 1.0), half("a", 1.5)):
        assert pairing.take(list(PROBES.values()), talk) == [PROBES["rtsp"]]
    assert list(pairing.due()) == []
    (_, one), (_, other) = pairing.rest()
    assert (one.began, [channel.opened for channel in one.channels]) == (1.5, [0.0, 0.5])
    assert [(turn.channel, turn.at) for turn in one.turns] == [
        (0, 0.0),
        (1, 0.5),
        (0, 1.0),
        (1, 1.5),
    ]
    assert len(other.channels) == 1
    assert list(pairing.rest()) == []


def test_memory_is_bounded() -> None:
    pairing = Pairing(PROBES)
    for number in range(MOST_WHOLES + 3):
        for _ in range(MOST_PARTS + 3):
            pairing.take(list(PROBES.values()), half(str(number), said=bytes(3 * MOST_BYTES)))
    assert len(list(pairing.due())) == 3
    (_, first), *_ = pairing.rest()
    assert len(first.channels) == MOST_PARTS


def test_what_is_left_out_of_a_side_shows_as_missing() -> None:
    pairing = Pairing(PROBES)
    head = b"POST / HTTP/1.0\r\nx-sessioncookie: a\r\n\r\n"
    film: list[tuple[Sender, bytes]] = [
        ("server", bytes(MOST_BYTES - 1)),
        ("server", b"12"),
        ("server", b"3"),
    ]
    pairing.take(list(PROBES.values()), captured([("client", head), *film], 80))
    ((_, whole),) = pairing.rest()
    assert [turn.cut for turn in whole.turns] == [False, False, True]
    assert joined([whole]) == whole
