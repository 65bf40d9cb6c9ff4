"""Derived observations: dates against the scan's clock, keys across devices, reach from outside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from iotscan.assess.derived.derive import KINDS, Stock, derive
from iotscan.model import (
    Channel,
    Device,
    Endpoint,
    Fact,
    Header,
    Identity,
    Observation,
    Proof,
    Recording,
    Scope,
    Service,
    Sighting,
    Sweep,
    Transcript,
    Turn,
)

STARTED = datetime(2026, 11, 21, 10, tzinfo=UTC)
NOW = int(STARTED.timestamp())
A, B, C = (ip_address(f"192.168.1.{i}") for i in (5, 6, 7))
GLOBAL4, GLOBAL6 = ip_address("93.184.216.34"), ip_address("2606:2800:220:1::5")


def device(address: str, mac: str | None = None, *ports: int) -> Device:
    home = ip_address(address)
    services = tuple(Service(Endpoint(home, "tcp", port), "tls", True) for port in ports)
    return Device(mac or address, (home,), mac, services=services)


def derived(
    devices: list[Device],
    *observations: Observation,
    talks: tuple[Transcript, ...] = (),
    source: str = "scan",
) -> list[Observation]:
    scope = Scope((ip_network("192.168.1.0/24"),))
    header = Header(1, "0", STARTED.isoformat(), scope, {}, "", source)
    sweep = Sweep("s1", 0.0, A, open=(Endpoint(A, "tcp", 443),))
    found = derive(
        Stock(Recording(header, sweeps=(sweep,), transcripts=talks), devices, observations)
    )
    words = {kind.name: kind.facts for kind in KINDS}
    for one in found:
        assert all(isinstance(value, words[one.kind][name]) for name, value in one.facts.items())
    return list(found)


def facts(found: list[Observation], kind: str) -> list[Mapping[str, Fact]]:
    return [one.facts for one in found if one.kind == kind]


def certificate(at: str = "192.168.1.5", source: str = "c1", **known: Fact) -> Observation:
    endpoint = Endpoint(ip_address(at), "tcp", 443)
    known = {"sha256": "aa", "spki_sha256": "bb", "subject": "CN=x", **known}
    return Observation("tls.certificate", known, endpoint.address, endpoint, (Proof(source, (1,)),))


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (-86400, 86400, {"expired": False, "not_yet_valid": False, "days_left": 1}),
        (-86400, -1, {"expired": True, "not_yet_valid": False, "days_over": 0}),
        (-9 * 86400, -3 * 86400 - 1, {"expired": True, "not_yet_valid": False, "days_over": 3}),
        (1, 86400, {"expired": False, "not_yet_valid": True, "days_left": 1}),
    ],
)
def test_dates_are_judged_by_the_clock_of_the_scan(
    start: int, end: int, said: dict[str, Fact]
) -> None:
    seen = certificate(not_before=NOW + start, not_after=NOW + end)
    found = derived([device("192.168.1.5")], seen)
    assert facts(found, "tls.validity") == [{**said, "subject": "CN=x"}]


def test_a_certificate_that_ends_during_the_scan_is_judged_when_it_was_shown() -> None:
    late = Transcript("c2", Service(Endpoint(A, "tcp", 443)), "tls", began=100.0)
    seen = [certificate(source=name, not_after=NOW + 50, sha256=name) for name in ("c1", "c2")]
    found = derived([device("192.168.1.5")], *seen, talks=(late,))
    assert [one["expired"] for one in facts(found, "tls.validity")] == [False, True]


def test_a_date_that_could_not_be_read_is_not_judged() -> None:
    found = derived(
        [device("192.168.1.5")], certificate(), certificate(not_after=NOW + 1, sha256="b")
    )
    assert [sorted(one) for one in facts(found, "tls.validity")] == [
        ["days_left", "expired", "subject"]
    ]


def test_one_key_on_two_devices_is_told_of_both() -> None:
    two = [device("192.168.1.5", "00:00:01:00:00:01"), device("192.168.1.6", "00:00:01:00:00:02")]
    found = derived(two, certificate(), certificate("192.168.1.6", "c2", sha256="cc"))
    shared = [one for one in found if one.kind == "inventory.shared_certificate"]
    assert [(str(one.address), one.facts["others"]) for one in shared] == [
        ("192.168.1.5", ("192.168.1.6",)),
        ("192.168.1.6", ("192.168.1.5",)),
    ]
    assert shared[0].facts["devices"] == 2
    assert shared[0].facts["same_key_only"] is True
    assert [proof.source for proof in shared[0].proofs] == ["c1", "c2"]


@pytest.mark.parametrize(
    "devices",
    [
        [Device("one", (A, B))],
        [device("192.168.1.5"), Device("v6", (ip_address("192.168.1.6"),))][:1],
    ],
)
def test_one_device_with_two_addresses_shares_nothing(devices: list[Device]) -> None:
    found = derived(devices, certificate(), certificate("192.168.1.6", "c2"))
    assert not facts(found, "inventory.shared_certificate")


def test_an_ipv4_and_an_ipv6_address_without_macs_may_be_one_machine() -> None:
    two = [device("192.168.1.5"), device("fd00::5")]
    found = derived(two, certificate(), certificate("fd00::5", "c2"))
    assert not facts(found, "inventory.shared_certificate")


def test_an_address_is_proven_by_who_saw_it() -> None:
    proof, other = Proof("p1"), Proof("p2")
    home = Device(
        "d",
        (B, C),
        sightings=(Sighting("arp", (B,), proof=proof), Sighting("arp", (C,), proof=other)),
    )
    cited = [one.proofs for one in derived([home]) if one.kind == "inventory.address"]
    assert cited == [(proof,), (other,)]


@pytest.mark.parametrize(("frame", "frames"), [(None, ()), (7, (7,))])
def test_a_port_is_proven_by_the_first_word_of_its_server(
    frame: int | None, frames: tuple[int, ...]
) -> None:
    place = Endpoint(B, "tcp", 23)
    turns = (Turn("client", 0.0, b"?"), Turn("server", 0.1, b"login:", frame=frame))
    talk = Transcript("c1", Service(place), "telnet", 0.0, turns, (Channel(place),))
    home = Device("d", (B,), services=(Service(place, "telnet"),))
    (port,) = [one for one in derived([home], talks=(talk,)) if one.kind == "inventory.port"]
    assert port.proofs == (Proof("c1", (1,), frames=frames),)


def test_ports_devices_and_addresses_are_told() -> None:
    home = Device(
        "d",
        (A, ip_address("fe80::200:1ff:fe00:a")),
        "00:00:01:00:00:0a",
        identity=Identity(vendor="V", model="M", kind="camera"),
        services=(
            Service(Endpoint(A, "tcp", 443), "tls", True),
            Service(Endpoint(ip_address("fe80::200:1ff:fe00:a"), "tcp", 443), "tls", True),
            Service(Endpoint(A, "tcp", 9100)),
        ),
    )
    found = derived([home])
    assert facts(found, "inventory.device") == [
        {
            "open_services": 2,
            "unknown_services": 1,
            "model_readable": True,
            "randomised_mac": False,
            "vendor": "V",
            "model": "M",
            "device_kind": "camera",
        }
    ]
    assert facts(found, "inventory.address")[1] == {
        "version": 6,
        "global": False,
        "link_local": True,
        "eui64": True,
        "matches_mac": True,
    }
    port = next(one for one in found if one.kind == "inventory.port")
    assert port.facts == {
        "port": 443,
        "transport": "tcp",
        "tls": True,
        "recognised": True,
        "service": "tls",
    }
    assert port.proofs == (Proof("s1"),)


@pytest.mark.parametrize(
    ("address", "mac", "reach"),
    [
        ("192.168.1.5", None, "none"),
        (str(GLOBAL6), "00:00:01:00:00:0a", "likely"),
        (str(GLOBAL4), "00:00:01:00:00:0a", "likely"),
        (str(GLOBAL4), None, "confirmed"),
    ],
)
def test_reach_from_the_internet_is_likely_or_confirmed_by_the_address(
    address: str, mac: str | None, reach: str
) -> None:
    (told,) = facts(derived([device(address, mac, 80)]), "inventory.exposure")
    assert told["reach"] == reach
    assert told["mapped"] is False


@pytest.mark.parametrize(
    ("address", "mac", "reach"),
    [
        (str(GLOBAL4), None, []),
        (str(GLOBAL6), None, []),
        (str(GLOBAL6), "00:00:01:00:00:0a", ["likely"]),
        ("192.168.1.5", None, ["none"]),
    ],
)
def test_a_server_that_somebody_talked_to_in_a_capture_is_no_exposed_device(
    address: str, mac: str | None, reach: list[str]
) -> None:
    told = facts(derived([device(address, mac, 80)], source="capture"), "inventory.exposure")
    assert [one["reach"] for one in told] == reach


def test_two_addresses_of_a_service_on_the_internet_share_their_key_rightly() -> None:
    near, far = "2606:2800:220:1::5", "2606:2800:220:1::6"
    found = derived([device(near), device(far)], certificate(near), certificate(far, "c2"))
    assert not facts(found, "inventory.shared_certificate")


def mapping(**known: Fact) -> Observation:
    known = {
        "internal_client": "192.168.1.5",
        "internal_port": 80,
        "external_port": 8080,
        "transport": "tcp",
        **known,
    }
    return Observation("upnp.mapping", known, C, None, (Proof("c9"),))


def test_a_routers_mapping_makes_an_inside_service_reachable() -> None:
    inside = device("192.168.1.5", None, 80, 81)
    told = [one for one in derived([inside], mapping()) if one.kind == "inventory.exposure"]
    assert [(one.facts["reach"], one.facts.get("external_port")) for one in told] == [
        ("likely", 8080),
        ("none", None),
    ]
    assert Proof("c9") in told[0].proofs


@pytest.mark.parametrize("known", [{"enabled": False}, {"transport": "udp"}, {"internal_port": 81}])
def test_a_mapping_that_is_off_or_for_another_port_does_not(known: dict[str, Fact]) -> None:
    told = facts(derived([device("192.168.1.5", None, 80)], mapping(**known)), "inventory.exposure")
    assert [one["reach"] for one in told] == ["none"]
