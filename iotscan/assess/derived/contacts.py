"""Whom the devices of a capture talk to, under which names, whether others could read it, and
whether any of it looks like updates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from iotscan.assess.inventory import peer_of
from iotscan.assess.links import EVERYBODY
from iotscan.assess.reading import HOUR, Contact
from iotscan.model import Address, Device, Endpoint, Fact, Kind, Observation, Proof

CONTACT = Kind(
    "capture.contact",
    {
        "port": int,
        "transport": str,
        "outside": bool,
        "answered": bool,
        "opened": bool,
        "place": str,
        "names": tuple,
    },
    "For every server or group (peer) that a device spoke to. opened: the capture shows that it"
    " answered an opening (TCP alone). outside: it is no device of this network; place: device,"
    " private, public or group; names: what the device looked it up by, or called it.",
)
VISIT = Kind(
    "capture.visit",
    {"port": int, "transport": str, "place": str},
    "For every host that is no device of this network (peer) and had an answer from a device of it,"
    " at this port. place: see capture.contact.",
)
CLOUD = Kind(
    "capture.cloud",
    {"port": int, "transport": str, "encrypted": bool, "names": tuple, "service": str},
    "For every server on the internet (peer) that a device had an answer from, but for names and"
    " the time of day. encrypted: left out where no reader could tell.",
)
CLIENT = Kind(
    "capture.tls_client",
    {"offered": str, "retired_only": bool, "server_name": str, "certificate_shown": bool},
    "For every TLS connection that a device opened, with the newest version that it offered."
    " retired_only: none that is not retired (RFC 8996). certificate_shown: it showed one of its"
    " own, where that can be seen.",
)
UPDATES = Kind(
    "capture.updates",
    {"hours": float, "seen": bool, "encrypted": bool, "host": str},
    "For every device that talked to the internet, over how many hours, but for those in which"
    " nobody at all was heard. seen: to a host that is"
    " named like one for updates, or it fetched firmware. encrypted: that was.",
)
KINDS = (CONTACT, VISIT, CLOUD, CLIENT, UPDATES)

DNS, NTP = 53, 123
_MOST_NAMES = 8
_RETIRED = frozenset({"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"})
# What host names for updates have in a label; "ota" and "fw" only as words of their own.
_UPDATES = re.compile(
    r"update|upgrade|firmware|(?:^|[.-])(?:f?ota|fw|fwup\w*)\d*(?=[.-]|$)", re.IGNORECASE
)
# A host name of the internet: labels, the last of which is no number (RFC 1123 section 2.1).
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
# What certificate authorities sign, and so may send in clear (RFC 5280, RFC 6960).
_SIGNED = re.compile(r"(?:^|\.)(?:ocsp|crl|pki|cacerts?)\w*\.", re.IGNORECASE)


@dataclass
class _Known:
    """What readers said of conversations, for looking up by device and server."""

    names: dict[tuple[Address, Address], dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    encrypted: dict[tuple[Address, Endpoint], bool] = field(default_factory=dict)
    service: dict[tuple[Address, Endpoint], str] = field(default_factory=dict)
    firmware: dict[Address, tuple[bool, str]] = field(default_factory=dict)


def contacts(
    seen: Mapping[tuple[Address, Endpoint], Contact],
    observations: Sequence[Observation],
    owners: Mapping[Address, Device],
    hours: int,
) -> Iterator[Observation]:
    """Whom each device spoke to, what of it went into the internet, and updates in it. ``hours``:
    in how many anything was heard.
    """
    known = _known(observations)
    spans: dict[str, list[tuple[Address, Contact, bool, tuple[str, ...]]]] = defaultdict(list)
    for (client, server), contact in seen.items():
        device = owners.get(client)
        if device is None:
            if server.address in owners and contact.answered:
                yield _visit(client, server, contact, owners)
            continue
        place = _place(server.address, owners)
        names = tuple(known.names.get((client, server.address), ()))[:_MOST_NAMES]
        facts: dict[str, Fact] = {
            "port": server.port,
            "transport": server.transport,
            "outside": server.address not in owners,
            "answered": contact.answered,
            "place": place,
            "peer": str(server.address),
        }
        if server.transport == "tcp":
            facts["opened"] = contact.opened
        named: dict[str, Fact] = {"names": names} if names else {}
        yield Observation(CONTACT.name, facts | named, client, None, (contact.proof,))
        if place != "public" or not contact.answered or server.port in (DNS, NTP):
            continue
        encrypted = known.encrypted.get((client, server))
        spans[device.key].append((client, contact, encrypted is True, names))
        if not any(map(_SIGNED.search, names)):
            yield _cloud(client, server, contact, known, named)
    for found in spans.values():
        yield _updates(found, known, hours)


def legacy_clients(
    observations: Sequence[Observation], owners: Mapping[Address, Device]
) -> Iterator[Observation]:
    """What devices offer where they are the client."""
    for seen in observations:
        client = _client(seen)
        offered = seen.facts.get("offered")
        if seen.kind != "tls.session" or client not in owners or seen.endpoint is None:
            continue
        if not seen.facts.get("captured") or offered is None or client == seen.endpoint.address:
            continue
        facts: dict[str, Fact] = {
            "offered": offered,
            "retired_only": offered in _RETIRED,
            "peer": str(seen.endpoint.address),
        }
        for word, said in (
            ("server_name", "server_name"),
            ("certificate_shown", "client_certificate_shown"),
        ):
            if said in seen.facts:
                facts[word] = seen.facts[said]
        assert client is not None
        yield Observation(CLIENT.name, facts, client, None, seen.proofs)


def _known(observations: Iterable[Observation]) -> _Known:
    known = _Known()
    for seen in observations:
        facts, client = seen.facts, _client(seen)
        if seen.kind == "dns.answer":
            addresses = facts.get("addresses")
            for address in addresses if isinstance(addresses, tuple) else ():
                known.names[seen.address, ip_address(address)][str(facts["name"])] = None
            continue
        if client is None or seen.endpoint is None:
            continue
        pair = client, seen.endpoint
        for word in ("server_name", "host"):
            name = str(facts.get(word, "")).partition(":")[0].lower()
            if _NAME.fullmatch(name):
                known.names[client, seen.endpoint.address][name] = None
        if seen.kind.startswith(("tls.", "dtls.")):
            known.encrypted[pair] = True
        elif facts.get("cleartext") is True or facts.get("encrypted") is False:
            known.encrypted.setdefault(pair, False)
            known.service.setdefault(pair, seen.kind.partition(".")[0])
        if seen.kind.endswith(".firmware"):
            encrypted = facts.get("cleartext") is False
            known.firmware.setdefault(client, (encrypted, str(facts.get("host", ""))))
    return known


def _client(seen: Observation) -> Address | None:
    """Who spoke to the server in the conversation that an observation is from."""
    peer = peer_of(seen)
    return peer if seen.endpoint is not None and peer != seen.endpoint.address else None


def _place(address: Address, owners: Mapping[Address, Device]) -> str:
    if address.is_multicast or address == EVERYBODY:
        return "group"
    if address in owners:
        return "device"
    return "public" if address.is_global and not address.is_reserved else "private"


def _visit(
    client: Address, server: Endpoint, contact: Contact, owners: Mapping[Address, Device]
) -> Observation:
    facts: dict[str, Fact] = {
        "port": server.port,
        "transport": server.transport,
        "place": _place(client, owners),
        "peer": str(client),
    }
    return Observation(VISIT.name, facts, server.address, server, (contact.proof,))


def _cloud(
    client: Address, server: Endpoint, contact: Contact, known: _Known, named: dict[str, Fact]
) -> Observation:
    facts: dict[str, Fact] = {
        "port": server.port,
        "transport": server.transport,
        "peer": str(server.address),
    }
    encrypted = known.encrypted.get((client, server))
    if encrypted is not None:
        facts["encrypted"] = encrypted
    if encrypted is False:
        facts["service"] = known.service[client, server]
    return Observation(CLOUD.name, facts | named, client, server, (contact.proof,))


def _updates(
    found: Sequence[tuple[Address, Contact, bool, tuple[str, ...]]], known: _Known, heard: int
) -> Observation:
    """One observation for all contacts of a device: (its address, contact, whether encrypted,
    names). ``heard``: between captures, and where one has a pause, nobody listened.
    """
    client, first, *_ = found[0]
    began = min(contact.began for _, contact, _, _ in found)
    hours = min((max(contact.last for _, contact, _, _ in found) - began) / HOUR, heard)
    facts: dict[str, Fact] = {"hours": round(hours, 2), "seen": False}
    proofs: tuple[Proof, ...] = (first.proof,)
    for address, contact, encrypted, names in found:
        host = next((name for name in names if _UPDATES.search(name)), "")
        if host:
            facts |= {"seen": True, "host": host, "encrypted": encrypted}
            proofs = (contact.proof,)
            break
        if address in known.firmware:
            encrypted, host = known.firmware[address]
            facts |= {"seen": True, "encrypted": encrypted} | ({"host": host} if host else {})
            break
    return Observation(UPDATES.name, facts, client, None, proofs)
