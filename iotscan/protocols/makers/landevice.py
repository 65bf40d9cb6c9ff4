"""What devices of the home say of themselves in their makers' own protocols, in one form for all.

Each maker wrote a protocol of his own for phones in the same network; what a scan wants to know of
them is the same: what it is, and whether whoever shares the network may give it orders.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Fact, Kind, Observation, Proof, Transcript
from iotscan.protocols.common.identifiers import (
    DEVICE_NAME,
    DISCOVERY_IDENTIFIERS,
    holds_mac,
    looks_personal,
)
from iotscan.protocols.common.overheard import observe
from iotscan.text import clean

LAN_DEVICE = Kind(
    "lan.device",
    {
        "protocol": str,
        "version": str,
        "open": bool,
        "how": str,
        "setup": bool,
        "position": bool,
        "vendor": str,
        "model": str,
        "firmware": str,
        "device_kind": str,
        "name": str,
        "peer": str,
    },
    "A device answered in its maker's own protocol, or announced itself in it. open: whoever is in"
    " the network may give it orders, how says why; setup: nobody has set it up yet; position: it"
    " tells where on earth it stands.",
)
# Announcements of devices are below 2 kB, descriptions below 8 kB.
_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class LanDevice:
    """What one message says of its sender. "" and None: not said. Texts are as sent.

    ``numbers``: what it says that is the unit's own for ever (MAC, serial number); ``serial``:
    whether one of them is a number that only its maker gave out. ``port``: where it says that it
    takes orders, 0 if it does not say.
    """

    protocol: str
    version: str = ""
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    kind: str = ""
    name: str = ""
    open: bool | None = None
    how: str = ""
    setup: bool | None = None
    position: bool | None = None
    numbers: tuple[str, ...] = ()
    serial: bool = False
    port: int = 0

    def traits(self) -> dict[str, str]:
        """The words of a sighting."""
        said = {
            "vendor": self.vendor,
            "model": self.model,
            "firmware": self.firmware,
            "kind": self.kind,
        }
        return {word: clean(text, 64) for word, text in said.items() if clean(text)}

    def facts(self) -> dict[str, Fact]:
        """The words of ``LAN_DEVICE``, without those that are not known."""
        texts = {
            "protocol": self.protocol,
            "version": self.version,
            "vendor": self.vendor,
            "model": self.model,
            "firmware": self.firmware,
            "device_kind": self.kind,
            "name": self.name,
        }
        told: dict[str, Fact] = {word: clean(text, 64) for word, text in texts.items()}
        found = {word: text for word, text in told.items() if text}
        if self.open and self.how:
            found["how"] = self.how
        flags = {"open": self.open, "setup": self.setup, "position": self.position}
        return found | {word: flag for word, flag in flags.items() if flag is not None}

    def announced(
        self, via: str, endpoint: Endpoint, proof: Proof, mac: str | None
    ) -> Iterator[Observation]:
        """What an announcement shows: the device, what it gives away of itself, its name.

        ``mac``: the sender's, as the link tells it.
        """
        address, proofs = endpoint.address, (proof,)
        yield Observation(LAN_DEVICE.name, self.facts(), address, endpoint, proofs)
        identifiers: dict[str, Fact] = {
            "via": via,
            "serial": self.serial,
            "mac": holds_mac(self.numbers, mac),
            "uuid": False,
        }
        yield Observation(DISCOVERY_IDENTIFIERS.name, identifiers, address, proofs=proofs)
        if name := clean(self.name, 64):
            told: dict[str, Fact] = {"via": via, "name": name}
            told["looks_personal"] = looks_personal(name)
            yield Observation(DEVICE_NAME.name, told, address, proofs=proofs)


def described(talk: Transcript, read: Callable[[bytes], LanDevice]) -> Iterator[Observation]:
    """What a device said of itself in the datagrams of our own conversation with it.

    ``read`` raises Malformed for a datagram that says nothing. Other people's datagrams are read as
    announcements.
    """
    if talk.client is not None or talk.service.endpoint.transport != "udp":
        return
    facts: dict[str, Fact] = {}
    turns = []
    for index, turn in enumerate(talk.turns):
        if turn.sender == "server":
            try:
                facts |= read(turn.data).facts()
            except Malformed:
                continue
            turns.append(index)
    if facts:
        yield observe(talk, LAN_DEVICE.name, facts, turns)


ANNOUNCED = (LAN_DEVICE, DISCOVERY_IDENTIFIERS, DEVICE_NAME)


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object that the bytes are. Raises Malformed for anything else."""
    if data[:1] != b"{" or len(data) > _LARGEST:
        raise Malformed("no JSON object")
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(tree, dict):
        raise Malformed("no JSON object")
    return tree


def text_in(tree: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is a text, "" if none is."""
    return next((tree[name] for name in names if isinstance(tree.get(name), str)), "")


def object_in(tree: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """The object at the end of a path of names. Raises Malformed where there is none."""
    for name in path:
        inner = tree.get(name)
        if not isinstance(inner, dict):
            raise Malformed(f"without {name}")
        tree = inner
    return dict(tree)
