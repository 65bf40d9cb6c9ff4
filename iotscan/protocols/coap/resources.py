"""What the links of a CoAP device mean: which it is safe to read, which can be written, what the
device is. Words and their reasons are data here, one place for probe and reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from iotscan.protocols.coap.linkformat import Link

# A GET should change nothing (RFC 7252 section 5.8.1), but devices exist where it does: smart
# plugs switched and reset themselves on plain GETs. A resource whose name holds one of these words
# is listed and left alone.
ACTIONS: Mapping[str, str] = {
    word: reason
    for reason, words in {
        "restarts or stops the device": "reset reboot restart shutdown poweroff halt sleep kill",
        "erases or restores settings": "factory restore erase delete remove clear wipe format",
        "changes its software": "ota fota update upgrade flash install rollback dfu bootloader",
        "moves or switches something": (
            "open close lock unlock toggle on off start stop arm disarm activate deactivate enable"
            " disable move feed dispense ring trigger fire press push pulse dim blink identify"
        ),
        "runs a command": "cmd command exec execute run call invoke ci shell eval test calibrate",
        "changes settings or accounts": (
            "set write save apply add pair unpair bind unbind join leave commission provision"
            " register unregister bootstrap login logout passwd"
        ),
    }.items()
    for word in words.split()
}

# These are an action inside a longer word too ("factoryreset", "doorunlock").
_ANYWHERE = re.compile(
    "reset|reboot|restart|shutdown|poweroff|factory|erase|delete|unlock|toggle|trigger|execute"
)

# Interface descriptions that take PUT or POST: draft-ietf-core-interfaces section 5 (core.s,
# core.rp and core.ll do not), OCF Core section 7.6 (oic.if.s, oic.if.r and oic.if.ll do not).
WRITABLE_INTERFACES: Mapping[str, str] = {
    "core.a": "actuator",
    "core.p": "parameter",
    "core.b": "batch",
    "core.lb": "linked batch",
    "core.bnd": "binding table",
    "oic.if.a": "actuator",
    "oic.if.rw": "read and write",
    "oic.if.w": "write only",
    "oic.if.create": "creates resources",
}
# Resource types whose own specification lets a client write: RFC 9176 section 5, the CoRE
# publish-subscribe draft.
WRITABLE_TYPES: Mapping[str, str] = {
    "core.rd": "resource directory",
    "core.ps": "publish-subscribe broker",
    "core.ps.coll": "publish-subscribe topics",
}

# What a resource holds when its name says so; a name proves nothing about the value.
PERSONAL: Mapping[str, str] = {
    word: reason
    for reason, words in {
        "secret": "password passwd psk secret token credential credentials apikey pincode passcode",
        "network": "ssid wifi wlan",
        "person": "user users owner name email mail phone contact account address person profile",
        "place": "gps location position latitude longitude lat lon geo",
        "presence": "presence occupancy occupied motion pir door window visitor bed sleep",
        "body": "heart heartrate pulse blood glucose weight spo2 steps ecg",
        "image or sound": "camera cam image snapshot video audio microphone mic voice",
        "consumption": "meter energy power consumption water gas",
    }.items()
    for word in words.split()
}

_RUN = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Object instances that every LwM2M client has: security, server, access control, device,
# connectivity, firmware (OMA LwM2M TS appendix E).
_LWM2M_OBJECT = re.compile(r"/(?:[1-5])/\d{1,5}")


def words(text: str) -> tuple[str, ...]:
    """The words of a name, lower case, in camel case also those inside: "/door2/unlockNow" gives
    door, unlocknow, unlock, now.
    """
    found = []
    for run in _RUN.findall(unquote(text, errors="replace")):
        found.append(run.lower())
        parts = _WORD.findall(run)
        found += [part.lower() for part in parts] if len(parts) > 1 else []
    return tuple(found)


def action(path: str) -> str:
    """Why a path should not even be read ("moves or switches something: unlock"), or ""."""
    for word in words(path):
        if word in ACTIONS:
            return f"{ACTIONS[word]}: {word}"
        inside = _ANYWHERE.search(word)
        if inside is not None:
            return f"{ACTIONS[inside[0]]}: {word}"
    return ""


def personal(path: str, link: Link | None = None) -> str:
    """What kind of personal value the name, type or title of a resource speaks of, or ""."""
    said = path if link is None else f"{path} {' '.join(link.resource_types)} {link.title}"
    return next((PERSONAL[word] for word in words(said) if word in PERSONAL), "")


def writable(link: Link) -> str:
    """What a link says of itself that means it can be written ("if=core.a"), or ""."""
    for name in link.interfaces:
        if name.lower() in WRITABLE_INTERFACES:
            return f"if={name} ({WRITABLE_INTERFACES[name.lower()]})"
    for name in link.resource_types:
        if name.lower() in WRITABLE_TYPES:
            return f"rt={name} ({WRITABLE_TYPES[name.lower()]})"
    return ""


def oscore(links: Iterable[Link]) -> bool:
    """Whether a link is marked as protected by OSCORE: ``osc``, RFC 8613 section 9."""
    return any(link.has("osc") for link in links)


def edhoc(links: Iterable[Link]) -> bool:
    """Whether key exchange for OSCORE is offered: RFC 9528 sections 10.1 and 10.10."""
    return any(
        link.path == "/.well-known/edhoc" or "core.edhoc" in link.resource_types for link in links
    )


def platform(links: Iterable[Link]) -> tuple[str, str]:
    """(the platform that such a list belongs to, the link that shows it); ("", "") if unknown."""
    objects = []
    for link in links:
        types = [name.lower() for name in link.resource_types]
        if "oma.lwm2m" in types:
            return "LwM2M", f"rt=oma.lwm2m at {link.target}"
        if link.path == "/oic/res" or any(name.startswith("oic.") for name in types):
            return "OCF", f"{link.target} rt={' '.join(types)}".strip()
        if link.path in ("/cit/d", "/cit/s"):
            return "Shelly CoIoT", link.path
        if link.path.startswith(("/15001", "/15004")):
            return "IKEA Trådfri gateway", link.path
        if link.path.startswith("/ndm/"):
            return "ZyXEL Keenetic router (NDM)", link.path
        if link.path.startswith("/qlink/"):
            return "QLink home gateway", link.path
        if _LWM2M_OBJECT.fullmatch(link.path):
            objects.append(link.path)
    # One numeric path may be anything; device and server object together are an LwM2M client.
    if {"1", "3"} <= {path.split("/")[1] for path in objects}:
        return "LwM2M", " ".join(objects[:6])
    return "", ""
