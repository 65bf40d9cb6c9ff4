"""What a device is: every signal counted by its weight, the reasons shown, unknown when unknown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from iotscan.assess.inventory import owner_of
from iotscan.assess.oui import vendor_of
from iotscan.model import Device, Identity, Observation

# A description that the device wrote for this purpose outweighs a banner, which outweighs a word
# in a name; a MAC prefix tells the maker of the network part, often not of the device.
_TRAIT, _OBSERVED, _WORD, _PREFIX = 8, 6, 2, 1
_MOST_REASONS = 8
# Traits of sightings, and facts of observations, that name these things.
_TRAITS = ("vendor", "model", "firmware", "kind")
_FACTS: Mapping[str, str] = {
    "vendor": "vendor",
    "manufacturer": "vendor",
    "model": "model",
    "model_name": "model",
    "firmware": "firmware",
    "firmware_version": "firmware",
    "device_kind": "kind",
    "device_type": "kind",
}
# Words, as whole words, that tell a kind of device in names, models and announced services.
_KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "camera": ("camera", "cam", "ipcam", "ipcamera", "webcam", "dvr", "nvr", "doorbell", "onvif"),
    "printer": ("printer", "laserjet", "officejet", "deskjet", "ipp", "ipps", "pdl-datastream"),
    "router": ("router", "internetgatewaydevice", "wlanaccesspointdevice", "fritz", "openwrt"),
    "hub": ("hub", "bridge", "homeassistant", "home-assistant", "coordinator"),
    "light": ("bulb", "light", "lamp", "dimmablelight", "led"),
    "plug": ("plug", "outlet", "socket", "smartplug"),
    "television": ("tv", "television", "androidtvremote2", "roku"),
    "speaker": ("speaker", "raop", "sonos", "soundbar", "zoneplayer"),
    "media player": ("chromecast", "googlecast", "mediarenderer", "airplay"),
    "media server": ("mediaserver", "nas", "diskstation"),
    "thermostat": ("thermostat", "heating", "radiator"),
    "lock": ("lock", "smartlock"),
    "switch": ("switch", "dimmer"),
    "fan": ("fan",),
    "window covering": ("blind", "shade", "curtain", "covering"),
    "sensor": ("sensor", "weather", "thermometer"),
    "phone": ("iphone", "phone", "android"),
    "computer": ("workstation", "macbook", "laptop", "desktop"),
}
_KIND_OF = {word: kind for kind, words in _KIND_WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason to believe that ``field`` is ``value``."""

    field: str
    value: str
    weight: int
    because: str


def identify(devices: Sequence[Device], observations: Sequence[Observation]) -> tuple[Device, ...]:
    """The devices with their identities."""
    owners = owner_of(devices)
    about: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        if observation.address in owners:
            about[owners[observation.address].key].append(observation)
    return tuple(
        replace(device, identity=_identity(_signals(device, about[device.key])))
        for device in devices
    )


def _signals(device: Device, observations: Iterable[Observation]) -> Iterator[Signal]:
    for sighting in device.sightings:
        for trait, value in sorted(sighting.traits.items()):
            if trait in _TRAITS and value:
                yield _told(trait, value, _TRAIT, f"{sighting.source}: {trait}")
    for observation in observations:
        for name, fact in observation.facts.items():
            if name in _FACTS and isinstance(fact, str) and fact:
                yield _told(_FACTS[name], fact, _OBSERVED, f"{observation.kind}: {name}")
    yield from _words(device)
    vendor = vendor_of(device.mac)
    if vendor:
        reason = f"the MAC prefix {str(device.mac)[:8]} is registered to {vendor}"
        yield Signal("vendor", vendor, _PREFIX, reason)


def _told(field: str, value: str, weight: int, source: str) -> Signal:
    if field == "kind":
        known = next((_KIND_OF[w] for w in _split(value) if w in _KIND_OF), None)
        return Signal(
            field, known or value.lower(), weight if known else _WORD, f"{source} {value}"
        )
    return Signal(field, value, weight, f"{source} {value}")


def _words(device: Device) -> Iterator[Signal]:
    """Kinds from single words, each source counted once."""
    texts = [(name, "its name") for name in device.names]
    for sighting in device.sightings:
        texts += [(lead.hint or lead.name or "", "it announces") for lead in sighting.leads]
        texts += [
            (value, f"its {trait}")
            for trait, value in sorted(sighting.traits.items())
            if trait in ("model", "server", "os", "services")
        ]
    for text, source in dict.fromkeys(texts):
        for word in dict.fromkeys(_split(text)):
            if word in _KIND_OF:
                yield Signal("kind", _KIND_OF[word], _WORD, f"{source} {text}")


def _split(text: str) -> list[str]:
    words = re.findall(r"[a-z][a-z0-9-]*", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower())
    whole = re.findall(r"[a-z][a-z0-9-]*", text.lower())
    parts = [part for word in words for part in word.split("-")]
    return [*whole, *words, *parts]


def _identity(signals: Iterable[Signal]) -> Identity:
    votes: dict[str, dict[str, list[Signal]]] = defaultdict(lambda: defaultdict(list))
    for signal in dict.fromkeys(signals):
        votes[signal.field][signal.value.casefold()].append(signal)
    chosen: dict[str, str] = {}
    reasons: list[str] = []
    for field in ("vendor", "model", "firmware", "kind"):
        ranked = sorted(
            votes[field].items(), key=lambda vote: (-sum(s.weight for s in vote[1]), vote[0])
        )
        if ranked:
            winners = sorted(ranked[0][1], key=lambda s: (-s.weight, s.because))
            chosen[field] = winners[0].value
            reasons += [winner.because for winner in winners[:3]]
    return Identity(**chosen, because=tuple(dict.fromkeys(reasons))[:_MOST_REASONS])
