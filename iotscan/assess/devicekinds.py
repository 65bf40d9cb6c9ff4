"""The kinds of device that iotscan tells apart: a closed vocabulary, and the words that give it.

Nothing else may stand as the kind of a device, so that reports can be sorted and compared by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# Kind → whole words that tell it in names, models and announced services. A kind without words is
# only given by fingerprints: its usual words mean too many other things.
WORDS: Mapping[str, tuple[str, ...]] = {
    "camera": ("camera", "cam", "ipcam", "ipcamera", "webcam", "netcam", "onvif", "babycam"),
    "video recorder": ("dvr", "nvr", "xvr"),
    "doorbell": ("doorbell",),
    "intercom": ("intercom",),
    "lock": ("lock", "smartlock"),
    "alarm system": ("alarmsystem",),
    "printer": ("printer", "laserjet", "officejet", "deskjet", "ipp", "ipps", "pdl-datastream"),
    "scanner": ("uscan", "uscans"),
    "3d printer": ("octoprint", "moonraker", "3dprinter"),
    "router": ("router", "internetgatewaydevice", "fritz", "openwrt"),
    "access point": ("accesspoint", "wlanaccesspointdevice", "wap"),
    "network switch": (),
    "powerline adapter": ("powerline",),
    "hub": ("hub", "bridge", "homeassistant", "home-assistant", "coordinator"),
    "bulb": ("bulb", "light", "lamp", "dimmablelight", "led", "lightstrip"),
    "plug": ("plug", "outlet", "socket", "smartplug"),
    "wall switch": ("switch", "dimmer"),
    "tv": ("tv", "television", "androidtvremote2"),
    "media player": ("chromecast", "googlecast", "mediarenderer", "airplay", "roku"),
    "speaker": ("speaker", "raop", "sonos", "soundbar", "zoneplayer"),
    "nas": ("nas", "diskstation"),
    "projector": ("projector",),
    "game console": ("playstation", "xbox", "nintendo"),
    "phone": ("iphone", "phone", "android"),
    "tablet": ("ipad", "tablet"),
    "watch": ("watch",),
    "computer": ("workstation", "macbook", "laptop", "desktop"),
    "server": (),
    "ip phone": ("voip", "ipphone"),
    "thermostat": ("thermostat", "heating", "radiator"),
    "heater": ("heater",),
    "air conditioner": ("airconditioner", "aircon"),
    "air purifier": ("airpurifier", "purifier", "humidifier", "dehumidifier"),
    "fan": ("fan",),
    "window covering": ("blind", "shade", "curtain", "covering"),
    "garage door opener": ("garage", "garagedoor"),
    "irrigation": ("sprinkler", "irrigation"),
    "sensor": ("sensor", "weather", "thermometer"),
    "scale": ("scale",),
    "vacuum": ("vacuum", "roomba"),
    "robot mower": ("mower", "lawnmower"),
    "appliance": ("dishwasher", "oven", "fridge", "refrigerator", "washer", "dryer"),
    "energy meter": ("inverter", "electricity"),
    "ev charger": ("wallbox", "evcharger", "chargepoint"),
    "ups": (),
    "remote control": ("remote",),
    "industrial controller": ("plc",),
    "building controller": (),
    "development board": (),
}
KINDS = frozenset(WORDS)
_OF_WORD = {word: kind for kind, words in WORDS.items() for word in words}
# What others call a kind: the accessory categories of HomeKit, device types of UPnP.
_SYNONYMS: Mapping[str, str] = {
    "door lock": "lock",
    "garage door opener": "garage door opener",
    "security system": "alarm system",
    "air conditioner": "air conditioner",
    "air purifier": "air purifier",
    "programmable switch": "wall switch",
    "window covering": "window covering",
    "remote control": "remote control",
    "ip camera": "camera",
    "smart plug": "plug",
    "smart bulb": "bulb",
    "smart speaker": "speaker",
    "smart tv": "tv",
    "network storage": "nas",
    "plc": "industrial controller",
}


def kind_in(text: str) -> str:
    """The kind that a text names as what the device is; empty when it names none we know."""
    plain = " ".join(text.lower().replace("-", " ").split())
    if plain in KINDS:
        return plain
    if plain in _SYNONYMS:
        return _SYNONYMS[plain]
    return next(kinds_hinted(text), "")


def kinds_hinted(text: str) -> Iterator[str]:
    """The kinds that single words of a text hint at, each once."""
    yield from dict.fromkeys(_OF_WORD[word] for word in _split(text) if word in _OF_WORD)


def _split(text: str) -> list[str]:
    words = re.findall(r"[a-z][a-z0-9-]*", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower())
    whole = re.findall(r"[a-z][a-z0-9-]*", text.lower())
    parts = [part for word in words for part in word.split("-")]
    return [*whole, *words, *parts]
