"""What one mDNS packet says, and whom it is not believed about."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import DNSAddress, DNSHinfo, DNSService

from iotscan.discovery.mdns_read import KINDS, read
from iotscan.model import Endpoint, Observation, Packet, Proof, Service, Sighting

HERE = ip_address("10.0.0.7")


def txt(*entries: bytes) -> bytes:
    return b"".join(bytes([len(entry)]) + entry for entry in entries)


def sighting(packet: Packet) -> Sighting:
    (found,) = [said for said in read(packet) if isinstance(said, Sighting)]
    return found


def facts(packet: Packet, kind: str) -> list[dict[str, Any]]:
    found = [said for said in read(packet) if isinstance(said, Observation) and said.kind == kind]
    return [dict(observation.facts) for observation in found]


def test_a_bulb_is_named_described_and_led_to(bulb: Any) -> None:
    text = txt(b"md=Lamp 3", b"fv=1.2", b"ci=5", b"sf=1", b"id=C4:5B:BE:6A:7B:2C")
    packet = bulb.packet(*bulb.service("Küche._hap._tcp.local.", text=text), mac="a4:2b:b0:0:0:1")
    found = sighting(packet)
    assert found == Sighting(
        "mdns",
        (HERE,),
        "a4:2b:b0:0:0:1",
        ("Küche", "bulb"),
        {"model": "Lamp 3", "firmware": "1.2", "kind": "light", "services": "_hap._tcp"},
        (Service(Endpoint(HERE, "tcp", 8080), None, False, "_hap._tcp"),),
        Proof("p5"),
    )
    assert facts(packet, "mdns.service") == [
        {
            "type": "_hap._tcp",
            "instance": "Küche",
            "host": "bulb.local.",
            "port": 8080,
            "model": "Lamp 3",
            "firmware": "1.2",
            "txt_keys": ("ci", "fv", "id", "md", "sf"),
        }
    ]
    # HomeKit's id is a random number that looks like a MAC.
    assert facts(packet, "discovery.identifiers") == [
        {"via": "mdns", "serial": False, "mac": False, "uuid": False}
    ]


@pytest.mark.parametrize(
    ("flags", "paired", "problem"), [(b"0", True, False), (b"1", False, False), (b"4", True, True)]
)
def test_homekit_tells_whether_it_is_paired(
    bulb: Any, flags: bytes, paired: bool, problem: bool
) -> None:
    packet = bulb.packet(*bulb.service("A._hap._tcp.local.", text=txt(b"sf=" + flags)))
    (found,) = facts(packet, "homekit.accessory")
    assert (found["paired"], found["problem"]) == (paired, problem)


@pytest.mark.parametrize("text", [b"", txt(b"md=x"), txt(b"sf=yes"), txt(b"sf")])
def test_homekit_without_flags_is_not_judged(bulb: Any, text: bytes) -> None:
    packet = bulb.packet(*bulb.service("A._hap._tcp.local.", text=text))
    assert facts(packet, "homekit.accessory") == []


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (b"CM=1", {"open": True, "mode": 1}),
        (b"CM=2", {"open": True, "mode": 2}),
        (b"CM=0", {"open": False, "mode": 0}),
        (b"D=840", {"open": False, "mode": 0, "discriminator": 840}),
        (b"CM=yes", {}),
    ],
)
def test_matter_tells_whether_its_window_is_open(bulb: Any, entry: bytes, told: Any) -> None:
    text = txt(entry, b"VP=4874+77", b"DN=Anna's lamp")
    packet = bulb.packet(*bulb.service("0AF0._matterc._udp.local.", port=5540, text=text))
    (found,) = facts(packet, "matter.commissioning")
    assert found == told | {"vendor_id": 4874, "product_id": 77, "device_name": "Anna's lamp"}
    assert sighting(packet).names == ("Anna's lamp", "bulb")
    assert {True, False} == {name["looks_personal"] for name in facts(packet, "device.name")}


def test_a_matter_announcement_without_its_text_is_not_judged(bulb: Any) -> None:
    records = bulb.service("0AF0._matterc._udp.local.")
    packet = bulb.packet(*(r for r in records if r.type != 16))
    assert facts(packet, "matter.commissioning") == []


def test_matter_fabrics_and_thread_networks_are_told(bulb: Any) -> None:
    packet = bulb.packet(
        *bulb.service("87E1B004E235A130-8FC7772401CD0696._matter._tcp.local."),
        *bulb.service("Router._meshcop._udp.local.", text=txt(b"nn=MyHome", b"vn=Acme", b"mn=T1")),
    )
    assert facts(packet, "matter.fabric") == [{"fabric": "87E1B004E235A130"}]
    assert facts(packet, "thread.border_router") == [
        {"network_name": "MyHome", "vendor": "Acme", "model": "T1"}
    ]


@pytest.mark.parametrize(
    ("bits", "told"),
    [
        (b"\x00\x00\x01\xb1", {"commissioner": "pskc", "active": True, "one_time_codes": False}),
        (b"\x00\x00\x0f\xb1", {"commissioner": "pskc", "active": True, "one_time_codes": True}),
        (b"\x00\x00\x00\x20", {"commissioner": "none", "active": False, "one_time_codes": False}),
        (b"\x00\x00\x00\x0c", {"commissioner": "x509", "active": False, "one_time_codes": False}),
        (b"\x00\x00\x00\x17", {"active": True, "one_time_codes": False}),
        (b"\x00\xb1", {}),
    ],
)
def test_a_thread_border_router_tells_its_state(bulb: Any, bits: bytes, told: Any) -> None:
    text = txt(b"nn=MyHome", b"tv=1.4.0", b"sb=" + bits)
    packet = bulb.packet(*bulb.service("Hub._meshcop._udp.local.", text=text))
    (found,) = facts(packet, "thread.border_router")
    assert found == told | {"network_name": "MyHome", "thread_version": "1.4.0"}
    assert facts(packet, "thread.sharing") == []


def test_a_thread_network_that_is_being_shared_is_told(bulb: Any) -> None:
    packet = bulb.packet(*bulb.service("Hub._meshcop-e._udp.local.", port=49_155))
    assert facts(packet, "thread.sharing") == [{"open": True}]


@pytest.mark.parametrize("kind", ["_airplay._tcp", "_raop._tcp"])
def test_an_airplay_receiver_tells_who_may_play(bulb: Any, kind: str) -> None:
    text = txt(b"flags=0x4", b"pw=false", b"model=AppleTV6,2")
    packet = bulb.packet(*bulb.service(f"Den.{kind}.local.", port=7000, text=text))
    (found,) = facts(packet, "airplay.receiver")
    assert (found["via"], found["open"]) == ("mdns", True)
    (found,) = facts(
        bulb.packet(*bulb.service(f"Den.{kind}.local.", text=txt(b"sf=0x84"))), "airplay.receiver"
    )
    assert (found["open"], found["password"]) == (False, True)


@pytest.mark.parametrize(
    ("kind", "port", "speaks"),
    [
        ("_esphomelib._tcp", 6053, ("esphome", False)),
        ("_googlecast._tcp", 8009, ("cast", True)),
        ("_airplay._tcp", 7000, ("airplay", False)),
        ("_mqtt._tcp", 1883, ("mqtt", False)),
        ("_secure-mqtt._tcp", 8883, ("mqtt", True)),
        ("_coap._udp", 5683, ("coap", False)),
        ("_http._tcp", 80, (None, False)),
        ("_workstation._tcp", 9, None),
        ("_device-info._tcp", 0, None),
    ],
)
def test_services_lead_to_the_announcer(
    bulb: Any, kind: str, port: int, speaks: tuple[str | None, bool] | None
) -> None:
    found = sighting(bulb.packet(*bulb.service(f"b.{kind}.local.", port=port)))
    where = Endpoint(HERE, "udp" if kind.endswith("udp") else "tcp", port)
    assert found.leads == ((Service(where, *speaks, kind),) if speaks else ())


def test_a_service_on_another_host_leads_nowhere_and_tells_nothing_of_the_sender(bulb: Any) -> None:
    packet = bulb.packet(
        *bulb.service(
            "Safe._mqtt._tcp.local.", "other.local.", text=txt(b"md=Safe"), address="10.0.0.99"
        )
    )
    found = sighting(packet)
    assert found == Sighting("mdns", (HERE,), proof=Proof("p5"))
    assert [said for said in read(packet) if isinstance(said, Observation)] == []


@pytest.mark.parametrize(
    ("source", "addresses", "own"),
    [
        ("10.0.0.7", ["fd00::99"], False),
        ("10.0.0.7", ["fd00::99", "10.0.0.7"], True),
        ("10.0.0.7", ["10.0.0.99", "fd00::7"], False),
        ("fe80::7", ["fd00::99"], False),
        ("fe80::7", ["10.0.0.99"], True),
        ("fe80::7", ["fe80::7", "10.0.0.7"], True),
    ],
    ids=["of Thread", "both", "of another", "IPv6 of another", "only IPv4 told", "its own"],
)
def test_whose_service_is_announced_is_told_by_its_host_s_addresses(
    bulb: Any, source: str, addresses: list[str], own: bool
) -> None:
    """A border router announces what cannot be heard outside of its Thread network."""
    records = bulb.service("Leaf._hap._udp.local.", "leaf.local.", text=txt(b"md=L"))[:-1]
    for address in map(ip_address, addresses):
        kind = 1 if address.version == 4 else 28
        records.append(DNSAddress("leaf.local.", kind, 1, 120, address.packed))
    found = sighting(bulb.packet(*records, source=source))
    assert ("Leaf" in found.names) is own
    assert found.traits.get("model", "") == ("L" if own else "")


def test_a_service_whose_host_is_not_resolved_leads_nowhere(bulb: Any) -> None:
    packet = bulb.packet(DNSService("A._mqtt._tcp.local.", 33, 1, 120, 0, 0, 1883, "x.local."))
    assert sighting(packet).leads == ()
    assert {o.endpoint for o in read(packet) if isinstance(o, Observation)} == {None}


def test_both_addresses_of_a_host_are_its_own_the_sender_first(bulb: Any) -> None:
    both = [
        DNSAddress("bulb.local.", 28, 1, 120, ip_address("fe80::7").packed),
        DNSAddress("bulb.local.", 1, 1, 120, HERE.packed),
        DNSAddress("else.local.", 1, 1, 120, ip_address("10.0.0.99").packed),
    ]
    found = sighting(bulb.packet(*both, interface="eth0"))
    assert found.addresses == (HERE, ip_address("fe80::7%eth0"))
    found = sighting(bulb.packet(*both, source="fe80::7%eth0", interface="eth0"))
    assert found.addresses == (ip_address("fe80::7%eth0"), HERE)
    assert found.names == ("bulb",)


def test_text_is_cleaned(bulb: Any) -> None:
    evil = txt(b"md=\x1b[2J\xe2\x80\xaeevil", b"fn=" + b"x" * 240)
    found = sighting(bulb.packet(*bulb.service("a\x07b._hap._tcp.local.", text=evil)))
    assert found.traits["model"] == "[2J\\u202eevil"
    assert "a b" in found.names


def test_serial_numbers_and_macs_are_given_away(bulb: Any) -> None:
    text = txt(b"serialNumber=C02XL", b"deviceid=C4:5B:BE:6A:7B:2C")
    packet = bulb.packet(*bulb.service("TV._airplay._tcp.local.", text=text))
    assert facts(packet, "discovery.identifiers") == [
        {"via": "mdns", "serial": True, "mac": True, "uuid": False}
    ]


def test_avahis_workstation_name_loses_its_mac_and_the_os_is_told(bulb: Any) -> None:
    packet = bulb.packet(
        *bulb.service("Annas-iPad [c4:5b:be:6a:7b:2c]._workstation._tcp.local.", port=9),
        DNSHinfo("bulb.local.", 13, 1, 120, "X86_64", "LINUX"),
    )
    found = sighting(packet)
    assert found.names == ("Annas-iPad", "bulb")
    assert found.traits["os"] == "LINUX"
    assert facts(packet, "discovery.identifiers")[0]["mac"] is True


@pytest.mark.parametrize(
    ("instance", "name"),
    [
        ("A42BB0000001@Küche._raop._tcp.local.", "Küche"),
        ("Küche._raop._tcp.local.", "Küche"),
        ("Küche@home._http._tcp.local.", "Küche@home"),
        ("iTunes_Ctrl_4ABB39A41EEFDEB3._dacp._tcp.local.", None),
        ("0a1b2c3d4e5f._spotify-connect._tcp.local.", None),
    ],
)
def test_numbers_that_instances_carry_are_no_names(
    bulb: Any, instance: str, name: str | None
) -> None:
    found = sighting(bulb.packet(*bulb.service(instance)))
    assert found.names == (("bulb",) if name is None else (name, "bulb"))


def test_a_question_shows_only_that_somebody_asks() -> None:
    from iotscan.protocols.dns import codec as dns

    data = dns.query([dns.Question("_hap._tcp.local.", "PTR")])
    packet = Packet("p1", 0.0, "mdns", data, HERE)
    assert list(read(packet)) == [Sighting("mdns", (HERE,), proof=Proof("p1"))]


@pytest.mark.parametrize("source", [None, "224.0.0.251"])
def test_a_packet_without_a_sender_says_nothing(bulb: Any, source: str | None) -> None:
    made = bulb.packet(*bulb.service("A._hap._tcp.local."))
    packet = Packet("p1", 0.0, "mdns", made.data, ip_address(source) if source else None)
    assert list(read(packet)) == []


@given(st.binary(max_size=150))
def test_garbage_never_raises(tail: bytes) -> None:
    for head in (b"", b"\x00\x00\x84\x00\x00\x00\x00\x02\x00\x00\x00\x02"):
        list(read(Packet("p1", 0.0, "mdns", head + tail, HERE)))


def test_a_packet_full_of_instances_is_cut(bulb: Any) -> None:
    records = [bulb.service(f"i{i}._x._tcp.local.")[0] for i in range(80)]
    assert len(facts(bulb.packet(*records), "mdns.service")) == 64


def test_every_fact_is_one_that_is_declared(bulb: Any) -> None:
    words = {kind.name: kind.facts for kind in KINDS}
    packet = bulb.packet(
        *bulb.service("A._hap._tcp.local.", text=txt(b"sf=1", b"ci=2", b"md=M", b"sn=7")),
        *bulb.service("B._matterc._udp.local.", text=txt(b"CM=1", b"D=3", b"VP=1+2", b"DN=x")),
    )
    for said in read(packet):
        if isinstance(said, Observation):
            for name, fact in said.facts.items():
                assert isinstance(fact, words[said.kind][name])
