"""Identity: the weightiest signal wins, reasons are shown, and unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from iotscan.assess.devicekinds import KINDS, kind_in
from iotscan.assess.identify import identify
from iotscan.assess.rulebook.fingerprints import Fingerprints
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.discovery.mdns_words import HOMEKIT_CATEGORIES
from iotscan.model import (
    Device,
    Endpoint,
    Fact,
    Identity,
    Observation,
    Service,
    Sighting,
)

HERE = ip_address("192.168.1.5")
BUILT_IN = load_rulebook().fingerprints


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
    found = known(facts={"manufacturer": "Lampco", "model": "L-1", "firmware": "1.2", "port": 5})
    assert (found.vendor, found.model, found.firmware) == ("Lampco", "L-1", "1.2")


def test_many_texts_that_one_fingerprint_reads_alike_are_one_reason() -> None:
    """A router that hides phones from the rest of the network sends what their programs say."""
    agents = [{"agent": f"Mozilla/5.0 (iPhone; CPU iPhone OS {n} like Mac OS X)"} for n in range(9)]

    def told(*traits: Mapping[str, str]) -> tuple[str, str]:
        sightings = tuple(Sighting("ssdp", (HERE,), traits=one) for one in traits)
        (found,) = identify([Device("d", (HERE,), sightings=sightings)], [], BUILT_IN)
        return found.identity.vendor, found.identity.kind

    assert told(*agents) == ("Apple", "phone")
    assert told(*agents, {"kind": "router", "vendor": "Lampco"}) == ("Lampco", "router")


def test_several_voices_outweigh_one_whatever_their_case() -> None:
    found = known({"model": "X"}, {"model": "y"}, facts={"model": "Y"})
    assert found.model == "y"


def test_the_kind_comes_from_words_in_names_models_and_services() -> None:
    assert known(names=("Front Door Camera",)).kind == "camera"
    assert known({"services": "_ipp._tcp _http._tcp"}).kind == "printer"
    assert known({"kind": "InternetGatewayDevice:1"}).kind == "router"
    assert known({"kind": "light"}, names=("my-camera",)).kind == "bulb"
    # No word within a word: a scamper is no cam.
    assert known(names=("scamper",)).kind == ""


def test_reasons_stay_few_however_much_a_device_says() -> None:
    found = known(*({"model": f"m{i}", "vendor": f"v{i}"} for i in range(100)))
    assert found.model == "m0"
    assert len(found.because) <= 12


def test_no_kind_beyond_the_closed_list() -> None:
    assert known({"kind": "Basic:1"}).kind == ""
    assert known({"kind": "flux compensator"}).kind == ""
    # What a HomeKit accessory may call itself either is a kind here or says too little.
    unread = {name for name in HOMEKIT_CATEGORIES.values() if kind_in(name) not in KINDS}
    assert unread == {"door", "window", "faucet", "shower"}


def told(*seen: Observation, device: Device | None = None) -> Identity:
    device = device or Device("d", (HERE,))
    return identify([device], seen, BUILT_IN)[0].identity


def saw(kind: str, **facts: Fact) -> Observation:
    return Observation(kind, facts, HERE)


def test_all_signals_are_counted_at_once() -> None:
    found = told(
        saw("http.service", title="RouterOS router configuration page"),
        saw("ftp.service", greeting="220 MikroTik FTP server (MikroTik 6.48.6) ready"),
        saw("snmp.system", description="RouterOS RB750Gr3"),
        saw("telnet.banner", banner="BusyBox login:"),
    )
    assert (found.vendor, found.family) == ("MikroTik", "RouterOS")
    assert (found.model, found.firmware) == ("RB750Gr3", "6.48.6")
    assert "snmp.system: description RouterOS RB750Gr3 (mikrotik-snmp)" in found.because
    # That it routes was not said by any of these.
    assert found.kind == ""


def test_the_makers_name_is_written_in_one_way() -> None:
    assert told(saw("upnp.description", manufacturer="HANGZHOU HIKVISION")).vendor == "Hikvision"
    device = Device("d", (HERE,), "00:00:01:00:00:01")
    assert told(device=device).vendor == "Xerox"


def test_the_maker_of_a_part_is_a_reason_and_no_vendor() -> None:
    found = told(device=Device("d", (HERE,), names=("ESP_1A2B3C",)))
    assert found.vendor == ""
    assert found.because == ("its name ESP_1A2B3C (esp-name)",)


def test_what_is_known_of_one_makers_products_says_nothing_of_anothers() -> None:
    found = told(
        saw("http.service", title="FRITZ!Box 7590"),
        saw("upnp.description", manufacturer="Lampco"),
        saw("onvif.device", manufacturer="Lampco"),
    )
    assert (found.vendor, found.family, found.model) == ("Lampco", "", "")


def test_announced_types_and_open_ports_are_read_together() -> None:
    sighting = Sighting("mdns", (HERE,), traits={"services": "_http._tcp _hue._tcp"})
    ports = (Service(Endpoint(HERE, "tcp", 9100)), Service(Endpoint(HERE, "tcp", 631)))
    assert told(device=Device("d", (HERE,), sightings=(sighting,))).family == "Hue"
    found = told(device=Device("d", (HERE,), services=ports))
    assert (found.vendor, found.kind) == ("", "printer")
    assert told(device=Device("d", (HERE,), services=ports[:1])).kind == ""


def test_names_and_classes_of_dhcp_are_heard() -> None:
    phone = told(saw("dhcp.client", vendor_class="Cisco Systems, Inc. IP Phone CP-7941G"))
    assert (phone.vendor, phone.model, phone.kind) == ("Cisco", "CP-7941G", "ip phone")
    plug = told(saw("dhcp.client", hostname="shellyplug-s-1A2B3C"))
    assert (plug.vendor, plug.model, plug.kind) == ("Shelly", "plug-s", "plug")
    sighting = Sighting("dhcp", (HERE,), traits={"dhcp_vendor_class": "yealink"})
    assert told(device=Device("d", (HERE,), sightings=(sighting,))).vendor == "Yealink"


def test_what_several_makers_or_programs_send_claims_no_product() -> None:
    ssdp = saw("ssdp.announcement", server="Unspecified, UPnP/1.0, Unspecified")
    assert told(ssdp, device=Device("d", (HERE,), names=("DCH-G020",))).vendor == "D-Link"
    assert told(saw("telnet.banner", product="Ubuntu")).model == ""
    kind = "urn:schemas-upnp-org:device:MediaServer:1"
    assert told(saw("upnp.description", device_type=kind)).kind == ""


def test_what_was_concluded_is_no_signal_for_itself() -> None:
    assert told(saw("inventory.device", vendor="Lampco", model="L-1")) == Identity()


def test_an_empty_rulebook_tells_nothing_but_what_is_said() -> None:
    device = Device("d", (HERE,))
    seen = [saw("http.service", title="FRITZ!Box 7590")]
    assert identify([device], seen, Fingerprints())[0].identity == Identity()


def test_products_are_known_by_their_answers_icons_numbers_and_doors() -> None:
    for seen, found in (
        (saw("http.known", product="Roku", open=True), ("Roku", "", "media player")),
        (saw("http.known", id="roku-ecp", status=404), ("", "", "")),
        (saw("console.setup", product="Home Assistant"), ("", "Home Assistant", "hub")),
        (saw("esphome.device", product="ESPHome", encrypted=True), ("", "ESPHome", "")),
        (saw("http.favicon", murmur3=149371702), ("Synology", "DSM", "")),
        (saw("snmp.system", object_id="1.3.6.1.4.1.2435.2.3.9.1"), ("Brother", "", "printer")),
        (saw("snmp.system", object_id="1.3.6.1.4.1.24350.1"), ("", "", "")),
        (saw("http.response", location="/webfig/"), ("MikroTik", "RouterOS", "")),
    ):
        identity = told(seen)
        assert (identity.vendor, identity.family, identity.kind) == found, seen.facts
