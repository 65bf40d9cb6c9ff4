"""Signals: the texts in which a device shows what it is, by where they were heard.

A closed list, so that a fingerprint that waits for a signal nobody hears is a fault. How much one
signal weighs against another: what was written to describe the product outweighs a banner, which
outweighs a word in a name; a MAC prefix tells the maker of the network part, often not of the
device.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iotscan.assess.links import embedded_mac
from iotscan.assess.oui import vendor_of
from iotscan.model import Device, Fact, Observation

# What is derived from identities is no signal for them.
OWN = "inventory."


@dataclass(frozen=True, slots=True)
class Source:
    """What a signal is and weighs.

    ``facts``: "kind.fact" of the observations that carry it, or the name of a fact that means it in
    every kind; ``traits``: those of sightings that do; ``gathered``: all texts of a device make one
    line of words, each once.
    """

    doc: str
    weight: int
    facts: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    gathered: bool = False


SIGNALS: Mapping[str, Source] = {
    "oui": Source("who the MAC prefix is registered to", 2),
    "name": Source(
        "a name the device gives itself: DHCP, mDNS, NetBIOS, UPnP, before a login",
        3,
        (
            "upnp.description.friendly_name",
            "mdns.service.instance",
            "dhcp.client.hostname",
            "netbios.name.name",
            "telnet.banner.host",
            "lan.device.name",
            "http.settings.name",
        ),
    ),
    "vendor": Source("what it calls its maker", 8, ("vendor", "manufacturer"), ("vendor",)),
    "model": Source(
        "what it calls its model",
        7,
        ("model", "coap.platform.device"),
        ("model",),
    ),
    "firmware": Source(
        "what it calls its firmware", 7, ("firmware",), ("firmware",)
    ),
    "kind": Source(
        "what it calls its kind", 7, ("device_kind", "homekit.accessory.category"), ("kind",)
    ),
    "platform": Source("what hardware it names in CDP", 8, (), ("platform",)),
    "dhcp.class": Source(
        "the vendor class of DHCP, option 60",
        5,
        ("dhcp.client.vendor_class",),
        ("dhcp_vendor_class",),
    ),
    "mdns.types": Source(
        "all service types it announces", 4, ("mdns.service.type",), ("services",), gathered=True
    ),
    "mdns.txt": Source(
        "all TXT keys it announces", 4, ("mdns.service.txt_keys",), gathered=True
    ),
    "ssdp.server": Source(
        "SERVER of SSDP answers and descriptions", 4, ("ssdp.announcement.server",), ("server",)
    ),
    "ssdp.target": Source("what it answers for in SSDP", 4, ("ssdp.announcement.target",)),
    "upnp.type": Source(
        "the device type of a UPnP description", 4, ("upnp.description.device_type",)
    ),
    "http.title": Source(
        "the title of a web page",
        6,
        ("http.service.title", "http.response.title", "http.exchange.title"),
    ),
    "http.server": Source(
        "the Server field of HTTP",
        4,
        ("http.service.server", "http.response.server", "http.exchange.server"),
    ),
    "http.realm": Source(
        "what a login is asked for",
        6,
        ("http.service.realm", "http.response.realm", "http.exchange.realm"),
    ),
    "http.favicon": Source(
        "a web interface's icon: its SHA-256, or MurmurHash3 as search engines write it",
        6,
        ("http.favicon.sha256", "http.favicon.murmur3"),
    ),
    "http.agent": Source(
        "the User-Agent that it sends to servers, or when it looks for UPnP devices",
        3,
        ("http.client.agent",),
        ("agent",),
    ),
    "http.location": Source("where the start page sends to", 5, ("http.response.location",)),
    "tls.subject": Source(
        "the subject of a certificate", 6, ("tls.certificate.subject", "dtls.certificate.subject")
    ),
    "tls.issuer": Source(
        "the issuer of a certificate", 5, ("tls.certificate.issuer", "dtls.certificate.issuer")
    ),
    "snmp.descr": Source(
        "sysDescr of SNMP, which LLDP carries too", 8, ("snmp.system.description",), ("os",)
    ),
    "snmp.object_id": Source("sysObjectID of SNMP", 7, ("snmp.system.object_id",)),
    "rtsp.server": Source("the Server field of RTSP", 6, ("rtsp.service.server",)),
    "rtsp.realm": Source("what an RTSP login is asked for", 6, ("rtsp.service.realm",)),
    "ssh.software": Source("the software that SSH identifies as", 4, ("ssh.service.software",)),
    "ssh.comments": Source("what SSH adds to it", 4, ("ssh.service.comments",)),
    "ftp.greeting": Source("the greeting of FTP", 5, ("ftp.service.greeting",)),
    "sip.server": Source(
        "the Server or User-Agent field of SIP", 6, ("sip.service.server", "sip.agent.agent")
    ),
    "telnet.banner": Source("what Telnet says before a login", 6, ("telnet.banner.banner",)),
    "mqtt.product": Source(
        "a product whose MQTT topics it publishes to", 2, ("mqtt.publisher.product",)
    ),
    "mqtt.client_id": Source("how it calls itself to a broker", 4, ("mqtt.client.client_id",)),
    "lan.protocol": Source(
        "the maker's own protocol that it speaks", 5, ("lan.device.protocol",)
    ),
    "product": Source(
        "a product whose own answer was heard",
        6,
        (
            "http.known.product",
            "console.access.product",
            "console.setup.product",
            "esphome.device.product",
        ),
    ),
    "ports": Source("all ports that are open", 1, gathered=True),
}  # fmt: skip


def _by(keys: Callable[[Source], Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, source in SIGNALS.items():
        for key in keys(source):
            found[key] = (*found.get(key, ()), name)
    return found


_OF_FACT = _by(lambda source: source.facts)
_OF_TRAIT = _by(lambda source: source.traits)


@dataclass(frozen=True, slots=True)
class Heard:
    """A text of a device. ``where``: in words, where it was heard."""

    signal: str
    text: str
    where: str


def heard(device: Device, observations: Sequence[Observation]) -> Iterator[Heard]:
    """Every signal of a device, each once."""
    yield from dict.fromkeys(_heard(device, observations))


def _heard(device: Device, observations: Sequence[Observation]) -> Iterator[Heard]:
    gathered: dict[str, dict[str, None]] = defaultdict(dict)
    held = next(filter(None, map(embedded_mac, device.addresses)), None)
    mac = device.mac or held
    owner = vendor_of(mac)
    if owner:
        place = "" if device.mac else " in its address"
        yield Heard("oui", owner, f"the MAC prefix {str(mac)[:8]}{place}")
    for name in device.names:
        yield Heard("name", name, "its name")
    for signal, text, where in _told(device, observations):
        if SIGNALS[signal].gathered:
            gathered[signal].update(dict.fromkeys(text.split()))
        elif text:
            yield Heard(signal, text, where)
    for service in device.services:
        endpoint = service.endpoint
        gathered["ports"][f"{endpoint.transport}/{endpoint.port}"] = None
    for signal, words in sorted(gathered.items()):
        yield Heard(signal, " ".join(sorted(words)), SIGNALS[signal].doc)


def _told(device: Device, observations: Sequence[Observation]) -> Iterator[tuple[str, str, str]]:
    """(signal, text, where) of sightings and observations."""
    for sighting in device.sightings:
        for trait, value in sorted(sighting.traits.items()):
            for carried in _OF_TRAIT.get(trait, ()):
                yield carried, value, f"{sighting.source}: {trait}"
    for seen in observations:
        if seen.kind.startswith(OWN):
            continue
        for fact, told in seen.facts.items():
            names = (*_OF_FACT.get(f"{seen.kind}.{fact}", ()), *_OF_FACT.get(fact, ()))
            for signal in names:
                yield signal, _text(told), f"{seen.kind}: {fact}"


def _text(fact: Fact) -> str:
    return " ".join(fact) if isinstance(fact, tuple) else str(fact)
