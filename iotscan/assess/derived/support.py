"""Whether products are still supported and flaws of theirs can be reported, by published data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.assess.derived.flaws import by_device, product_of, told_by
from iotscan.assess.rulebook.support import SupportData
from iotscan.model import Device, Fact, Kind, Observation

PERIOD = Kind(
    "support.period",
    {"product": str, "found": bool, "ends": str, "ended": bool, "source": str},
    "For a device whose product has a published end of support; where the user asked for it, also "
    "for one whose maker and model are known and for which none is. ended: when it was seen, the "
    "day was over.",
)
CONTACT = Kind(
    "support.contact",
    {"vendor": str, "found": bool, "contact": str, "source": str},
    "For a device whose maker was looked up: whether it says where flaws are reported. Where the "
    "user asked for it, also for makers of whom nothing is known.",
)
KINDS: tuple[Kind, ...] = (PERIOD, CONTACT)


def support(
    devices: Sequence[Device],
    observations: Sequence[Observation],
    known: SupportData,
    started: str,
    *,
    asked: bool = False,
) -> Iterator[Observation]:
    """What is published about each device. ``started``: of when the scan or capture is, ISO 8601;
    ``asked``: tell also what was not found.
    """
    about = by_device(devices, observations)
    for device in devices:
        if device.addresses and device.identity.vendor:
            proofs = told_by(device, about[device.key])
            for kind, facts in (
                (PERIOD, _period(device, known, started, asked)),
                (CONTACT, _contact(device, known, asked)),
            ):
                if facts:
                    yield Observation(kind.name, facts, device.addresses[0], proofs=proofs)


def _period(device: Device, known: SupportData, started: str, asked: bool) -> dict[str, Fact]:
    identity = device.identity
    entry = known.product(identity)
    facts: dict[str, Fact] = {"product": product_of(identity), "found": entry is not None}
    if entry is None:
        return facts if asked and identity.model else {}
    facts |= {"ends": entry.ends, "source": entry.source}
    if started:
        facts["ended"] = started[:10] > entry.ends
    return facts


def _contact(device: Device, known: SupportData, asked: bool) -> dict[str, Fact]:
    vendor = device.identity.vendor
    maker = known.maker(vendor)
    if maker is None:
        return {"vendor": vendor, "found": False} if asked else {}
    facts: dict[str, Fact] = {"vendor": vendor, "found": bool(maker.contact)}
    if maker.contact:
        facts["contact"] = maker.contact
    return facts | {"source": maker.source}
