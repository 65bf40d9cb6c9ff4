"""What counts as a mark, and what stands on thousands of devices."""

from __future__ import annotations

import pytest
from paper import Door, Thing, key, report

from iotscan.compare.marks import marks
from iotscan.model import Device, Identity, Report


def of(thing: Thing) -> set[tuple[str, str]]:
    made: Report = report(thing)
    device: Device = made.devices[0]
    return set(marks(device, made.observations))


def test_every_sort_of_mark_is_read() -> None:
    doors = (
        key(22, "SHA256:Abc"),
        Door(443, "https", "tls.certificate", {"spki_sha256": "ff00", "sha256": "11"}),
        Door(161, "snmp", "snmp.engine", {"engine_id": "80001f88"}, transport="udp"),
    )
    traits = {"udn": "UUID-1", "serial": "SN-77421"}
    thing = Thing("192.0.2.1", "00:00:5E:00:53:01", "Hall.local", traits, doors=doors)
    assert of(thing) == {
        ("MAC", "00:00:5e:00:53:01"),
        ("UPnP id", "uuid-1"),
        ("serial number", "sn-77421"),
        ("SSH host key", "sha256:abc"),
        ("TLS key", "ff00"),
        ("SNMP engine id", "80001f88"),
        ("name", "hall"),
    }


def test_made_up_mac_is_a_mark_of_its_own() -> None:
    assert of(Thing("192.0.2.1", "02:00:00:00:00:01", random=True)) == {
        ("random MAC", "02:00:00:00:00:01")
    }


@pytest.mark.parametrize(
    "serial", ["0", "00000000", "123456789", "1234567890", "N/A", "unknown", "To be filled by OEM"]
)
def test_placeholder_is_no_serial_number(serial: str) -> None:
    assert of(Thing("192.0.2.1", traits={"serial": serial})) == set()


@pytest.mark.parametrize(("serial", "told"), [("SN12", False), ("SN123", True)])
def test_a_serial_number_has_five_characters(serial: str, told: bool) -> None:
    assert bool(of(Thing("192.0.2.1", traits={"serial": serial}))) is told


@pytest.mark.parametrize("name", ["android", "ESP_1A2B3C", "localhost", "raspberrypi.local", "tv"])
def test_everyones_name_is_no_mark(name: str) -> None:
    assert of(Thing("192.0.2.1", name=name, traits={})) == set()


def test_identity_alone_is_no_mark() -> None:
    assert of(Thing("192.0.2.1", identity=Identity("Acme", "CX-1", "1.0", "camera"))) == set()
