"""BACnet over Ethernet: whoever announces or answers is there; nobody speaks for another."""

from __future__ import annotations

import pytest

from iotscan.model import Packet, Sighting
from iotscan.plugins import discoverers
from iotscan.protocols.industrial import bacnet

DISCOVERER = next(d for d in discoverers() if d.name == "bacnet")
MAC = "00:60:2d:00:00:07"
# An I-Am of device 61, padded to the length of an Ethernet frame; and what is no announcement.
I_AM = bytes.fromhex("01001000c40200003d2201e09100211e") + bytes(27)
ACK = bytes.fromhex("010020010f")
ROUTED = bytes.fromhex("01080005010a") + I_AM[2:]
WHO_IS = bacnet.who_is()[4:]


def read(data: bytes, mac: str | None = MAC) -> list[object]:
    return list(DISCOVERER.read(Packet("p3", 0.0, "bacnet", data, None, mac, frame=12)))


@pytest.mark.parametrize("data", [I_AM, ACK])
def test_whoever_announces_or_answers_is_a_building_controller(data: bytes) -> None:
    (seen,) = read(data)
    assert isinstance(seen, Sighting)
    assert (seen.addresses, seen.mac) == ((), MAC)
    assert seen.traits == {"kind": "building controller"}
    assert seen.proof.frames == (12,)


@pytest.mark.parametrize("data", [WHO_IS, ROUTED, b"", b"\x01", bytes(40)])
def test_questions_others_words_and_garbage_show_nobody(data: bytes) -> None:
    assert read(data) == []


def test_a_frame_without_sender_shows_nobody() -> None:
    assert read(I_AM, None) == []
