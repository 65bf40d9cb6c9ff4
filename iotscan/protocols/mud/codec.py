"""MUD files as JSON. RFC 8520 (ietf-mud, ietf-acldns), RFC 8519 (access lists), RFC 7951 (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from iotscan.errors import Malformed
from iotscan.protocols.mud.profile import PROTOCOLS, Entry, Profile, Side

MUD = "ietf-mud:mud"
# Files from before RFC 8519 was done call the lists otherwise.
_LISTS = ("ietf-access-control-list:acls", "ietf-access-control-list:access-lists")
_TYPES = {4: "ipv4-acl-type", 6: "ipv6-acl-type"}
_BEGAN: Mapping[Side, str] = {"device": "from-device", "other": "to-device"}
_CLASSES = ("controller", "my-controller", "manufacturer", "same-manufacturer", "model")
LARGEST = 1 << 20
# RFC 8520 section 3.7: the description of a device in at most 60 characters.
_LONGEST_ABOUT = 60


def parse(data: bytes) -> Profile:
    """What a file allows. Entries that drop packets are left out: what is not accepted is dropped.

    Raises Malformed where it is no MUD file.
    """
    if len(data) > LARGEST:
        raise Malformed(f"{len(data)} bytes are no MUD file")
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("no MUD file: it is no JSON") from error
    try:
        mud = tree[MUD]
        lists = {
            entry["name"]: entry for word in _LISTS for entry in tree.get(word, {}).get("acl", ())
        }
        return Profile(
            str(mud["mud-url"]),
            str(mud["last-update"]),
            str(mud.get("systeminfo", "")),
            tuple(_entries(mud, "from-device-policy", lists, outbound=True)),
            tuple(_entries(mud, "to-device-policy", lists, outbound=False)),
        )
    except KeyError as error:
        raise Malformed(f"no MUD file: it lacks {error}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Malformed(f"no MUD file: {error}") from error


def build(profile: Profile) -> bytes:
    """The file, with the access lists of each direction and IP version that has entries."""
    lists, policies = [], {}
    for direction, entries, policy in (
        ("from", profile.outbound, "from-device-policy"),
        ("to", profile.inbound, "to-device-policy"),
    ):
        names = []
        for version in (4, 6):
            chosen = [entry for entry in entries if entry.version == version]
            if chosen:
                name = f"mud-v{version}-{direction}-device"
                names.append({"name": name})
                lists.append(_list(name, version, chosen, outbound=direction == "from"))
        if names:
            policies[policy] = {"access-lists": {"access-list": names}}
    mud: dict[str, Any] = {
        "mud-version": 1,
        "mud-url": profile.url,
        "last-update": profile.updated,
        "cache-validity": 48,
        "is-supported": True,
    }
    if profile.about:
        mud["systeminfo"] = profile.about[:_LONGEST_ABOUT]
    tree = {MUD: mud | policies, _LISTS[0]: {"acl": lists}}
    return json.dumps(tree, indent=2, ensure_ascii=False).encode() + b"\n"


def _entries(
    mud: Mapping[str, Any], policy: str, lists: Mapping[str, Any], *, outbound: bool
) -> Iterator[Entry]:
    for named in mud.get(policy, {}).get("access-lists", {}).get("access-list", ()):
        for ace in lists[named["name"]]["aces"]["ace"]:
            if ace["actions"]["forwarding"] in ("accept", "ietf-access-control-list:accept"):
                yield _entry(ace.get("matches", {}), outbound=outbound)


def _entry(matches: Mapping[str, Any], *, outbound: bool) -> Entry:
    version = 4 if "ipv4" in matches else 6 if "ipv6" in matches else 0
    header: Mapping[str, Any] = matches.get(f"ipv{version}", {})
    transport = next((word for word in PROTOCOLS if word in matches), "")
    number = header.get("protocol")
    transport = transport or next((w for w, n in PROTOCOLS.items() if n == number), "")
    if number is not None and not transport:
        transport = f"protocol {number}"
    ports: Mapping[str, Any] = matches.get(transport, {})
    mud: Mapping[str, Any] = matches.get(MUD, {})
    there, here = ("destination", "source") if outbound else ("source", "destination")
    network = header.get(f"{there}-ipv{version}-network")
    side = "dst" if outbound else "src"
    began = ports.get("ietf-mud:direction-initiated")
    return Entry(
        version,
        transport,
        None if network is None else ip_network(network, strict=False),
        str(header.get(f"ietf-acldns:{side}-dnsname", "")).rstrip(".").lower(),
        "local-networks" in mud,
        tuple(str(mud[word] or word) if word == "controller" else word for word in _named(mud)),
        _range(ports.get(f"{there}-port")),
        _range(ports.get(f"{here}-port")),
        next((who for who, word in _BEGAN.items() if word == began), None),
    )


def _named(mud: Mapping[str, Any]) -> Iterator[str]:
    """The classes of devices that an entry is for."""
    yield from (word for word in _CLASSES if word in mud)


def _range(match: Mapping[str, Any] | None) -> tuple[int, int] | None:
    if match is None:
        return None
    if "lower-port" in match:
        lower = int(match["lower-port"])
        return lower, int(match.get("upper-port", lower))
    port, operator = int(match["port"]), match.get("operator", "eq")
    ranges = {"eq": (port, port), "lte": (0, port), "gte": (port, 65_535)}
    if operator not in ranges:
        raise ValueError(f"ports by {operator!r}")
    return ranges[operator]


def _list(name: str, version: int, entries: Sequence[Entry], *, outbound: bool) -> dict[str, Any]:
    aces = [
        {
            "name": f"{name}-{number}",
            "matches": _matches(entry, version, outbound=outbound),
            "actions": {"forwarding": "accept"},
        }
        for number, entry in enumerate(entries)
    ]
    return {"name": name, "type": _TYPES[version], "aces": {"ace": aces}}


def _matches(entry: Entry, version: int, *, outbound: bool) -> dict[str, Any]:
    there, here = ("destination", "source") if outbound else ("source", "destination")
    header: dict[str, Any] = {}
    if entry.name:
        header[f"ietf-acldns:{'dst' if outbound else 'src'}-dnsname"] = entry.name
    header["protocol"] = PROTOCOLS[entry.transport]
    if entry.network is not None:
        header[f"{there}-ipv{version}-network"] = str(entry.network)
    ports: dict[str, Any] = {}
    if entry.began is not None and entry.transport == "tcp":
        ports["ietf-mud:direction-initiated"] = _BEGAN[entry.began]
    for word, limits in ((here, entry.own_ports), (there, entry.ports)):
        if limits is not None:
            ports[f"{word}-port"] = {"operator": "eq", "port": limits[0]}
    found: dict[str, Any] = {f"ipv{version}": header, entry.transport: ports}
    if entry.local:
        found[MUD] = {"local-networks": [None]}
    elif entry.classes:
        found[MUD] = {"controller": entry.classes[0]}
    return found
