"""Known flaws of the versions that devices announce. No flaw is tried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from iotscan.assess.flaws import Flaw, known_flaws
from iotscan.assess.inventory import owner_of
from iotscan.model import Device, Fact, Identity, Kind, Observation, Proof

_MOST_PROOFS = 4
FLAWS = Kind(
    "flaws.known",
    {
        "exploited": bool,
        "product": str,
        "version": str,
        "flaws": tuple,
        "example": str,
        "mended": bool,
    },
    "For a device whose maker, product and version are among those of known flaws, once for those "
    "known to be exploited and once for the others. example: what one of them allows; version: "
    "only where the flaws depend on it; mended: for each of them a version without it was made.",
)
KINDS: tuple[Kind, ...] = (FLAWS,)


def flaws(
    devices: Sequence[Device], observations: Sequence[Observation], known: Sequence[Flaw]
) -> Iterator[Observation]:
    """What is known to be wrong with each device, by what it says it is."""
    owners = owner_of(devices)
    about: dict[str, list[Observation]] = defaultdict(list)
    for seen in observations:
        if seen.address in owners:
            about[owners[seen.address].key].append(seen)
    for device in devices:
        found = known_flaws(known, device.identity)
        for exploited in (True, False):
            some = [flaw for flaw in found if flaw.exploited is exploited]
            if some and device.addresses:
                facts = _facts(some, device.identity)
                proofs = _proofs(device, about[device.key])
                yield Observation(FLAWS.name, facts, device.addresses[0], proofs=proofs)


def _facts(found: Sequence[Flaw], identity: Identity) -> Mapping[str, Fact]:
    facts: dict[str, Fact] = {
        "exploited": found[0].exploited,
        "product": f"{identity.vendor} {identity.model or identity.family}",
        "flaws": tuple(sorted(flaw.id for flaw in found)),
        "example": max(found, key=lambda flaw: flaw.id).about,
        "mended": not any(flaw.forever for flaw in found),
    }
    if not all(flaw.forever for flaw in found):
        facts["version"] = identity.firmware
    return facts


def _proofs(device: Device, observations: Sequence[Observation]) -> tuple[Proof, ...]:
    """Where it says its model and its version."""
    words = [word for word in (device.identity.model, device.identity.firmware) if word]
    told = [
        proof
        for seen in observations
        if any(word in str(fact) for word in words for fact in seen.facts.values())
        for proof in seen.proofs
    ]
    told += [
        sighting.proof
        for sighting in device.sightings
        if any(word in text for word in words for text in sighting.traits.values())
    ]
    return tuple(dict.fromkeys(told))[:_MOST_PROOFS]
