"""The default ports: about as many as promised, each with its word."""

from __future__ import annotations

from iotscan.net.ports import default_ports, described_ports


def test_no_more_ports_than_a_host_bears_each_with_a_reason() -> None:
    # A sweep of so many takes a second on a device that answers at once.
    assert 110 <= len(default_ports()) <= 180
    assert list(default_ports()) == sorted(set(default_ports()))
    assert all(len(why) >= 3 for why in described_ports().values())


def test_the_ports_that_matter_most_are_among_them() -> None:
    usual = {22, 23, 80, 443, 554, 1883, 2323, 5555, 7547, 8080, 8883, 8884, 9100, 9999}
    assert usual <= set(default_ports())
