"""Ubiquiti devices by their announcements: a gateway as it was on the wire."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

import iotscan
from iotscan.discovery.ubiquiti import DISCOVERER
from iotscan.model import Endpoint, Observation, Packet, Service, Sighting
from iotscan.plugins import discoverers
from iotscan.protocols.makers.ubiquiti import ASK_V1, ASK_V2

GATEWAY = bytes.fromhex(
    "020600ab02000a802aa88d692bc0a8021502000a802aa88d692cc0a80101010006802aa88d692b0a00040000de60"
    "0b000475626e740c000455475733030038556e6946695365637572697479476174657761792e45522d653132302e"
    "76342e332e33332e343933363038362e3136313230332e3230333116000e342e332e33332e343933363038361500"
    "04554757331700010018000100130006802aa88d692b120004000015cf1b0005342e302e30"
)
SOURCE = ip_address("192.168.1.1")


def packet(data: bytes) -> Packet:
    return Packet("p3", 0.1, "ubiquiti", data, SOURCE, "80:2a:a8:8d:69:2c", frame=1)


def test_a_gateway_is_named_and_described_with_its_inside_addresses() -> None:
    sighting, seen, given, named = DISCOVERER.read(packet(GATEWAY))
    assert isinstance(sighting, Sighting)
    assert sighting.addresses == (SOURCE, ip_address("192.168.2.21"))
    assert sighting.names == ("ubnt",)
    assert sighting.traits == {
        "vendor": "Ubiquiti",
        "model": "UGW3",
        "firmware": "4.3.33.4936086",
    }
    assert sighting.proof.frames == (1,)
    assert isinstance(seen, Observation)
    assert (seen.kind, seen.facts["setup"]) == ("lan.device", False)
    assert isinstance(given, Observation)
    assert given.facts["mac"] is True
    assert isinstance(named, Observation)
    assert named.facts["name"] == "ubnt"


def test_an_address_outside_is_left_to_the_provider() -> None:
    outside = GATEWAY.replace(bytes.fromhex("c0a80215"), bytes.fromhex("08080808"))
    sighting = next(iter(DISCOVERER.read(packet(outside))))
    assert isinstance(sighting, Sighting)
    assert sighting.addresses == (SOURCE,)


def test_a_device_is_led_to_by_its_port() -> None:
    sighting = next(iter(DISCOVERER.read(packet(GATEWAY))))
    assert isinstance(sighting, Sighting)
    assert sighting.leads == (Service(Endpoint(SOURCE, "udp", 10001), "ubiquiti"),)


@pytest.mark.parametrize("data", [b"", ASK_V1, ASK_V2, GATEWAY[:-1], b"M-SEARCH * HTTP/1.1\r\n"])
def test_questions_and_garbage_say_nothing(data: bytes) -> None:
    assert list(DISCOVERER.read(packet(data))) == []


def test_it_is_found_by_itself() -> None:
    assert DISCOVERER in discoverers()


@pytest.mark.shared
def test_a_capture_tells_what_the_gateway_is(shared: Path) -> None:
    report = iotscan.replay([shared / "captures" / "iot" / "ubiquiti-discovery.pcap"])
    (device,) = report.devices
    assert (device.identity.vendor, device.identity.model) == ("Ubiquiti", "UGW3")
    assert device.identity.firmware == "4.3.33.4936086"
    assert "ubnt" in device.names
