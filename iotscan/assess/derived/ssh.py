"""What SSH host keys mean beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from iotscan.assess.derived.tls import all_proofs, distinct
from iotscan.model import Address, Device, Fact, Kind, Observation

SHARED = Kind(
    "inventory.shared_host_key",
    {"devices": int, "others": tuple, "fingerprint": str},
    "For an SSH host key that two or more devices show. Devices that may be one machine do not"
    " count.",
)
KINDS: tuple[Kind, ...] = (SHARED,)


def shared(
    observations: Sequence[Observation], owners: Mapping[Address, Device]
) -> Iterator[Observation]:
    """Host keys that several devices show, once for each device and port that does."""
    users: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        key = observation.facts.get("sha256")
        if isinstance(key, str) and observation.kind.endswith(".host_key"):
            users[key].append(observation)
    for key in sorted(users):
        devices = distinct([owners.get(user.address) for user in users[key]])
        if len(devices) < 2:
            continue
        cited = tuple(proof for user in users[key] for proof in user.proofs)
        for user in users[key]:
            own = owners.get(user.address)
            if own is None or own.key not in devices:
                continue
            others = [str(device.addresses[0]) for k, device in devices.items() if k != own.key]
            facts: dict[str, Fact] = {
                "devices": len(devices),
                "others": tuple(others),
                "fingerprint": key,
            }
            proofs = all_proofs(user.proofs, cited)
            yield Observation(SHARED.name, facts, user.address, user.endpoint, proofs)
