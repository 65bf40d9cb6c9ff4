"""The one form for what devices say in their makers' protocols."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.errors import Malformed
from iotscan.model import Channel, Endpoint, Proof, Service, Transcript, Turn
from iotscan.protocols.makers.landevice import LanDevice, described, json_object, object_in, text_in
from iotscan.testing import captured

HERE = Endpoint(ip_address("192.0.2.1"), "udp", 9999)
LAMP = LanDevice("Lamp", vendor="Lampco", name="Anna's lamp", open=True, how="it asks for no login")


def test_only_what_is_known_becomes_a_fact() -> None:
    assert LanDevice("Lamp").facts() == {"protocol": "Lamp"}
    assert LAMP.facts() == {
        "protocol": "Lamp",
        "vendor": "Lampco",
        "name": "Anna's lamp",
        "open": True,
        "how": "it asks for no login",
    }
    assert "how" not in replace(LAMP, open=False).facts()
    assert LAMP.traits() == {"vendor": "Lampco"}


def test_texts_of_devices_are_cleaned() -> None:
    nasty = LanDevice("Lamp", model="\x1b[31mM\u202e", name="a\nb" * 200)
    assert nasty.facts()["model"] == "[31mM\\u202e"
    assert nasty.traits()["model"] == "[31mM\\u202e"
    assert len(str(nasty.facts()["name"])) == 64


def test_an_announcement_shows_the_device_what_it_gives_away_and_its_name() -> None:
    told = replace(LAMP, numbers=("a4:2b:b0:00:00:09",), serial=False)
    device, identifiers, name = told.announced("lamp", HERE, Proof("p1"), None)
    assert (device.kind, device.endpoint, device.proofs) == ("lan.device", HERE, (Proof("p1"),))
    assert identifiers.facts == {"via": "lamp", "serial": False, "mac": True, "uuid": False}
    assert name.facts == {"via": "lamp", "name": "Anna's lamp", "looks_personal": True}
    nameless = LanDevice("Lamp", numbers=("12345",), serial=True)
    _, identifiers = nameless.announced("lamp", HERE, Proof("p1"), None)
    assert identifiers.facts == {"via": "lamp", "serial": True, "mac": False, "uuid": False}


def read(data: bytes) -> LanDevice:
    if not data.startswith(b"lamp "):
        raise Malformed("no lamp")
    word, _, text = data[5:].decode().partition("=")
    told: dict[str, Any] = {word: text}
    return LanDevice("Lamp", **told)


def test_our_own_conversation_is_told_in_one_observation_with_its_turns() -> None:
    turns = (
        Turn("client", 0.0, b"?"),
        Turn("server", 0.0, b"lamp model=L1"),
        Turn("server", 0.0, b"noise"),
        Turn("client", 0.0, b"lamp name=ours"),
        Turn("server", 0.0, b"lamp firmware=2.0"),
    )
    talk = Transcript("c1", Service(HERE), "lamp", 0.0, turns, (Channel(HERE),))
    (seen,) = described(talk, read)
    assert seen.facts == {"protocol": "Lamp", "model": "L1", "firmware": "2.0"}
    assert seen.proofs == (Proof("c1", (1, 4)),)


def test_other_peoples_datagrams_and_streams_are_read_elsewhere() -> None:
    assert list(described(captured([("server", b"lamp model=L1")], 9999, "udp"), read)) == []
    stream = replace(HERE, transport="tcp")
    turns = (Turn("server", 0.0, b"lamp model=L1"),)
    assert list(described(Transcript("c1", Service(stream), "lamp", 0.0, turns), read)) == []


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"7", b"{", b'{"a":}', b"\xff{}", b"{" + b" " * 70_000]
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        json_object(data)


def test_fields_are_taken_only_as_what_they_should_be() -> None:
    tree = json_object(b'{"a":{"b":{"c":"x","d":7}}}')
    inner = object_in(tree, "a", "b")
    assert (text_in(inner, "c"), text_in(inner, "d"), text_in(inner, "e", "c")) == ("x", "", "x")
    for path in (("a", "c"), ("a", "b", "c"), ("z",)):
        with pytest.raises(Malformed):
            object_in(tree, *path)
