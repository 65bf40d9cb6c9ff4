"""What a device is known again by: ids that its maker, its owner or its software gave it.

Strong marks are meant to be one device's alone; each still counts only while one device in a scan
shows it, for keys and certificates are copied with firmware. Names are weak: anybody can take one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from iotscan.assess.inventory import about_itself
from iotscan.assess.oui import normal
from iotscan.model import Device, Observation

# (what it is, value), as in ("SSH host key", "SHA256:…").
Marks = tuple[tuple[str, str], ...]

MAC, RANDOM_MAC, NAME = "MAC", "random MAC", "name"
SERIAL, UPNP = "serial number", "UPnP id"
KEYS = ("SSH host key", "TLS key", "DTLS key")
# Strongest first: by this order devices are recognised.
STRONG = (MAC, UPNP, SERIAL, "SNMP engine id", *KEYS, RANDOM_MAC)
# Where observations hold such a mark, by "kind.fact", and by the fact alone in any other kind.
_OF_FACTS: Mapping[str, str] = {
    "ssh.host_key.sha256": "SSH host key",
    "tls.certificate.spki_sha256": "TLS key",
    "dtls.certificate.spki_sha256": "DTLS key",
    "snmp.engine.engine_id": "SNMP engine id",
    "dhcp.client.hostname": NAME,
    "udn": UPNP,
    "serial": SERIAL,
}
_OF_TRAITS: Mapping[str, str] = {"udn": UPNP, "serial": SERIAL}
# Names that thousands of devices leave the factory with.
_EVERYONES = re.compile(
    r"(localhost|android|iphone|ipad|espressif|esp[_-]?\w{0,6}|raspberrypi|unknown|router|camera|"
    r"device|printer|openwrt|gateway|ubuntu|debian|linux|buildroot|\(none\))"
)
# "00000000", "123456789" and the like stand where a maker left a serial number out.
_PLACEHOLDER = re.compile(r"(.)\1*|0?123456789?0?|n/?a|none|unknown|default|to be filled.*")
_SHORTEST_SERIAL, _SHORTEST_NAME = 5, 3


def marks(device: Device, observations: Iterable[Observation]) -> Marks:
    """The marks of a device in a report, each once, sorted. ``observations``: those about it."""
    found = set(_of_link(device))
    for name in device.names:
        found.add((NAME, name.lower().removesuffix(".local")))
    for sighting in device.sightings:
        for trait, mark in _OF_TRAITS.items():
            found.add((mark, sighting.traits.get(trait, "")))
    for seen in observations:
        for fact, value in seen.facts.items() if about_itself(seen) else ():
            told = _OF_FACTS.get(f"{seen.kind}.{fact}") or _OF_FACTS.get(fact)
            if told is not None and isinstance(value, str):
                found.add((told, value))
    return tuple(sorted((mark, value.lower()) for mark, value in found if _tells(mark, value)))


def _of_link(device: Device) -> Iterator[tuple[str, str]]:
    mac = normal(device.mac)
    if mac is not None:
        yield (RANDOM_MAC if device.randomised else MAC, mac)


def _tells(mark: str, value: str) -> bool:
    """Whether the value can be one device's own."""
    words = value.strip().lower()
    if mark == NAME:
        return len(words) >= _SHORTEST_NAME and _EVERYONES.fullmatch(words) is None
    if mark == SERIAL:
        return len(words) >= _SHORTEST_SERIAL and _PLACEHOLDER.fullmatch(words) is None
    return bool(words)
