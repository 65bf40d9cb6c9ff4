"""What several units of one model show beside each other: whether each has keys of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from iotscan.assess.derived.tls import all_proofs, distinct
from iotscan.assess.rulebook.known_keys import digest_of
from iotscan.model import Address, Device, Fact, Kind, Observation, Proof

UNITS = Kind(
    "keys.units",
    {"model": str, "units": int, "distinct": bool},
    "For a device of a model that there are two or more of here, where each of them showed a key."
    " distinct: no key of any of them is shown by another.",
)
KINDS: tuple[Kind, ...] = (UNITS,)


def units(
    devices: Sequence[Device],
    observations: Sequence[Observation],
    owners: Mapping[Address, Device],
) -> Iterator[Observation]:
    """Once for every such device. ``observations``: what devices showed of themselves."""
    shown: dict[str, dict[str, Proof]] = defaultdict(dict)
    for seen in observations:
        owner, digest = owners.get(seen.address), digest_of(seen)
        if owner is not None and digest and seen.proofs:
            shown[owner.key].setdefault(digest, seen.proofs[0])
    models: dict[tuple[str, str], list[Device]] = defaultdict(list)
    for device in devices:
        if device.identity.model:
            models[device.identity.vendor, device.identity.model].append(device)
    for (vendor, model), several in sorted(models.items()):
        found = distinct(several)
        if len(found) < 2 or not all(shown[key] for key in found):
            continue
        every = [digest for key in found for digest in shown[key]]
        facts: dict[str, Fact] = {
            "model": f"{vendor} {model}".strip(),
            "units": len(found),
            "distinct": len(every) == len(set(every)),
        }
        cited = tuple(proof for key in found for proof in shown[key].values())
        for key, device in found.items():
            proofs = all_proofs(tuple(shown[key].values()), cited)
            yield Observation(UNITS.name, facts, device.addresses[0], proofs=proofs)
