"""MAC addresses: the longest registered prefix wins, made-up ones have no vendor."""

from __future__ import annotations

import subprocess
import sys

import pytest

from iotscan.assess.oui import is_random, normal, vendor_of


def test_a_longer_prefix_wins_over_the_block_it_lies_in() -> None:
    # 00:1B:C5 is a block of the registry itself, cut into 36-bit pieces; 00:55:DA into 28-bit ones.
    assert vendor_of("00:1b:c5:00:00:01") == "Converging Systems Inc."
    assert vendor_of("00:1B:C5:00:10:99") == "OpenRB.com, Direct SIA"
    assert vendor_of("00:55:da:1f:ff:ff") == "KoolPOS Inc."
    assert vendor_of("00-00-01-AA-BB-CC") == "Xerox Corporation"


@pytest.mark.parametrize(
    "mac",
    [None, "", "02:00:00:00:00:01", "da:a1:19:00:00:00", "01:00:5e:00:00:fb", "00:1b:c5", "x"],
)
def test_made_up_group_and_malformed_addresses_have_no_vendor(mac: str | None) -> None:
    assert vendor_of(mac) == ""


def test_a_block_that_is_only_handed_on_names_nobody() -> None:
    assert vendor_of("00:55:da:f0:00:00") != "IEEE Registration Authority"


def test_normal_form() -> None:
    assert normal("AA-BB-CC-DD-EE-F0") == "aa:bb:cc:dd:ee:f0"
    assert normal("00:00:00:00:00:00") is None
    assert normal("ff:ff:ff:ff:ff:ff") is None
    assert is_random("02:00:00:00:00:01")
    assert not is_random("00:1b:c5:00:00:01")


def test_nothing_of_scapy_is_loaded_but_the_registry() -> None:
    code = (
        "import sys; from iotscan.assess.oui import vendor_of;"
        "assert not any(m.startswith('scapy') for m in sys.modules);"
        "vendor_of('00:00:01:00:00:00');"
        "print(sorted(m for m in sys.modules if m.startswith('scapy')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['scapy', 'scapy.libs', 'scapy.libs.manuf']"
