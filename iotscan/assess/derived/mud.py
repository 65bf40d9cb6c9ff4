"""Where the maker of a device describes its traffic: MUD URLs told on the link. RFC 8520."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Device, Fact, Kind, Observation

MUD_URL = Kind(
    "mud.url",
    {"via": str, "url": str, "valid": bool},
    "For a device that tells where its maker describes the traffic it is meant to have. valid: it "
    "is an https URL, as the standard asks.",
)
KINDS: tuple[Kind, ...] = (MUD_URL,)


def mud_urls(devices: Sequence[Device]) -> Iterator[Observation]:
    """What devices say by DHCP and LLDP, often before they have an address."""
    for device in devices:
        for sighting in device.sightings:
            url = sighting.traits.get("mud_url")
            if url and device.addresses:
                valid = url.startswith("https://")
                facts: dict[str, Fact] = {"via": sighting.source, "url": url, "valid": valid}
                yield Observation(
                    MUD_URL.name, facts, device.addresses[0], proofs=(sighting.proof,)
                )
