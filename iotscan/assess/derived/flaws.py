"""Known flaws of the versions that devices announce. No flaw is tried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from iotscan.assess.inventory import owner_of
from iotscan.assess.rulebook.feeds import Feeds, Listed
from iotscan.assess.rulebook.flaws import Flaw, known_flaws
from iotscan.model import Device, Fact, Feed, Identity, Kind, Observation, Proof

_MOST_PROOFS = 4
# A router of ten years ago has hundreds in the lists; the rest is counted.
_MOST_NAMED = 24
FLAWS = Kind(
    "flaws.known",
    {
        "exploited": bool,
        "product": str,
        "version": str,
        "flaws": tuple,
        "example": str,
        "mended": bool,
        "listed": str,
    },
    "For a device whose maker, product and version are among those of known flaws, once for those "
    "known to be exploited and once for the others. example: what one of them allows; version: "
    "only where the flaws depend on it; mended: for each of them a version without it was made; "
    "listed: the imported list that alone says that they are exploited.",
)
FEED = Kind(
    "flaws.feed",
    {
        "exploited": bool,
        "product": str,
        "version": str,
        "flaws": tuple,
        "more": int,
        "example": str,
        "feed": str,
    },
    "The same of flaws that only an imported list tells of, which nobody reviewed. feed: which "
    "list, and of when; more: how many flaws there are besides those named, if there are.",
)
KINDS: tuple[Kind, ...] = (FLAWS, FEED)


def flaws(
    devices: Sequence[Device],
    observations: Sequence[Observation],
    known: Sequence[Flaw],
    feeds: Feeds | None = None,
) -> Iterator[Observation]:
    """What is known to be wrong with each device, by what it says it is."""
    feeds = feeds or Feeds()
    about = by_device(devices, observations)
    for device in devices:
        if not device.addresses:
            continue
        proofs = told_by(device, about[device.key])
        found = known_flaws(known, device.identity)
        reviewed = {flaw.id for flaw in found}
        for facts in _known(found, device.identity, feeds):
            yield Observation(FLAWS.name, facts, device.addresses[0], proofs=proofs)
        for facts in _listed(feeds, device.identity, reviewed):
            yield Observation(FEED.name, facts, device.addresses[0], proofs=proofs)


def by_device(
    devices: Sequence[Device], observations: Sequence[Observation]
) -> dict[str, list[Observation]]:
    """What was observed of each device, by its key."""
    owners = owner_of(devices)
    about: dict[str, list[Observation]] = defaultdict(list)
    for seen in observations:
        if seen.address in owners:
            about[owners[seen.address].key].append(seen)
    return about


def told_by(device: Device, observations: Sequence[Observation]) -> tuple[Proof, ...]:
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


def product_of(identity: Identity) -> str:
    """The product in words."""
    return f"{identity.vendor} {identity.model or identity.family}".strip()


def _known(found: Sequence[Flaw], identity: Identity, feeds: Feeds) -> Iterator[Mapping[str, Fact]]:
    """The facts of reviewed flaws; an imported list may say that they are under attack."""
    news = {flaw.id for flaw in found if not flaw.exploited and flaw.id in feeds.exploited}
    found = [replace(flaw, exploited=flaw.exploited or flaw.id in news) for flaw in found]
    for exploited in (True, False):
        some = [flaw for flaw in found if flaw.exploited is exploited]
        if not some:
            continue
        facts: dict[str, Fact] = {
            "exploited": exploited,
            "product": product_of(identity),
            "flaws": tuple(sorted({flaw.id for flaw in some})),
            "example": max(some, key=lambda flaw: flaw.id).about,
            "mended": not any(flaw.forever for flaw in some),
        }
        if not all(flaw.forever for flaw in some):
            facts["version"] = identity.firmware
        if exploited and all(flaw.id in news for flaw in some):
            facts["listed"] = _named({feeds.exploited[flaw.id] for flaw in some})
        yield facts


def _listed(feeds: Feeds, identity: Identity, reviewed: set[str]) -> Iterator[Mapping[str, Fact]]:
    found = [(flaw, feed) for flaw, feed in feeds.of(identity) if flaw.id not in reviewed]
    for exploited in (True, False):
        some = [
            (flaw, feed)
            for flaw, feed in found
            if (flaw.exploited or flaw.id in feeds.exploited) is exploited
        ]
        if not some:
            continue
        ids = sorted({flaw.id for flaw, _ in some}, key=_newest)
        sources = {feed for _, feed in some}
        if exploited:
            sources |= {feeds.exploited[name] for name in ids if name in feeds.exploited}
        facts: dict[str, Fact] = {
            "exploited": exploited,
            "product": product_of(identity),
            "flaws": tuple(ids[:_MOST_NAMED]),
            "example": next(flaw.about for flaw, _ in some if flaw.id == ids[0]),
            "feed": _named(sources),
        }
        if len(ids) > _MOST_NAMED:
            facts["more"] = len(ids) - _MOST_NAMED
        if not all(_of_any_version(flaw) for flaw, _ in some):
            facts["version"] = identity.firmware
        yield facts


def _of_any_version(flaw: Listed) -> bool:
    return any(versions.all for versions in flaw.versions)


def _newest(name: str) -> tuple[int, ...]:
    """Sort key of ids, the newest first."""
    return tuple(-int(part) for part in name.split("-")[1:])


def _named(feeds: set[Feed]) -> str:
    return ", ".join(sorted(f"{feed.publisher} of {feed.date}" for feed in feeds))
