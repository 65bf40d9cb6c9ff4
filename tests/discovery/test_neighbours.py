"""The kernel's entries, as Airwaves keeps them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.discovery.neighbours import DISCOVERER
from iotscan.model import Packet, Proof, Sighting


def test_an_entry_is_a_host_with_its_mac() -> None:
    packet = Packet("p1", 0.0, "neighbours", b"fe80::9%eth0 A4:2B:B0:00:00:09", interface="eth0")
    assert list(DISCOVERER.read(packet)) == [
        Sighting(
            "neighbours", (ip_address("fe80::9%eth0"),), "a4:2b:b0:00:00:09", proof=Proof("p1")
        )
    ]


@pytest.mark.parametrize("data", [b"", b"10.0.0.9", b"10.0.0.9 a4:2b", b"x a4:2b:b0:00:00:09"])
def test_other_bytes_say_nothing(data: bytes) -> None:
    assert list(DISCOVERER.read(Packet("p1", 0.0, "neighbours", data))) == []
