"""What services announced by mDNS say of their own state: open for pairing, paired, who may play.

Sources: Matter Core 4.3.1; HomeKit Accessory Protocol, Bonjour TXT records; Thread 1.4 section
8.4.1; AirPlay as its clients read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from iotscan.discovery import mdns_words as words
from iotscan.discovery.mdns_view import Instance, Pairs
from iotscan.model import Fact, Kind
from iotscan.protocols.makers import airplay
from iotscan.protocols.makers.airplay import RECEIVER as AIRPLAY
from iotscan.text import clean

MATTER = Kind(
    "matter.commissioning",
    {
        "open": bool,
        "mode": int,
        "discriminator": int,
        "vendor_id": int,
        "product_id": int,
        "device_name": str,
    },
    "For a Matter commissionable announcement (_matterc._udp) with its TXT record. open: its CM "
    "says that a commissioning window is open; mode 1 with the printed code, 2 with a fresh one.",
)
MATTER_FABRIC = Kind(
    "matter.fabric",
    {"fabric": str},
    "For every operational Matter node (_matter._tcp): the fabric it has joined.",
)
HOMEKIT = Kind(
    "homekit.accessory",
    {"paired": bool, "wifi_unconfigured": bool, "problem": bool, "category": str, "model": str},
    "For a HomeKit accessory (_hap._tcp or _hap._udp) that announces its status flags.",
)
THREAD = Kind(
    "thread.border_router",
    {
        "network_name": str,
        "vendor": str,
        "model": str,
        "thread_version": str,
        "commissioner": str,
        "active": bool,
        "one_time_codes": bool,
    },
    "For a Thread border router (_meshcop._udp). commissioner: by what it lets one in who adds "
    "devices: nothing (none), the network's password (pskc), or another key; active: its network "
    "runs; one_time_codes: it can share its network by them.",
)
THREAD_SHARING = Kind(
    "thread.sharing",
    {"open": bool},
    "For a Thread border router that shares its network with whoever has the code of the moment "
    "(_meshcop-e._udp, which is announced only as long as that is so).",
)
KINDS = (MATTER, MATTER_FABRIC, HOMEKIT, THREAD, THREAD_SHARING, AIRPLAY)
# State bitmap of a border agent, Thread 1.4 section 8.4.1: how a commissioner connects, in three
# bits, the interface's status in two, and in the twelfth whether it can make one-time codes.
_COMMISSIONERS = ("none", "pskc", "pskd", "vendor", "x509")
_ACTIVE, _ONE_TIME_CODES = 2, 1 << 11


def states(instance: Instance) -> Iterator[tuple[Kind, dict[str, Fact]]]:
    """What an instance's type and TXT record establish."""
    text = instance.text
    match instance.type:
        case "_matter._tcp":
            yield MATTER_FABRIC, {"fabric": clean(instance.name.partition("-")[0])}
        case "_meshcop-e._udp":
            yield THREAD_SHARING, {"open": True}
        case "_matterc._udp" if text is not None:
            yield MATTER, _matter(text)
        case "_hap._tcp" | "_hap._udp" if text is not None:
            flags = _number(text, "sf")
            if flags is not None:
                yield HOMEKIT, _homekit(instance, text, flags)
        case "_meshcop._udp" if text is not None:
            yield THREAD, _thread(text)
        case "_airplay._tcp" | "_raop._tcp" if text is not None:
            yield AIRPLAY, airplay.facts_of(airplay.parse_announcement(text), "mdns")


def _matter(text: Pairs) -> dict[str, Fact]:
    """Matter Core 4.3.1: no CM means that no window is open."""
    mode = _number(text, "cm") if "cm" in text else 0
    facts: dict[str, Fact] = {}
    if mode is not None:
        facts |= {"open": mode != 0, "mode": mode}
    discriminator = _number(text, "d")
    if discriminator is not None:
        facts["discriminator"] = discriminator
    vendor, _, product = said(text, "vp").partition("+")
    facts |= {
        fact: int(digits)
        for fact, digits in (("vendor_id", vendor), ("product_id", product))
        if digits.isascii() and digits.isdigit() and len(digits) <= 5
    }
    if name := said(text, "dn"):
        facts["device_name"] = name
    return facts


def _homekit(instance: Instance, text: Pairs, flags: int) -> dict[str, Fact]:
    """Status flags: bit 0 not paired, bit 1 no Wi-Fi set up, bit 2 a problem was found."""
    facts: dict[str, Fact] = {
        "paired": not flags & 1,
        "wifi_unconfigured": bool(flags & 2),
        "problem": bool(flags & 4),
    }
    if sort := category(instance):
        facts["category"] = sort
    if model := said(text, "md"):
        facts["model"] = model
    return facts


def _thread(text: Pairs) -> dict[str, Fact]:
    words_of = {"network_name": "nn", "vendor": "vn", "model": "mn", "thread_version": "tv"}
    facts: dict[str, Fact] = {
        fact: told for fact, key in words_of.items() if (told := said(text, key))
    }
    raw = text.get("sb") or b""
    if len(raw) == 4:
        bits = int.from_bytes(raw, "big")
        mode = bits & 7
        if mode < len(_COMMISSIONERS):
            facts["commissioner"] = _COMMISSIONERS[mode]
        facts["active"] = bits >> 3 & 3 == _ACTIVE
        facts["one_time_codes"] = bool(bits & _ONE_TIME_CODES)
    return facts


def category(instance: Instance) -> str:
    """What a HomeKit accessory says it is, "" for all else."""
    if not instance.type.startswith("_hap."):
        return ""
    return words.HOMEKIT_CATEGORIES.get(_number(instance.text or {}, "ci") or 0, "")


def said(text: Mapping[str, bytes | None], key: str) -> str:
    """The text of a key, "" without it."""
    return clean(text.get(key) or b"")


def _number(text: Mapping[str, bytes | None], key: str) -> int | None:
    digits = said(text, key)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
