"""MUD profiles: derived from what devices did, and held against it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.assess.profiles import Profiles, compared, deeds, draft
from iotscan.model import Device, Fact, Observation, Proof, Sighting
from iotscan.protocols.mud.profile import DNS_CLASS, NTP_CLASS, Profile

MAC, URL = "00:11:22:33:44:55", "https://vendor.example/lamp.json"
LAMP = Device(MAC, (ip_address("192.168.1.5"), ip_address("fe80::5")), MAC, names=("lamp",))
ANNOUNCED = Device(
    "x", (ip_address("192.168.1.5"),), sightings=(Sighting("dhcp", (), traits={"mud_url": URL}),)
)


def contact(
    client: str, peer: str, port: int = 443, place: str = "public", **odd: Fact
) -> Observation:
    facts: dict[str, Fact] = {
        "peer": peer,
        "port": port,
        "transport": "tcp",
        "place": place,
        "answered": True,
        **odd,
    }
    proof = Proof("contact", (), "x.pcap", (port,))
    return Observation("capture.contact", facts, ip_address(client), None, (proof,))


SEEN = (
    contact("192.168.1.5", "52.1.2.3", names=("api.vendor.example",)),
    contact("192.168.1.5", "52.9.9.9", 8883),
    contact("192.168.1.5", "224.0.0.251", 5353, "group", transport="udp"),
    contact("192.168.1.5", "192.168.1.1", 53, "device", transport="udp"),
    contact("192.168.1.9", "192.168.1.5", 80, "device"),
    contact("192.168.1.9", "192.168.1.5", 23, "device", answered=False),
    contact("192.168.1.9", "52.7.7.7"),
    Observation(
        "capture.visit",
        {"peer": "81.1.1.1", "port": 8080, "transport": "tcp", "place": "public"},
        ip_address("192.168.1.5"),
    ),
)


def test_deeds_are_what_a_device_said_and_answered() -> None:
    told = {(str(d.other.address), d.port, d.began, d.place) for d in deeds(LAMP, SEEN)}
    assert told == {
        ("52.1.2.3", 443, "device", "public"),
        ("52.9.9.9", 8883, "device", "public"),
        ("224.0.0.251", 5353, "device", "group"),
        ("192.168.1.1", 53, "device", "device"),
        ("192.168.1.9", 80, "other", "device"),
        ("81.1.1.1", 8080, "other", "public"),
    }


def test_a_draft_allows_what_was_done_and_nothing_else() -> None:
    profile = draft(LAMP, deeds(LAMP, SEEN), "2026-01-02T03:04:05+00:00")
    assert profile.url == "https://00-11-22-33-44-55.invalid/mud.json"
    assert profile.about == "lamp"
    assert {entry.name for entry in profile.outbound if entry.name} == {"api.vendor.example"}
    given = Profiles({MAC: ("lamp.json", profile)})
    for seen in compared([LAMP], SEEN, given):
        if seen.kind == "mud.traffic":
            assert seen.facts["allowed"] is True
            assert seen.address == LAMP.addresses[0]
        else:
            assert seen.facts["unexpected"] == 0
    more = contact("192.168.1.5", "52.1.2.3", 23, names=("api.vendor.example",))
    broken = [s for s in compared([LAMP], (*SEEN, more), given) if s.facts.get("allowed") is False]
    assert [(seen.facts["peer"], seen.facts["port"]) for seen in broken] == [("52.1.2.3", 23)]
    assert broken[0].proofs == more.proofs


@pytest.mark.parametrize(
    ("transport", "port", "classes"),
    [("udp", 53, (DNS_CLASS,)), ("udp", 123, (NTP_CLASS,)), ("tcp", 53, ()), ("udp", 5353, ())],
)
def test_a_draft_names_the_controller_of_names_and_of_time_alone(
    transport: str, port: int, classes: tuple[str, ...]
) -> None:
    asked = contact("192.168.1.5", "192.168.1.1", port, "device", transport=transport)
    answered = contact("192.168.1.1", "192.168.1.5", port, "device", transport=transport)
    entries = {entry.classes for entry in draft(LAMP, deeds(LAMP, (asked,)), "").outbound}
    assert entries == {classes}
    assert {entry.local for entry in draft(LAMP, deeds(LAMP, (asked,)), "").outbound} == {
        not classes
    }
    assert {e.classes for e in draft(LAMP, deeds(LAMP, (answered,)), "").outbound} == {()}


def test_destinations_that_a_file_does_not_name_are_counted_once() -> None:
    profile = draft(LAMP, deeds(LAMP, SEEN[:1]), "")
    extra = contact("192.168.1.5", "52.9.9.9", 1, names=("ads.example",))
    again = contact("192.168.1.5", "52.9.9.8", 2, names=("ads.example",))
    found = list(compared([LAMP], (SEEN[0], extra, again), Profiles({MAC: ("lamp", profile)})))
    (seen,) = [one for one in found if one.kind == "mud.destinations"]
    assert (seen.facts["unexpected"], seen.facts["examples"]) == (1, ("ads.example",))
    assert seen.proofs == extra.proofs


@pytest.mark.parametrize(
    ("device", "given"),
    [
        (LAMP, Profiles({MAC: ("f", Profile(URL, ""))})),
        (LAMP, Profiles({"fe80::5": ("f", Profile(URL, ""))})),
        (ANNOUNCED, Profiles({}, {URL: ("f", Profile(URL, ""))})),
    ],
)
def test_whose_a_file_is(device: Device, given: Profiles) -> None:
    known = given.of(device)
    assert known is not None
    assert known[0] == "f"


def test_files_for_nobody_are_told_if_they_were_given_one_by_one() -> None:
    lone = Profiles({}, {URL: ("f", Profile(URL, ""))}, ("f", "g"))
    assert lone.of(LAMP) is None
    assert [gap.subject for gap in lone.unused([LAMP])] == ["f", "g"]
    assert [gap.subject for gap in lone.unused([ANNOUNCED])] == ["g"]


def test_a_draft_takes_the_url_that_a_device_announces() -> None:
    assert draft(ANNOUNCED, (), "").url == URL
    assert list(compared([LAMP], SEEN, Profiles())) == []
