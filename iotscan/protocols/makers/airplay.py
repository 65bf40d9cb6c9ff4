"""AirPlay: what a receiver says of who may play, in its description and in its announcements.

Source: pyatv's and openairplay's notes on the protocol (status flags, TXT keys, /info). A
description is a property list, whose reader is Python's own: it takes no entities, and what it
makes of bytes is no larger than they are.
"""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind
from iotscan.text import clean

# Descriptions are one or two kilobytes.
LARGEST = 65_536
PATH = "/info"
# Status flags: it was never set up; a PIN, a password, a pairing is wanted.
_NOT_CONFIGURED, _PIN, _PASSWORD, _PAIRING = 0x2, 0x8, 0x80, 0x200
_YES, _NO = frozenset({"1", "true"}), frozenset({"0", "false"})

RECEIVER = Kind(
    "airplay.receiver",
    {
        "via": str,
        "open": bool,
        "password": bool,
        "pin": bool,
        "pairing": bool,
        "configured": bool,
        "model": str,
        "name": str,
        "peer": str,
    },
    "An AirPlay receiver told who may play on it, by mDNS or in its description. open: it wants"
    " neither a password nor a PIN nor a pairing; configured: it was set up.",
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """``flags``: its status, None where it does not say. ``restricted``: a rule of its own says who
    may play, None where it does not say that there is one. ``password``: said outside of flags.
    """

    flags: int | None
    password: bool | None = None
    restricted: bool | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def parse_info(body: bytes) -> Receiver:
    """A description as /info and /server-info give it, binary or XML. Raises Malformed."""
    tree = _plist(body)
    if not isinstance(tree, dict) or not tree.keys() & {"deviceID", "deviceid", "features"}:
        raise Malformed("no description of a receiver")
    flags = tree.get("statusFlags")
    known = isinstance(flags, int) and not isinstance(flags, bool) and 0 <= flags < 1 << 64
    pw = tree.get("pw")
    texts = {word: tree[word] for word in ("name", "model") if isinstance(tree.get(word), str)}
    return Receiver(flags if known else None, pw if isinstance(pw, bool) else None, texts=texts)


def parse_announcement(text: Mapping[str, bytes | None]) -> Receiver:
    """What the TXT record of _airplay._tcp or _raop._tcp says. Never raises."""
    said = {key: (raw or b"")[:64].decode("ascii", "replace").lower() for key, raw in text.items()}
    raw = said.get("flags", said.get("sf", ""))
    try:
        flags = int(raw, 16)
    except ValueError:
        flags = None
    pw = said.get("pw")
    # Access control: "acl" 0 is everybody; "act" 2 is one user alone.
    limits = [said[key] != "0" for key in ("acl", "act") if key in said]
    return Receiver(
        flags=flags if flags is not None and 0 <= flags < 1 << 64 else None,
        password=pw in _YES if pw in _YES | _NO else None,
        restricted=any(limits) if limits else None,
    )


def facts_of(receiver: Receiver, via: str) -> dict[str, Fact]:
    """The words of ``RECEIVER``; whether it is open only where its flags are known, and no rule of
    its own stands in the way.
    """
    facts: dict[str, Fact] = {"via": via}
    facts |= {word: text for word, raw in receiver.texts.items() if (text := clean(raw))}
    password, flags = receiver.password, receiver.flags
    if flags is not None:
        password = bool(flags & _PASSWORD) or bool(receiver.password)
        facts |= {"pin": bool(flags & _PIN), "pairing": bool(flags & _PAIRING)}
        facts["configured"] = not flags & _NOT_CONFIGURED
        wanted = bool(password or flags & (_PIN | _PAIRING))
        if wanted or not receiver.restricted:
            facts["open"] = not wanted
    if password is not None:
        facts["password"] = password
    return facts


def _plist(body: bytes) -> Any:
    if len(body) > LARGEST:
        raise Malformed(f"a description of {len(body)} bytes")
    try:
        return plistlib.loads(body)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, ExpatError,
            LookupError, AttributeError) as error:  # fmt: skip
        raise Malformed(f"no property list: {clean(str(error), 80)}") from None
