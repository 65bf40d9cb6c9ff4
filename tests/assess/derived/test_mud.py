"""MUD URLs that devices tell on the link become observations of the device."""

from __future__ import annotations

from ipaddress import ip_address

from iotscan.assess.derived.mud import mud_urls
from iotscan.model import Device, Proof, Sighting

ADDRESS = ip_address("192.168.1.5")


def device(url: str | None, *, there: bool = True) -> Device:
    traits = {"mud_url": url} if url else {}
    sighting = Sighting("dhcp", (), "a4:2b:b0:00:00:01", (), traits, proof=Proof("p7"))
    return Device("d", (ADDRESS,) if there else (), sightings=(sighting,))


def test_a_url_is_observed_at_the_device_that_told_it() -> None:
    (seen,) = mud_urls([device("https://maker.example/lamp.json")])
    assert (seen.address, seen.proofs) == (ADDRESS, (Proof("p7"),))
    assert seen.facts == {"via": "dhcp", "url": "https://maker.example/lamp.json", "valid": True}


def test_a_url_that_is_not_encrypted_is_none_of_the_standard() -> None:
    (seen,) = mud_urls([device("http://maker.example/lamp.json")])
    assert seen.facts["valid"] is False


def test_devices_without_a_url_or_an_address_give_nothing() -> None:
    assert list(mud_urls([device(None), device("https://x.example/", there=False)])) == []
