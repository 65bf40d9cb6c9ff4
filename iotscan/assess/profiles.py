"""MUD profiles of the devices in a capture: derived from what they did, or held against it.

RFC 8520. Both look at the same contacts over TCP and UDP, so that a capture never breaks a profile
that was derived from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from iotscan.assess.derived.contacts import CONTACT, VISIT
from iotscan.model import Device, Ending, Endpoint, Fact, Gap, Kind, Observation, Proof
from iotscan.protocols.mud.profile import (
    DNS,
    DNS_CLASS,
    NTP,
    NTP_CLASS,
    Answer,
    Entry,
    Party,
    Profile,
    Side,
)

TRAFFIC = Kind(
    "mud.traffic",
    {
        "allowed": bool,
        "outward": bool,
        "port": int,
        "transport": str,
        "names": tuple,
        "profile": str,
    },
    "For every contact (peer) of a device with a MUD file. outward: the device began. allowed: left"
    " out where only a network that enforces the file could tell. profile: name of the file.",
)
DESTINATIONS = Kind(
    "mud.destinations",
    {"unexpected": int, "examples": tuple, "profile": str},
    "For a device with a MUD file that spoke to the internet: how many addresses there the file"
    " does not name.",
)
KINDS = (TRAFFIC, DESTINATIONS)
_MOST_EXAMPLES, _MOST_PROOFS = 8, 16


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a device did: it spoke to ``port`` of the other side, or answered at its own
    (``began`` other). ``place``: see ``capture.contact``.
    """

    other: Party
    transport: str
    port: int
    began: Side
    place: str
    proofs: tuple[Proof, ...] = ()

    @property
    def order(self) -> tuple[object, ...]:
        address = self.other.address
        return (address.version, self.began, self.transport, self.port, int(address))


@dataclass(frozen=True, slots=True)
class Profiles:
    """MUD files that were given. ``by_device``: MAC or address → (name of the file, profile);
    ``by_url``: the URL that devices announce, likewise. ``single``: names of files that were given
    one by one, each for a device that should be there.
    """

    by_device: Mapping[str, tuple[str, Profile]] = field(default_factory=dict)
    by_url: Mapping[str, tuple[str, Profile]] = field(default_factory=dict)
    single: tuple[str, ...] = ()

    def of(self, device: Device) -> tuple[str, Profile] | None:
        """The file for a device: the one given for it, else the one it announced."""
        for key in (device.mac, *map(str, device.addresses)):
            if key is not None and key in self.by_device:
                return self.by_device[key]
        urls = [known for sighting in device.sightings if (known := sighting.traits.get("mud_url"))]
        return next((self.by_url[url] for url in urls if url in self.by_url), None)

    def unused(self, devices: Sequence[Device]) -> Iterator[Gap]:
        """Files that were given for a device that is not there."""
        used = {known[0] for device in devices if (known := self.of(device))}
        for name in self.single:
            if name not in used:
                reason = "the MUD file is for no device in the capture, as far as they tell"
                advice = "Say for which device it is: --mud MAC=FILE."
                yield Gap(name, "mud", Ending.OUT_OF_SCOPE, reason, advice)


def deeds(device: Device, observations: Iterable[Observation]) -> tuple[Deed, ...]:
    """All that a device did in a capture, in a fixed order. What was only tried with it is none."""
    own = set(device.addresses)
    texts = set(map(str, own))
    found: list[Deed] = []
    for seen in observations:
        facts = seen.facts
        if seen.kind == CONTACT.name and seen.address in own:
            found.append(_deed(seen, str(facts["peer"]), "device", str(facts["place"])))
        elif seen.kind == CONTACT.name and facts["peer"] in texts and facts["answered"]:
            found.append(_deed(seen, str(seen.address), "other", "device"))
        elif seen.kind == VISIT.name and seen.address in own:
            found.append(_deed(seen, str(facts["peer"]), "other", str(facts["place"])))
    return tuple(sorted(found, key=lambda deed: deed.order))


def draft(device: Device, did: Sequence[Deed], updated: str) -> Profile:
    """A profile that allows what a device did, and nothing else. ``updated``: ISO 8601.

    Servers on the internet stand under the names by which the device looked them up. The URL is the
    one that it announces, else one of a domain that cannot be (RFC 6761).
    """
    announced = [url for seen in device.sightings if (url := seen.traits.get("mud_url"))]
    key = device.key.replace(":", "-")
    identity = device.identity
    words = (identity.vendor, identity.family, identity.model, *device.names[:1])
    about = " ".join(dict.fromkeys(word for word in words if word)) or device.key
    entries = [(deed, one) for deed in did for one in _entries(deed)]
    return Profile(
        announced[0] if announced else f"https://{key}.invalid/mud.json",
        updated or "1970-01-01T00:00:00+00:00",
        about,
        tuple(dict.fromkeys(one for _, one in entries)),
        tuple(dict.fromkeys(one for deed, one in entries if deed.place != "group")),
    )


def compared(
    devices: Sequence[Device], observations: Sequence[Observation], profiles: Profiles
) -> Iterator[Observation]:
    """What each device with a profile did, held against it."""
    for device in devices:
        given = profiles.of(device)
        if given is None or not device.addresses:
            continue
        name, profile = given
        outside: dict[str, tuple[Proof, ...]] = {}
        did = deeds(device, observations)
        for deed in did:
            answer = profile.admits(deed.other, deed.transport, deed.port, deed.began)
            yield _traffic(device, deed, answer, name)
            outward = deed.place == "public" and deed.began == "device"
            if outward and profile.names(deed.other) is False:
                outside.setdefault(_called(deed.other), deed.proofs)
        if any(deed.place == "public" for deed in did):
            facts: dict[str, Fact] = {
                "unexpected": len(outside),
                "examples": tuple(outside)[:_MOST_EXAMPLES],
                "profile": name,
            }
            proofs = tuple(proof for cited in outside.values() for proof in cited)[:_MOST_PROOFS]
            yield Observation(DESTINATIONS.name, facts, device.addresses[0], None, proofs)


def _deed(seen: Observation, other: str, began: Side, place: str) -> Deed:
    names = seen.facts.get("names", ()) if began == "device" else ()
    return Deed(
        Party(ip_address(other), names if isinstance(names, tuple) else (), place in _LOCAL),
        str(seen.facts["transport"]),
        int(str(seen.facts["port"])),
        began,
        place,
        seen.proofs,
    )


_LOCAL = ("device", "private")


def _entries(deed: Deed) -> Iterator[Entry]:
    """What to allow for a deed; both directions of it read the same."""
    other, began = deed.other, deed.began
    version = other.address.version
    port = (deed.port, deed.port)
    ports, own = (port, None) if began == "device" else (None, port)
    who: Side | None = began if deed.transport == "tcp" else None
    if other.local:
        classes = {DNS: (DNS_CLASS,), NTP: (NTP_CLASS,)}.get(deed.port, ())
        classes = classes if began == "device" and deed.transport == "udp" else ()
        local = not classes
        yield Entry(version, deed.transport, None, "", local, classes, ports, own, who)
    elif other.names:
        for name in other.names:
            yield Entry(version, deed.transport, None, name, False, (), ports, own, who)
    else:
        network = ip_network(other.address)
        yield Entry(version, deed.transport, network, "", False, (), ports, own, who)


def _traffic(device: Device, deed: Deed, answer: Answer, name: str) -> Observation:
    other = deed.other
    outward = deed.began == "device"
    facts: dict[str, Fact] = {
        "peer": str(other.address),
        "outward": outward,
        "port": deed.port,
        "transport": deed.transport,
        "profile": name,
    }
    if answer is not None:
        facts["allowed"] = answer
    if other.names:
        facts["names"] = other.names
    address = device.addresses[0]
    place = Endpoint(
        other.address if outward else address,
        "tcp" if deed.transport == "tcp" else "udp",
        deed.port,
    )
    return Observation(TRAFFIC.name, facts, address, place, deed.proofs)


def _called(other: Party) -> str:
    return other.names[0] if other.names else str(other.address)
