"""The same port of a device over IPv4 and over IPv6: open on one side only, or judged differently.

Firewalls and access lists are often written for IPv4 alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from iotscan.model import Device, Endpoint, Fact, Kind, Observation, Proof, Service, Sweep

# The facts by which a service is more or less protected, whichever probe states them. What only a
# login shows is left out: logins are tried at one address of a device.
PROTECTION = frozenset(
    {
        "accepted",
        "anonymous",
        "any_route",
        "authorisation",
        "cleartext",
        "encrypted",
        "foreign_host_accepted",
        "listing",
        "login_asked",
        "login_required",
        "no_authentication",
        "open",
        "open_shell",
        "password_login",
        "protocol_1",
        "readable",
        "redirects_to_https",
        "security_none",
        "tls_required",
        "version_1",
    }
)
FAMILIES = Kind(
    "inventory.families",
    {
        "port": int,
        "service": str,
        "open_ipv4": bool,
        "open_ipv6": bool,
        "filtered_ipv4": bool,
        "filtered_ipv6": bool,
        "same": bool,
        "differs": tuple,
    },
    "For every TCP port that is open on one of a device's addresses, where all ports of one IPv4 "
    "and one IPv6 address were looked at. filtered: no port of that address refuses, all others "
    "are silent; same and differs: of a port that is open on both, whether what protects it is the "
    "same, and what is not.",
)
KINDS: tuple[Kind, ...] = (FAMILIES,)
_TLS = "encrypted"
_BY_LOGIN = (".login", ".community")


def families(
    devices: Sequence[Device], sweeps: Sequence[Sweep], observations: Sequence[Observation]
) -> Iterator[Observation]:
    """One for each port of each device that was swept over both."""
    swept = {sweep.address: sweep for sweep in sweeps if not sweep.unswept and sweep.alive}
    stated = _stated(observations)
    for device in devices:
        four = next((swept[a] for a in device.addresses if a.version == 4 and a in swept), None)
        six = next((swept[a] for a in device.addresses if a.version == 6 and a in swept), None)
        if four is not None and six is not None:
            yield from _of_device(device, four, six, stated)


def _of_device(
    device: Device, four: Sweep, six: Sweep, stated: Mapping[Endpoint, Mapping[str, Fact]]
) -> Iterator[Observation]:
    services = {service.endpoint: service for service in device.services}
    sides = {4: {e.port: e for e in four.open}, 6: {e.port: e for e in six.open}}
    for port in sorted(sides[4].keys() | sides[6].keys()):
        there = {version: sides[version].get(port) for version in (4, 6)}
        known = {version: _known(there[version], services, stated) for version in (4, 6)}
        facts: dict[str, Fact] = {
            "port": port,
            "open_ipv4": there[4] is not None,
            "open_ipv6": there[6] is not None,
        }
        if name := known[6].get("service") or known[4].get("service"):
            facts["service"] = name
        for version, sweep in ((4, four), (6, six)):
            if bool(sweep.silent) is not bool(sweep.closed):
                facts[f"filtered_ipv{version}"] = bool(sweep.silent)
        if there[4] is not None and there[6] is not None:
            differs = sorted(f for f in known[4] if known[6].get(f, known[4][f]) != known[4][f])
            facts |= {"same": not differs, "differs": tuple(differs)}
        # The side that is less known to its owner is where the finding is.
        endpoint = there[6] or there[4]
        assert endpoint is not None
        proofs = (Proof(four.id), Proof(six.id))
        yield Observation(FAMILIES.name, facts, endpoint.address, endpoint, proofs)


def _known(
    endpoint: Endpoint | None,
    services: Mapping[Endpoint, Service],
    stated: Mapping[Endpoint, Mapping[str, Fact]],
) -> dict[str, Fact]:
    """What of an open port can be compared; nothing while it is not known what it is."""
    service = services.get(endpoint) if endpoint is not None else None
    if endpoint is None or service is None or service.name is None:
        return {}
    return {"service": service.name, _TLS: service.tls, **stated.get(endpoint, {})}


def _stated(observations: Sequence[Observation]) -> dict[Endpoint, dict[str, Fact]]:
    """Endpoint → "kind fact" → its value, of facts that have one value there alone."""
    values: dict[tuple[Endpoint, str], set[Fact]] = defaultdict(set)
    for seen in observations:
        by_login = seen.kind.endswith(_BY_LOGIN)
        if seen.endpoint is not None and seen.endpoint.address == seen.address and not by_login:
            for name in PROTECTION & seen.facts.keys():
                values[seen.endpoint, f"{seen.kind} {name}"].add(seen.facts[name])
    found: dict[Endpoint, dict[str, Fact]] = defaultdict(dict)
    for (endpoint, word), several in values.items():
        if len(several) == 1:
            found[endpoint][word] = next(iter(several))
    return found
