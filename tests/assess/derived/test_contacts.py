"""Whom devices talk to: places, names, what went in clear, what they offer, and updates."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.assess.derived.contacts import contacts, legacy_clients
from iotscan.assess.reading import Contact
from iotscan.model import Address, Device, Endpoint, Fact, Observation, Proof

LAMP, HUB = ip_address("192.168.1.5"), ip_address("192.168.1.9")
CLOUD = Endpoint(ip_address("52.1.2.3"), "tcp", 443)
OWNERS = {address: Device(f"d-{address}", (address,)) for address in (LAMP, HUB)}
Seen = dict[tuple[Address, Endpoint], Contact]


def met(*servers: Endpoint, answered: bool = True, last: float = 60.0) -> Seen:
    proof = Proof("contact", (), "x.pcap", (7,))
    return {(LAMP, server): Contact(proof, answered, 0.0, last) for server in servers}


def found(
    kind: str, seen: Seen, observations: Sequence[Observation] = (), hours: int = 26
) -> list[dict[str, Fact]]:
    return [dict(o.facts) for o in contacts(seen, observations, OWNERS, hours) if o.kind == kind]


def said(kind: str, server: Endpoint = CLOUD, **facts: Fact) -> Observation:
    """What a reader says of a conversation of the lamp with a server outside, once booked."""
    return Observation(kind, {"peer": str(LAMP), **facts}, LAMP, server, (Proof("c1"),))


def told(name: str, *addresses: str) -> Observation:
    facts: dict[str, Fact] = {"name": name, "addresses": addresses, "peer": str(HUB)}
    return Observation("dns.answer", facts, LAMP, Endpoint(LAMP, "udp", 53))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("52.1.2.3", "public"),
        ("192.168.1.9", "device"),
        ("10.9.9.9", "private"),
        ("224.0.0.251", "group"),
        ("ff02::fb", "group"),
        ("255.255.255.255", "group"),
        ("2a00::1", "public"),
    ],
)
def test_places(address: str, place: str) -> None:
    (facts,) = found("capture.contact", met(Endpoint(ip_address(address), "udp", 9)))
    assert facts["place"] == place
    assert facts["outside"] is (place != "device")


def test_only_devices_have_contacts() -> None:
    place = Endpoint(LAMP, "tcp", 80)
    strange: Seen = {(CLOUD.address, place): Contact(Proof("contact"))}
    (seen,) = contacts(strange, (), OWNERS, 1)
    assert (seen.kind, seen.address, seen.endpoint) == ("capture.visit", LAMP, place)
    assert seen.facts == {"port": 80, "transport": "tcp", "place": "public", "peer": "52.1.2.3"}
    silent: Seen = {(CLOUD.address, place): Contact(Proof("contact"), answered=False)}
    assert list(contacts(silent, (), OWNERS, 1)) == []


def test_names_come_from_the_device_s_own_lookups_and_words() -> None:
    other = Observation("dns.answer", {"name": "not.mine", "addresses": ("52.1.2.3",)}, HUB, None)
    observed = [
        told("api.vendor.io", "52.1.2.3", "52.9.9.9"),
        said("tls.session", server_name="Front.vendor.io", captured=True),
        said("http.exchange", host="52.1.2.3:8899", cleartext=True),
        other,
    ]
    (facts,) = found("capture.contact", met(CLOUD), observed)
    assert facts["names"] == ("api.vendor.io", "front.vendor.io")


def test_the_cloud_is_what_answered_on_the_internet() -> None:
    silent = met(CLOUD, answered=False)
    assert found("capture.cloud", silent) == []
    assert found("capture.cloud", met(Endpoint(HUB, "tcp", 80))) == []
    for port in (53, 123):
        assert found("capture.cloud", met(Endpoint(CLOUD.address, "udp", port))) == []
    (facts,) = found("capture.cloud", met(CLOUD))
    assert "encrypted" not in facts


@pytest.mark.parametrize(
    ("observed", "encrypted"),
    [
        ([said("http.exchange", cleartext=True)], False),
        ([said("mqtt.session", encrypted=False)], False),
        ([said("tls.session", version="TLS 1.2")], True),
        ([said("smtp.service", cleartext=True), said("tls.session")], True),
        ([said("http.exchange", Endpoint(HUB, "tcp", 80), cleartext=True)], None),
    ],
    ids=["http", "mqtt", "tls", "starttls", "elsewhere"],
)
def test_whether_the_cloud_was_spoken_to_in_clear(
    observed: list[Observation], encrypted: bool | None
) -> None:
    (facts,) = found("capture.cloud", met(CLOUD), observed)
    assert facts.get("encrypted") is encrypted
    assert ("service" in facts) is (encrypted is False)


def test_what_authorities_sign_may_go_in_clear() -> None:
    observed = [told("ocsp.authority.net", "52.1.2.3"), said("http.exchange", cleartext=True)]
    assert found("capture.cloud", met(CLOUD), observed) == []


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("fwupdate.vendor.io", True),
        ("ota.vendor.io", True),
        ("firmware-cdn.vendor.io", True),
        ("fw1.vendor.io", True),
        ("api.vendor.io", False),
        ("quota.vendor.io", False),
        ("fwd.vendor.io", False),
    ],
)
def test_hosts_for_updates(name: str, seen: bool) -> None:
    observed = [told(name, "52.1.2.3"), said("tls.session")]
    (facts,) = found("capture.updates", met(CLOUD, last=90_000.0), observed)
    assert (facts["seen"], facts["hours"]) == (seen, 25.0)
    assert facts.get("encrypted") is (True if seen else None)


def test_hours_in_which_nothing_was_heard_do_not_count() -> None:
    (facts,) = found("capture.updates", met(CLOUD, last=90_000.0), hours=3)
    assert facts["hours"] == 3.0


def test_fetched_firmware_is_an_update() -> None:
    observed = [said("http.firmware", cleartext=True, host="cdn.vendor.io", path="/x")]
    (facts,) = found("capture.updates", met(CLOUD), observed)
    assert (facts["seen"], facts["encrypted"], facts["host"]) == (True, False, "cdn.vendor.io")


def test_who_never_left_the_house_is_not_judged_by_updates() -> None:
    assert found("capture.updates", met(Endpoint(HUB, "tcp", 80))) == []


@pytest.mark.parametrize(
    ("offered", "retired"), [("TLS 1.0", True), ("SSL 3.0", True), ("TLS 1.2", False)]
)
def test_clients_by_what_they_offer(offered: str, retired: bool) -> None:
    session = said("tls.session", offered=offered, captured=True, client_certificate_shown=retired)
    (seen,) = legacy_clients([session], OWNERS)
    assert (seen.address, seen.endpoint, seen.proofs) == (LAMP, None, session.proofs)
    assert seen.facts["retired_only"] is retired
    assert seen.facts["certificate_shown"] is retired
    assert seen.facts["peer"] == "52.1.2.3"


def test_no_client_where_it_was_us_or_is_no_device() -> None:
    ours = said("tls.session", offered="TLS 1.0", captured=False)
    hidden = said("tls.session", captured=True)
    stranger = Observation(
        "tls.session",
        {"peer": "8.8.8.8", "offered": "TLS 1.0", "captured": True},
        HUB,
        Endpoint(HUB, "tcp", 443),
    )
    assert list(legacy_clients([ours, hidden, stranger], OWNERS)) == []
