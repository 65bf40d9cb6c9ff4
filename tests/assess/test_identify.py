"""Identity: the weightiest signal wins, reasons are shown, and unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from iotscan.assess.identify import identify
from iotscan.model import Device, Fact, Identity, Observation, Sighting

HERE = ip_address("192.168.1.5")


def known(
    *traits: Mapping[str, str],
    facts: Mapping[str, Fact] | None = None,
    mac: str | None = None,
    names: tuple[str, ...] = (),
) -> Identity:
    sightings = tuple(Sighting("mdns", (HERE,), traits=one) for one in traits)
    device = Device("d", (HERE,), mac, names=names, sightings=sightings)
    seen = [Observation("upnp.description", facts, HERE)] if facts else []
    return identify([device], seen)[0].identity


def test_nothing_is_known_of_a_silent_device() -> None:
    assert known() == Identity()
    assert known(mac="02:00:00:00:00:01") == Identity()


def test_what_a_device_says_outweighs_the_maker_of_its_network_part() -> None:
    found = known({"vendor": "Lampco", "model": "L-1"}, mac="00:00:01:00:00:01")
    assert (found.vendor, found.model) == ("Lampco", "L-1")
    assert "mdns: vendor Lampco" in found.because
    only = known(mac="00:00:01:00:00:01")
    assert only.vendor == "Xerox Corporation"
    assert only.because == ("the MAC prefix 00:00:01 is registered to Xerox Corporation",)


def test_a_description_counts_by_the_names_of_its_facts() -> None:
    found = known(
        facts={"manufacturer": "Lampco", "model_name": "L-1", "firmware": "1.2", "port": 5}
    )
    assert (found.vendor, found.model, found.firmware) == ("Lampco", "L-1", "1.2")


def test_several_voices_outweigh_one_whatever_their_case() -> None:
    found = known({"model": "X"}, {"model": "y"}, facts={"model": "Y"})
    assert found.model == "y"


def test_the_kind_comes_from_words_in_names_models_and_services() -> None:
    assert known(names=("Front Door Camera",)).kind == "camera"
    assert known({"services": "_ipp._tcp _http._tcp"}).kind == "printer"
    assert known({"kind": "InternetGatewayDevice:1"}).kind == "router"
    assert known({"kind": "light"}, names=("my-camera",)).kind == "light"
    assert known({"kind": "Basic:1"}).kind == "basic:1"
    # No word within a word: a scamper is no cam.
    assert known(names=("scamper",)).kind == ""


def test_reasons_stay_few_however_much_a_device_says() -> None:
    found = known(*({"model": f"m{i}", "vendor": f"v{i}"} for i in range(100)))
    assert found.model == "m0"
    assert len(found.because) <= 8
