"""What a scan cannot see by its nature is in its report, each where it is so and not elsewhere."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from iotscan.model import Impact, Scope
from iotscan.net import blindspots
from iotscan.net.blindspots import blind_spots
from iotscan.net.interfaces import InterfaceNote
from iotscan.net.machine import Machine, in_container, is_wireless, this_machine
from iotscan.probe_api import Attachment

WIRE = Attachment(
    "eth0", "a4:2b:b0:00:00:01", (ip_address("192.168.1.5"), ip_address("fe80::5%eth0")), (24, 64)
)
BRIDGE = Attachment("docker0", "02:42:00:00:00:01", (ip_address("172.17.0.1"),), (16,))
ON_CABLE = Machine(wireless={"eth0": False})


def told(
    *allow: str,
    impact: Impact = Impact.LOGIN,
    ports: int = 300,
    machine: Machine = ON_CABLE,
    neighbours: int = 9,
    attached: bool = True,
) -> str:
    scope = Scope(tuple(map(ip_network, allow or ("192.168.1.0/24", "fe80::/64"))), impact=impact)
    interfaces = [WIRE] if attached else []
    return "\n".join(blind_spots(scope, ports, interfaces, machine, neighbours))


def test_every_scan_of_a_network_says_what_no_scan_sees() -> None:
    text = told()
    for always in (blindspots.UDP_SILENCE, blindspots.OTHER_RADIO, blindspots.ASLEEP):
        assert always in text
    assert "seen from eth0: guest networks, VLANs that are not attached" in text
    assert "300 likeliest of 65,535 ports" in text


def test_single_addresses_on_no_link_have_no_radio_and_no_vlan() -> None:
    text = told("127.0.0.5/32", attached=False)
    assert text.count("\n") == 1
    assert blindspots.UDP_SILENCE in text


def test_all_ports_are_all_ports() -> None:
    assert "ports were tried" not in told(ports=65_535)


@pytest.mark.parametrize(
    ("impact", "said", "unsaid"),
    [
        (Impact.LISTEN, [blindspots.NOTHING_ASKED], [blindspots.UDP_SILENCE, "ports were tried"]),
        (Impact.GREET, [blindspots.NO_LOGINS], [blindspots.NOTHING_ASKED]),
        (Impact.LOGIN, [], [blindspots.NO_LOGINS, blindspots.NOTHING_ASKED]),
    ],
)
def test_what_was_not_allowed_was_not_found_out(
    impact: Impact, said: list[str], unsaid: list[str]
) -> None:
    text = told(impact=impact)
    assert [words for words in said if words not in text] == []
    assert [words for words in unsaid if words in text] == []


def test_ipv6_that_was_not_asked_for_is_missed() -> None:
    assert blindspots.NO_IPV6 in told("192.168.1.0/24")
    assert blindspots.NO_IPV6 not in told("192.168.1.0/24", "fe80::/64")


@pytest.mark.parametrize(
    ("wireless", "neighbours", "said"),
    [
        (True, 9, ["eth0 is Wi-Fi: an access point that keeps its clients apart"]),
        (True, 1, ["eth0 is Wi-Fi:", "At most the router answered on eth0"]),
        (None, 0, ["If eth0 is Wi-Fi, an access point"]),
        (False, 0, []),
    ],
)
def test_an_access_point_may_keep_its_clients_apart(
    wireless: bool | None, neighbours: int, said: list[str]
) -> None:
    text = told(machine=Machine(wireless={"eth0": wireless}), neighbours=neighbours)
    assert [words for words in said if words not in text] == []
    assert ("Wi-Fi" in text) is bool(said)
    assert ("At most the router" in text) is any("At most" in words for words in said)


def test_behind_a_container_bridge_the_home_is_not_seen() -> None:
    assert blindspots.CONTAINER in told(machine=Machine(container=True))
    assert blindspots.CONTAINER not in told()


def test_networks_of_this_machine_that_were_left_out_are_named() -> None:
    note = InterfaceNote(BRIDGE, False, "a network of containers")
    machine = Machine(left_out=(note,))
    assert "docker0 was left out: a network of containers." in told(machine=machine)
    named = told("192.168.1.0/24", "172.17.0.0/16", machine=machine)
    assert "docker0" not in named


def test_the_marks_of_containers_are_seen(tmp_path: Path) -> None:
    assert not in_container([str(tmp_path / "mark")])
    (tmp_path / "mark").touch()
    assert in_container([str(tmp_path / "mark")])


def test_linux_tells_which_interface_is_wireless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for place in ("wlan0/wireless", "wlan1/phy80211", "eth0"):
        (tmp_path / place).mkdir(parents=True)
    found = {name: is_wireless(name, tmp_path) for name in ("wlan0", "wlan1", "eth0")}
    assert found == {"wlan0": True, "wlan1": True, "eth0": False}
    assert is_wireless("eth0", tmp_path / "none") is None
    monkeypatch.setattr("sys.platform", "darwin")
    assert is_wireless("wlan0", tmp_path) is None


def test_this_machine_is_looked_at() -> None:
    machine = this_machine(["lo"])
    assert machine.wireless is not None
    assert set(machine.wireless) == {"lo"}
    assert all(note.attachment.addresses and not note.default for note in machine.left_out)
