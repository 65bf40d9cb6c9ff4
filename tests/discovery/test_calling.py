"""Makers' own protocols: whom a call reaches, who else is asked, and what answers say."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery.broadlink import BroadlinkDiscoverer
from iotscan.discovery.calling import MOST_BEYOND, Caller, beyond_calls
from iotscan.discovery.tuya import TuyaDiscoverer
from iotscan.model import Endpoint, Impact, Observation, Packet, Service, Sighting
from iotscan.plugins import discoverers
from iotscan.probe_api import Attachment, Discoverer
from iotscan.protocols.makers import kasa, tuya

GADGETS = Path(__file__).resolve().parent.parent / "lab" / "gadgets.py"
HERE = ip_address("192.168.1.7")
LAN = Attachment("lan0", None, (IPv4Address("192.168.1.2"), IPv6Address("fe80::2")), (24, 64))
OTHER = Attachment("lan1", None, (IPv4Address("10.0.0.2"),), (24,))
CALLERS = [found for found in discoverers() if isinstance(found, Caller)]
PLUG = kasa.obscured(
    b'{"system":{"get_sysinfo":{"model":"HS110(EU)","deviceId":"80","alias":"Kettle"}}}'
)
LATER = (
    bytes.fromhex("0200000100000000")
    + bytes(8)
    + (
        b'{"result":{"device_id":"0","device_type":"SMART.TAPOPLUG","device_model":"P110"},'
        b'"error_code":0}'
    )
)
YEELIGHT = (
    b"NOTIFY * HTTP/1.1\r\nLocation: yeelight://192.168.1.7:%d\r\nid: 0x15\r\nmodel: color\r\n\r\n"
)
LIFX = bytes.fromhex(
    "2900001453544f49d073d501020300000000000000000000000000000000000003000000017cdd0000"
)


@dataclass
class FakeAir:
    """Notes what is asked and listened to."""

    interfaces: Sequence[Attachment] = (LAN,)
    impact: Impact = Impact.GREET
    patience: float = 1.5
    asked: list[dict[str, Any]] = field(default_factory=list)
    ears: list[tuple[int, Any]] = field(default_factory=list)
    waited: float = 0.0

    async def ask(self, protocol: str, data: bytes, **where: Any) -> None:
        self.asked.append({"data": data} | where)

    def listen(self, protocol: str, *, port: int, group: Any = None) -> None:
        self.ears.append((port, group))

    async def pause(self, seconds: float) -> None:
        self.waited += seconds


def named(name: str) -> Any:
    return next(found for found in CALLERS if found.name == name)


def heard(name: str, data: bytes, **fields: Any) -> list[Sighting | Observation]:
    return list(named(name).read(Packet("p5", 0.1, name, data, HERE, **fields)))


@pytest.mark.parametrize(
    "caller", [one for one in CALLERS if one.calls(LAN)], ids=lambda caller: caller.name
)
async def test_two_calls_a_network_and_no_word_to_any_single_device(caller: Caller) -> None:
    air: Any = FakeAir(interfaces=(LAN, OTHER))
    network = [IPv4Address("192.168.1.0") + i for i in range(1, 255)]
    await caller.solicit(air, network)
    assert [where for where in air.asked if where.get("to")] == []
    assert {where["interface"] for where in air.asked} == {"lan0", "lan1"}
    one_round = [(w["port"], w["interface"]) for w in air.asked[: len(air.asked) // 2]]
    assert one_round == [(w["port"], w["interface"]) for w in air.asked[len(air.asked) // 2 :]]
    half = air.asked[: len(air.asked) // 2]
    assert len({(w["data"], w["port"], w["interface"]) for w in half}) == len(half)
    assert all(w["broadcast"] is (w["group"] is None) for w in air.asked)
    assert air.waited == pytest.approx(air.patience)


async def test_who_announces_without_being_called_is_only_listened_to() -> None:
    air: Any = FakeAir()
    await named("mikrotik").solicit(air, [IPv4Address("192.168.1.7")])
    assert (air.asked, air.ears, air.waited) == ([], [(5678, None)], pytest.approx(air.patience))


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
async def test_who_may_only_listen_asks_nothing(caller: Caller) -> None:
    air: Any = FakeAir(impact=Impact.LISTEN)
    await caller.solicit(air, [IPv4Address("192.168.1.7")])
    assert air.asked == []
    assert air.waited == air.patience


async def test_a_few_targets_are_also_asked_one_by_one_and_once() -> None:
    air: Any = FakeAir(interfaces=())
    await named("kasa").solicit(air, [HERE, IPv6Address("fd00::7")])
    assert [(where["port"], where["to"]) for where in air.asked] == [(9999, HERE), (20002, HERE)]


def test_of_many_targets_only_those_that_no_call_reaches_are_asked() -> None:
    near = [IPv4Address("192.168.1.0") + i for i in range(1, 255)]
    beyond = [IPv4Address("10.9.0.0") + i for i in range(1, 1000)]
    loopback = [IPv4Address("127.20.0.0") + i for i in range(1, 255)]
    assert beyond_calls([LAN], [*near, *loopback]) == []
    assert beyond_calls([LAN], [*near, *beyond, IPv6Address("fd00::1")]) == beyond[:MOST_BEYOND]
    assert beyond_calls([], near[:64]) == near[:64]


async def test_answers_to_ports_of_ours_and_groups_are_heard() -> None:
    for name, ears in (
        ("govee", [(4002, None), (4001, IPv4Address("239.255.255.250"))]),
        ("tuya", [(6666, None), (6667, None), (7000, None)]),
        ("yeelight", [(1982, IPv4Address("239.255.255.250"))]),
        ("kasa", []),
    ):
        air: Any = FakeAir()
        await named(name).solicit(air, [])
        assert air.ears == ears, name


def test_the_search_for_tuya_tells_where_we_are_under_a_nonce_of_its_own() -> None:
    nonces = iter([b"0123456789ab", b"ba9876543210"])
    caller = TuyaDiscoverer(lambda size: next(nonces))
    assert caller.calls(None) == ()
    assert caller.calls(LAN) == ((tuya.search("192.168.1.2", b"0123456789ab"), 7000),)
    assert caller.calls(LAN)[0][0] != tuya.search("192.168.1.2", b"0123456789ab")


def test_the_hello_for_broadlink_tells_the_time_of_now() -> None:
    moments = iter([datetime(2024, 5, 6, 7, 8, tzinfo=UTC), datetime(2025, 5, 6, tzinfo=UTC)])
    caller = BroadlinkDiscoverer(lambda: next(moments))
    assert caller.calls(LAN)[0][0][0x0C:0x0E] == (2024).to_bytes(2, "little")
    assert caller.calls(LAN)[0][0][0x0C:0x0E] == (2025).to_bytes(2, "little")


def test_an_answer_shows_its_sender_what_it_is_and_where_there_is_more_to_learn() -> None:
    found, device, given_away, name = heard("kasa", PLUG, mac="50:c7:bf:00:00:07", frame=3)
    assert isinstance(found, Sighting)
    assert (found.addresses, found.mac, found.names) == ((HERE,), "50:c7:bf:00:00:07", ("Kettle",))
    assert found.traits == {"vendor": "TP-Link", "model": "HS110(EU)"}
    assert found.proof.frames == (3,)
    assert isinstance(device, Observation)
    assert device.endpoint == Endpoint(HERE, "udp", 9999)
    assert isinstance(given_away, Observation)
    assert given_away.facts["serial"] is True
    assert isinstance(name, Observation)
    assert name.facts["name"] == "Kettle"


@pytest.mark.parametrize(
    ("name", "data", "leads"),
    [
        ("kasa", PLUG, (Service(Endpoint(HERE, "tcp", 9999), "kasa"),)),
        ("kasa", LATER, (Service(Endpoint(HERE, "udp", 20002), "kasa"),)),
        ("lifx", LIFX, (Service(Endpoint(HERE, "udp", 56700), "lifx"),)),
        ("yeelight", YEELIGHT % 55443, ()),  # the sweep looks there anyway
        ("yeelight", YEELIGHT % 4321, (Service(Endpoint(HERE, "tcp", 4321), "yeelight"),)),
        ("magichome", b"192.168.1.7,ACCF23000204,AK001-ZJ2101", ()),
    ],
)
def test_leads_go_to_the_sender_and_to_no_port_that_is_asked_anyway(
    name: str, data: bytes, leads: tuple[Service, ...]
) -> None:
    found = heard(name, data)[0]
    assert isinstance(found, Sighting)
    assert found.leads == leads


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_our_own_calls_say_nothing_of_a_device(caller: Caller) -> None:
    for data, _ in caller.calls(LAN):
        assert list(caller.read(Packet("p1", 0.0, caller.name, data, HERE))) == []


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
@given(data=st.binary(max_size=200))
def test_garbage_says_nothing_and_frames_without_a_sender_neither(
    caller: Discoverer, data: bytes
) -> None:
    assert list(caller.read(Packet("p1", 0.0, caller.name, data, HERE))) == []
    assert list(caller.read(Packet("p1", 0.0, caller.name, PLUG))) == []


@pytest.mark.lab
@pytest.mark.parametrize(
    ("kind", "name", "privileged"),
    [("kasa-plug", "kasa", False), ("govee", "govee", True), ("tuya-35", "tuya", False)],
)
def test_a_gadget_on_a_lan_is_found_by_one_call(
    home: Any, kind: str, name: str, privileged: bool
) -> None:
    """By its answer to the call, which comes to the port that asked or to a port of ours."""
    host = home.lan.hosts["host0"]
    gadget = host.start(sys.executable, str(GADGETS), kind, host.address, str(host.folder / "log"))
    try:
        port = {"kasa": 9999, "govee": 4001, "tuya": 7000}[name]
        host.await_port(port, "udp")
        found = home.discover(name, privileged=privileged)
    finally:
        gadget.kill()
        gadget.wait()
    told = [sighting["addresses"] for sighting in found["sightings"] if sighting["source"] == name]
    assert told == [[host.address]]
    assert found["stopped"] == []
    assert not (host.folder / "log").exists(), "it heard what it does not know"
