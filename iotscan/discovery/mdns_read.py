"""What one mDNS packet says of its sender: names, traits, services, and the states of these.

Nothing is believed about other hosts: records for a host without the sender's address are those of
a proxy, and leave no word here.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.discovery import mdns_states
from iotscan.discovery import mdns_words as words
from iotscan.discovery.mdns_states import category, said, states
from iotscan.discovery.mdns_view import Instance, View, view
from iotscan.model import (
    Endpoint,
    Fact,
    Kind,
    Observation,
    Packet,
    Proof,
    Service,
    Sighting,
    Transport,
)
from iotscan.protocols.common.identifiers import (
    DEVICE_NAME,
    DISCOVERY_IDENTIFIERS,
    holds_mac,
    holds_uuid,
    looks_personal,
)
from iotscan.text import clean

SERVICE = Kind(
    "mdns.service",
    {
        "type": str,
        "instance": str,
        "host": str,
        "port": int,
        "vendor": str,
        "model": str,
        "firmware": str,
        "txt_keys": tuple,
    },
    "For every service instance that a host announces as its own.",
)
KINDS = (SERVICE, *mdns_states.KINDS, DISCOVERY_IDENTIFIERS, DEVICE_NAME)
_SOURCE = "mdns"


def read(packet: Packet) -> Iterator[Sighting | Observation]:
    """See :class:`iotscan.probe_api.Discoverer`."""
    seen = view(packet)
    if seen is None:
        return
    proof = Proof.of(packet)
    own = [instance for instance in seen.instances.values() if not seen.is_foreign(instance)]
    names = _names(seen, own)
    yield Sighting(
        _SOURCE,
        seen.own_addresses(),
        packet.mac,
        names,
        _traits(seen, own),
        tuple(lead for instance in own if (lead := _lead(seen, instance))),
        proof,
    )
    for instance in own:
        where = _endpoint(seen, instance)
        yield Observation(SERVICE.name, _service(instance), seen.source, where, (proof,))
        for kind, facts in states(instance):
            yield Observation(kind.name, facts, seen.source, where, (proof,))
    if own or names:
        for kind, facts in _given_away(names, own, packet.mac):
            yield Observation(kind.name, facts, seen.source, proofs=(proof,))


def _names(seen: View, own: list[Instance]) -> tuple[str, ...]:
    hosts = [
        name.removesuffix(".").removesuffix(".local")
        for host, name in seen.host_names.items()
        if seen.is_own_host(host)
    ]
    called = [_called(instance) for instance in own if instance.type not in words.NAMELESS_TYPES]
    friendly = [text for i in own if (text := _traits_of(i).get("friendly_name"))]
    cleaned = map(clean, (*friendly, *called, *hosts))
    return tuple(dict.fromkeys(name for name in cleaned if name))


def _called(instance: Instance) -> str:
    """The instance's name; avahi adds " [MAC]" to the name of a workstation."""
    if instance.type in words.NUMBERED_TYPES:
        return instance.name.partition("@")[2] or instance.name
    return instance.name.partition(" [")[0] if "_workstation." in instance.type else instance.name


def _traits(seen: View, own: list[Instance]) -> dict[str, str]:
    traits = {"os": clean(seen.os)} if seen.os and own else {}
    for instance in own:
        traits = _traits_of(instance) | traits
        if kind := category(instance):
            traits.setdefault("kind", kind)
    kinds = sorted({instance.type for instance in own})
    if kinds:
        traits["services"] = clean(" ".join(kinds))
    return traits


def _traits_of(instance: Instance) -> dict[str, str]:
    text = instance.text or {}
    traits: dict[str, str] = {}
    for trait, keys in words.TRAITS.items():
        found = next((told for key in keys if (told := said(text, key))), "")
        if found:
            traits[trait] = found
    for (kind, key), trait in words.TRAITS_OF_TYPE.items():
        if kind == instance.type and (found := said(text, key)):
            traits[trait] = found
    return traits


def _lead(seen: View, instance: Instance) -> Service | None:
    """Where the instance is served, if its host has the sender's address."""
    endpoint = _endpoint(seen, instance)
    if endpoint is None or instance.type in words.PORTLESS_TYPES:
        return None
    name = words.PROTOCOLS.get(instance.type)
    return Service(endpoint, name, instance.type in words.TLS_TYPES, instance.type)


def _endpoint(seen: View, instance: Instance) -> Endpoint | None:
    if instance.host is None or not instance.port or not seen.is_own_host(instance.host):
        return None
    transport: Transport = "udp" if instance.type.endswith("._udp") else "tcp"
    return Endpoint(seen.source, transport, instance.port)


def _service(instance: Instance) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"type": clean(instance.type), "instance": clean(instance.name)}
    if instance.host is not None and instance.port is not None:
        facts |= {"host": clean(instance.host), "port": instance.port}
    traits = _traits_of(instance)
    facts |= {key: traits[key] for key in ("vendor", "model", "firmware") if key in traits}
    if instance.text is not None:
        facts["txt_keys"] = tuple(clean(key, 64) for key in sorted(instance.text)[:32])
    return facts


def _given_away(
    names: tuple[str, ...], own: list[Instance], mac: str | None
) -> Iterator[tuple[Kind, dict[str, Fact]]]:
    """Identifiers in names and texts. HomeKit's "id" looks like a MAC and is a random number."""
    texts = [*names, *(instance.name for instance in own)]
    for instance in own:
        for key in instance.text or {}:
            if not (key == "id" and instance.type.startswith("_hap.")):
                texts.append(said(instance.text or {}, key))
    yield (
        DISCOVERY_IDENTIFIERS,
        {
            "via": _SOURCE,
            "serial": any("serial" in _traits_of(instance) for instance in own),
            "mac": holds_mac(texts, mac),
            "uuid": holds_uuid(texts),
        },
    )
    for name in names:
        facts: dict[str, Fact] = {"via": _SOURCE, "name": name}
        yield DEVICE_NAME, facts | {"looks_personal": looks_personal(name)}
