"""MQTT-SN gateways are known by their answer to a search, and by nothing else."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.mqtt.sn import SEARCH, GatewayInfo, decode_gateway_info

PROBE: Any = next(probe for probe in probes() if probe.name == "mqttsn")
ENDPOINT = Endpoint(ip_address("192.0.2.9"), "udp", 10_000)


def talk(*turns: Turn) -> Transcript:
    return Transcript("c1", Service(ENDPOINT), "recognise", 0.0, turns)


def test_an_answer_is_read_whole() -> None:
    assert decode_gateway_info(b"\x03\x02\x07") == GatewayInfo(7)
    assert decode_gateway_info(b"\x05\x02\x07\x0a\x0b") == GatewayInfo(7, b"\x0a\x0b")


@pytest.mark.parametrize(
    "datagram", [b"", b"\x03", b"\x03\x02", b"\x04\x02\x07", b"\x03\x01\x01", b"\x03\x02\x07\x00"]
)
def test_anything_else_is_refused(datagram: bytes) -> None:
    with pytest.raises(Malformed):
        decode_gateway_info(datagram)
    assert not PROBE.recognises(datagram)


def test_a_gateway_is_seen_with_its_number_and_proof() -> None:
    (seen,) = PROBE.read(talk(Turn("client", 0.0, SEARCH), Turn("server", 0.1, b"\x03\x02\x07")))
    assert dict(seen.facts) == {"gateway": 7, "cleartext": True}
    assert seen.proofs[0].turns == (0, 1)


def test_an_answer_that_nobody_asked_for_proves_nothing() -> None:
    assert list(PROBE.read(talk(Turn("server", 0.1, b"\x03\x02\x07")))) == []
    other = Turn("client", 0.0, b"hello")
    assert list(PROBE.read(talk(other, Turn("server", 0.1, b"\x03\x02\x07")))) == []
