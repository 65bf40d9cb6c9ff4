"""What certificates mean beside a clock and beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from iotscan.model import Address, Device, Fact, Kind, Observation, Proof

DAY = 86_400

VALIDITY = Kind(
    "tls.validity",
    {
        "expired": bool,
        "not_yet_valid": bool,
        "days_left": int,
        "days_over": int,
        "subject": str,
    },
    "For every certificate seen, at the time of the conversation that showed it. days_left and"
    " days_over: whole days to and since its end.",
)
SHARED = Kind(
    "inventory.shared_certificate",
    {"devices": int, "others": tuple, "fingerprint": str, "same_key_only": bool},
    "For a certificate or its key that two or more devices present. Devices that may be one"
    " machine (no MAC, or a MAC in common) do not count.",
)
KINDS: tuple[Kind, ...] = (VALIDITY, SHARED)


def validity(
    start_time: str, began: Mapping[str, float], observations: Sequence[Observation]
) -> Iterator[Observation]:
    """Each certificate's dates against the clock: when all began, and each conversation in it."""
    started = _seconds(start_time)
    for observation in observations:
        if not _is_certificate(observation) or started is None:
            continue
        source = observation.proofs[0].source if observation.proofs else ""
        now = started + began.get(source, 0.0)
        facts: dict[str, Fact] = {}
        end, start = (_seconds(observation.facts.get(name)) for name in ("not_after", "not_before"))
        if end is not None:
            days = int(abs(end - now) // DAY)
            facts |= {"expired": now > end, "days_over" if now > end else "days_left": days}
        if start is not None:
            facts["not_yet_valid"] = now < start
        subject = observation.facts.get("subject")
        if isinstance(subject, str):
            facts["subject"] = subject
        if "peer" in observation.facts:
            facts["peer"] = observation.facts["peer"]
        if end is not None or start is not None:
            yield Observation(
                VALIDITY.name,
                facts,
                observation.address,
                observation.endpoint,
                observation.proofs,
            )


def shared(
    observations: Sequence[Observation], owners: Mapping[Address, Device]
) -> Iterator[Observation]:
    """Certificates and keys that several devices present, once for each of them."""
    users: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        key = observation.facts.get("spki_sha256") or observation.facts.get("sha256")
        if _is_certificate(observation) and isinstance(key, str):
            users[key].append(observation)
    for key in sorted(users):
        devices = distinct([owners.get(user.address) for user in users[key]])
        if len(devices) < 2:
            continue
        prints = {user.facts.get("sha256") for user in users[key]}
        for user in users[key]:
            own = owners.get(user.address)
            if own is None or own.key not in devices:
                continue
            others = [str(device.addresses[0]) for k, device in devices.items() if k != own.key]
            cited = tuple(proof for other in users[key] for proof in other.proofs)
            facts: dict[str, Fact] = {
                "devices": len(devices),
                "others": tuple(others),
                "fingerprint": key[:16],
                "same_key_only": len(prints) > 1,
            }
            yield Observation(
                SHARED.name, facts, user.address, user.endpoint, all_proofs(user.proofs, cited)
            )


def _is_certificate(observation: Observation) -> bool:
    """Whatever reader saw it: it has a digest, and the dates or the key of a certificate."""
    return "sha256" in observation.facts and observation.kind.endswith(".certificate")


def distinct(found: Sequence[Device | None]) -> dict[str, Device]:
    """Devices that are surely not one machine, by key.

    Two with MACs have different ones. Without MACs (a routed network, loopback) two addresses of
    one family are taken for two machines, an IPv4 and an IPv6 address are not. Servers on the
    internet do not count: one service has many addresses there, and one key.
    """
    devices = {device.key: device for device in found if device is not None and _is_ours(device)}
    with_mac = {key: device for key, device in devices.items() if device.mac}
    if len(with_mac) >= 2:
        return with_mac
    version = min((d.addresses[0].version for d in devices.values()), default=4)
    return {k: d for k, d in devices.items() if d.addresses[0].version == version}


def _is_ours(device: Device) -> bool:
    """Whether it stands on this network: it has a MAC here, or an address that ends here."""
    local = any(not address.is_global for address in device.addresses)
    return bool(device.addresses) and (device.mac is not None or local)


def all_proofs(own: tuple[Proof, ...], every: tuple[Proof, ...]) -> tuple[Proof, ...]:
    return tuple(dict.fromkeys((*own, *every)))[:8]


def _seconds(time: Fact | None) -> float | None:
    """Seconds since 1970, of such a number or an ISO 8601 time in UTC; None for anything else."""
    if isinstance(time, bool) or time is None or isinstance(time, tuple):
        return None
    if isinstance(time, int | float):
        return float(time)
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
