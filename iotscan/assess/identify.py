"""What a device is: every signal counted by its weight, the reasons shown, unknown when unknown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from iotscan.assess.devicekinds import kind_in, kinds_hinted
from iotscan.assess.inventory import owner_of
from iotscan.assess.rulebook.fingerprints import PART, Fingerprints
from iotscan.assess.signals import SIGNALS, Heard, heard
from iotscan.model import Device, Identity, Observation

# A single word in a name; the bare name of who a MAC prefix is registered to.
_WORD, _PREFIX = 2, 1
_MOST_REASONS = 12
# Signals that are themselves the value of a field.
_SAID = ("vendor", "model", "firmware")
# Traits of sightings whose single words hint at a kind.
_HINTING = ("model", "server", "os", "services")
_NONE = Fingerprints()


@dataclass(frozen=True, slots=True)
class Vote:
    """One reason to believe that ``field`` is ``value``.

    ``of``: the vendor whose products alone the reason is about; empty for any.
    """

    field: str
    value: str
    weight: int
    because: str
    of: str = ""


def identify(
    devices: Sequence[Device],
    observations: Sequence[Observation],
    fingerprints: Fingerprints = _NONE,
) -> tuple[Device, ...]:
    """The devices with their identities."""
    owners = owner_of(devices)
    about: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        if observation.address in owners:
            about[owners[observation.address].key].append(observation)
    return tuple(
        replace(device, identity=_identity(_votes(device, about[device.key], fingerprints)))
        for device in devices
    )


def _votes(
    device: Device, observations: Sequence[Observation], fingerprints: Fingerprints
) -> Iterator[Vote]:
    told: set[tuple[str, str, str]] = set()
    for signal in heard(device, observations):
        reading = fingerprints.reading(signal.signal, signal.text)
        for entry, said in reading:
            because = f"{signal.where} {signal.text} ({entry.id})"
            for field, value in said.items():
                # Many texts of one form, as programs of a phone send them, are one reason.
                if (key := (entry.id, field, value)) not in told:
                    told.add(key)
                    weight = entry.weights[signal.signal]
                    yield Vote(field, value, weight, because, said.get("vendor", ""))
        read = {field for _, said in reading for field in said}
        yield from _plain(signal, read)
    yield from _words(device)


def _plain(signal: Heard, read: set[str]) -> Iterator[Vote]:
    """What a text says by itself, of fields on which no fingerprint has read it."""
    weight, because = SIGNALS[signal.signal].weight, f"{signal.where} {signal.text}"
    if signal.signal in _SAID and signal.signal not in read:
        yield Vote(signal.signal, signal.text, weight, because)
    elif signal.signal in ("kind", "upnp.type") and "kind" not in read:
        if kind := kind_in(signal.text):
            yield Vote("kind", kind, weight, because)
    elif signal.signal == "oui" and not read & {"vendor", PART}:
        reason = f"{signal.where} is registered to {signal.text}"
        yield Vote("vendor", signal.text, _PREFIX, reason)


def _words(device: Device) -> Iterator[Vote]:
    """Kinds from single words, each source counted once."""
    texts = [(name, "its name") for name in device.names]
    for sighting in device.sightings:
        texts += [(lead.hint or lead.name or "", "it announces") for lead in sighting.leads]
        texts += [
            (value, f"its {trait}")
            for trait, value in sorted(sighting.traits.items())
            if trait in _HINTING
        ]
    for text, source in dict.fromkeys(texts):
        for kind in kinds_hinted(text):
            yield Vote("kind", kind, _WORD, f"{source} {text}")


def _identity(votes: Iterable[Vote]) -> Identity:
    distinct = tuple(dict.fromkeys(votes))
    chosen: dict[str, str] = {}
    reasons: list[str] = []
    for field in ("vendor", "family", "model", "firmware", "kind"):
        heard_of = [vote for vote in distinct if vote.field == field and _fits(vote, chosen)]
        winners = _elect(heard_of)
        if winners:
            chosen[field] = winners[0].value
            reasons += [winner.because for winner in winners[:3]]
    reasons += [vote.because for vote in distinct if vote.field == PART][:1]
    return Identity(**chosen, because=tuple(dict.fromkeys(reasons))[:_MOST_REASONS])


def _fits(vote: Vote, chosen: dict[str, str]) -> bool:
    """What is known of one vendor's products says nothing of another's, but for their kind."""
    about = vote.field in ("vendor", "kind") or not vote.of or "vendor" not in chosen
    return about or _same(vote.of) == _same(chosen["vendor"])


def _elect(votes: Iterable[Vote]) -> list[Vote]:
    """The votes for the weightiest value, the weightiest vote first."""
    values: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        values[_same(vote.value)].append(vote)
    ranked = sorted(values.items(), key=lambda item: (-sum(v.weight for v in item[1]), item[0]))
    return sorted(ranked[0][1], key=lambda v: (-v.weight, v.because)) if ranked else []


def _same(text: str) -> str:
    return re.sub(r"[\s_.,-]+", "", text.casefold()) or text
