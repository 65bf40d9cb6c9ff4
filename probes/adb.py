"""Android Debug Bridge: does a device let a computer in without asking for its key?

One message is sent, the computer's CNXN; the device answers with its own (open), with AUTH (it
wants a key that its owner has agreed to) or with STLS (Android 11 and newer). No service is opened
and no key sent, so nothing appears on its screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, either, hear_whole
from iotscan.protocols import adb
from iotscan.protocols.common.overheard import framed, observe, turned
from iotscan.text import clean

HELLO = adb.greeting()
# What a device may answer first.
GREETINGS = (adb.CNXN, adb.AUTH, adb.STLS)
LONGEST = 65_536
# The first letters of its commands: protocol.txt of AOSP's adb.
_COMMAND = tuple(bytes(set(letters)) for letters in zip(*adb.COMMANDS, strict=True))
_WORDS = {
    "ro.product.name": "product",
    "ro.product.model": "model",
    "ro.product.device": "device",
}
KINDS = (
    Kind(
        "adb.service",
        {
            "authorisation": bool,
            "tls_required": bool,
            "state": str,
            "product": str,
            "model": str,
            "device": str,
            "features": tuple,
        },
        "A device answered as the Android Debug Bridge does. authorisation: whether it asks for a "
        "key, or for TLS with one, before it serves a computer.",
    ),
    Kind(
        "adb.overheard",
        {"authorised": bool, "product": str, "model": str, "device": str, "peer": str},
        "Somebody else's debug bridge session was overheard. authorised: a key was asked for "
        "before the device served the computer.",
    ),
)


class Adb:
    name = "adb"
    openings = (Opening("connect", "tcp", (5555,), HELLO),)
    impact = Impact.GREET
    emits = KINDS
    begins = either("tcp", _COMMAND)

    def recognises(self, heard: bytes) -> bool:
        """The header of a CNXN, AUTH or STLS."""
        known = heard[:4] in GREETINGS
        return known and len(heard) >= adb.HEADER and adb.is_beginning(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(HELLO)
            await hear_whole(stream, adb.take, most=adb.HEADER + adb.PAYLOAD)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.service.endpoint.transport != "tcp":
            return
        if talk.client is None:
            yield from _own(talk)
        else:
            yield from _captured(talk)


def _own(talk: Transcript) -> Iterator[Observation]:
    for number in sorted({turn.channel for turn in talk.turns}):
        for index, sender, message in framed(talk.turns_of(number), adb.take, LONGEST):
            identity = adb.identity(message)
            echoed = identity is not None and identity.state not in adb.DEVICE_STATES
            if sender == "client" or echoed or message.command not in GREETINGS:
                continue
            facts: dict[str, Fact] = {"authorisation": message.command != adb.CNXN}
            if message.command == adb.STLS:
                facts["tls_required"] = True
            yield observe(talk, "adb.service", facts | _named(message), [index])
            break


def _named(message: adb.Message) -> dict[str, Fact]:
    """What a device says of itself in its CNXN."""
    identity = adb.identity(message)
    if identity is None:
        return {}
    known = {k: clean(v, 64) for k, v in identity.properties.items() if k in _WORDS and v}
    facts: dict[str, Fact] = {_WORDS[key]: value for key, value in known.items()}
    facts["state"] = clean(identity.state, 16)
    if features := identity.properties.get("features"):
        facts["features"] = tuple(clean(word, 32) for word in features.split(",")[:32])
    return facts


def _captured(talk: Transcript) -> Iterator[Observation]:
    """A device's CNXN in a session of somebody else, and whether an AUTH came before it."""
    if not any(turn.data[:4] in adb.COMMANDS for turn in talk.turns[:4]):
        return
    asked = False
    for index, sender, message in framed(enumerate(talk.turns), adb.take, LONGEST):
        asked = asked or message.command in (adb.AUTH, adb.STLS)
        identity = adb.identity(message)
        if identity is None or identity.state not in adb.DEVICE_STATES:
            continue
        seen = talk if sender == "server" else turned(talk)
        known = _named(message)
        facts: dict[str, Fact] = {"authorised": asked}
        facts |= {word: known[word] for word in ("product", "model", "device") if word in known}
        yield observe(seen, "adb.overheard", facts, [index])
        return


PROBE = Adb()
