"""Reports of any size, made up but in the words of the real rules, the same for the same seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network

from iotscan.assess.findings import CWE, fingerprint
from iotscan.assess.posture import Measure, Seen
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import Rule
from iotscan.assess.rulebook.says import say
from iotscan.model import (
    ConversationNote,
    Device,
    Ending,
    Endpoint,
    Finding,
    Gap,
    Identity,
    Impact,
    Observation,
    Posture,
    Proof,
    Report,
    Scope,
    Service,
    Sighting,
)
from iotscan.version import __version__

NETWORK = ip_network("10.64.0.0/16")
BEGAN = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
KINDS = ("camera", "router", "printer", "light", "plug", "hub", "speaker", "television")
MAKERS = ("Acme", "Lumen", "Norden", "Veridian", "Halcyon")
FIRST_PORT = 1000
# A device in thirty cannot be looked at to the end, which is about what real homes show.
EVERY_GAP = 30
# Where one of a device's findings holds: which device, by which rule, at which port.
_Spot = tuple[Device, Rule, Endpoint]


def synthetic(devices: int = 1000, findings: int = 20_000, seed: int = 1) -> Report:
    """A finished scan with exactly so many devices and findings, their postures, observations,
    conversations and gaps.

    ``seed`` picks the day and which rules hold where. The devices are the same for every seed, so
    that two reports of different seeds are two scans of one network.
    """
    book = load_rulebook()
    spots = _spots([_device(number) for number in range(devices)], findings, book, seed)
    seen = [_observation(*spot, number) for number, spot in enumerate(spots, 1)]
    found = [_finding(*spot, here) for spot, here in zip(spots, seen, strict=True)]
    doors: dict[str, list[Service]] = defaultdict(list)
    for device, rule, endpoint in spots:
        doors[device.key].append(Service(endpoint, rule.cases[0].about.partition(".")[0]))
    known = [replace(_device(n), services=tuple(doors[_device(n).key])) for n in range(devices)]
    gaps = [_gap(device) for device in known[::EVERY_GAP]]
    return Report(
        format=1,
        version=__version__,
        rules=book.hash,
        started=(BEGAN + timedelta(days=seed)).isoformat(),
        duration=600.0,
        source="scan",
        scope=Scope((NETWORK,)),
        complete=not gaps,
        finished=True,
        devices=tuple(known),
        observations=tuple(seen),
        findings=tuple(sorted(found, key=lambda f: (-f.severity.rank, f.rule, int(f.address)))),
        postures=_postures(known, found, gaps, book),
        gaps=tuple(gaps),
        conversations=tuple(_note(here) for here in seen),
    )


def _spots(devices: Sequence[Device], many: int, book: Rulebook, seed: int) -> list[_Spot]:
    """``many`` places, spread evenly: what a device has at a port is one of two rules, by seed."""
    rng = random.Random(seed)
    rules = [rule for rule in book.rules.values() if rule.status == "stable" and rule.per == "port"]
    spots = []
    for number in range(many):
        turn, which = divmod(number, len(devices))
        device = devices[which]
        endpoint = Endpoint(device.addresses[0], "tcp", FIRST_PORT + turn)
        first = (7 * which + 11 * turn) % len(rules)
        # Nine of ten findings are there in every scan; the tenth differs from seed to seed.
        shift = rng.randrange(1, len(rules)) if rng.random() < 0.1 else 0
        spots.append((device, rules[(first + shift) % len(rules)], endpoint))
    return spots


def _device(number: int) -> Device:
    address = IPv4Address(int(NETWORK.network_address) + 256 + number)
    mac = f"00:00:5e:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    kind, vendor = KINDS[number % len(KINDS)], MAKERS[number % len(MAKERS)]
    name, model = f"{kind}-{number}", f"{vendor[:2].upper()}-{number % 17}"
    traits = {"vendor": vendor, "model": model, "serial": f"SN{number:08d}"}
    return Device(
        key=mac,
        addresses=(address,),
        mac=mac,
        names=(name,),
        identity=Identity(vendor, model, f"1.{number % 5}.0", kind, ("mDNS model",)),
        sightings=(
            Sighting("arp", (address,), mac, proof=Proof(f"p{2 * number + 1}")),
            Sighting("mdns", (address,), mac, (name,), traits, proof=Proof(f"p{2 * number + 2}")),
        ),
    )


def _observation(device: Device, rule: Rule, endpoint: Endpoint, number: int) -> Observation:
    case = rule.cases[0]
    facts = case.examples.hit[0]
    proof = Proof(f"c{number}", (1, 2))
    return Observation(case.about, facts, endpoint.address, endpoint, (proof,))


def _finding(device: Device, rule: Rule, endpoint: Endpoint, seen: Observation) -> Finding:
    return Finding(
        rule=rule.id,
        title=rule.title,
        principle=rule.principle,
        severity=rule.severity,
        confidence=rule.confidence,
        relation=rule.relation,
        device=device.key,
        address=endpoint.address,
        endpoint=endpoint,
        detail=say(rule.cases[0].says, seen.facts, seen.address, endpoint),
        plain=rule.plain_language,
        remedy=rule.remediation,
        does_not_prove=rule.does_not_prove,
        crosswalk={name: ids for name, ids in rule.crosswalk.items() if name != CWE},
        cwe=rule.crosswalk.get(CWE, ()),
        proofs=seen.proofs,
        fingerprint=fingerprint(rule.id, device.key, f"tcp/{endpoint.port}"),
        facts=seen.facts,
    )


def _gap(device: Device) -> Gap:
    subject = f"{device.addresses[0]}:9999/tcp"
    reason = "no answer in time (read)"
    return Gap(subject, "http", Ending.TIMEOUT, reason, "Scan it again.", device.key)


def _note(seen: Observation) -> ConversationNote:
    assert seen.endpoint is not None
    probe = seen.kind.partition(".")[0]
    return ConversationNote(seen.proofs[0].source, probe, seen.endpoint, Ending.COMPLETE, 4)


def _postures(
    devices: Sequence[Device], findings: Sequence[Finding], gaps: Sequence[Gap], book: Rulebook
) -> tuple[Posture, ...]:
    by_device: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_device[finding.device].append(finding)
    blind = {gap.device: gap for gap in gaps}
    measure = Measure(book)
    found: list[Posture] = []
    for device in devices:
        here = [blind[device.key]] if device.key in blind else []
        told = by_device[device.key]
        found += measure.postures(
            Seen(device, told, {}, here, {}, Impact.LOGIN, live=True, looked=True, finished=True)
        )
    return tuple(found)
