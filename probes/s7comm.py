"""S7comm (RFC 1006 and what Siemens controllers say over it): does a controller talk to anybody?

One connection: a transport connection, the set-up that every talk begins with, and the read of one
system state list, which a programming device sends to show a module's name plate. Nothing is ever
written, started, stopped or uploaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from iotscan.errors import ConnectionLost, Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, either, hear_whole
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import s7comm
from iotscan.protocols.industrial.framing import Said, clear, facing, spoken
from iotscan.protocols.industrial.s7comm import Cotp, Message
from iotscan.text import clean

REFERENCE = 0x6973
# Called TSAPs: 01 for a programming device, then rack and slot. The CPU of an S7-300 is in slot 2,
# that of an S7-1200 or S7-1500 in slot 1.
TSAPS = {"slot 2": 0x0102, "slot 1": 0x0101}
# Records of the module's list: its order number and the firmware; of the components': names, which
# are read where others asked for them.
_ORDER, _FIRMWARE = 1, 7
_NAMES = {1: "system_name", 2: "module_name", 3: "plant", 7: "module_type"}
_IDENTITY = {
    "vendor": str,
    "model": str,
    "firmware": str,
    "module_type": str,
    "system_name": str,
    "module_name": str,
    "plant": str,
}
KINDS = (
    Kind(
        "s7.controller",
        {"answered": bool, "cleartext": bool, "identified": bool, **_IDENTITY},
        "A controller agreed to communicate over S7comm without a password. identified: it let us "
        "read its name plate.",
    ),
    Kind(
        "s7.overheard",
        {"peer": str, "answered": bool, "functions": tuple, "writes": bool, **_IDENTITY},
        "Somebody else's S7comm with a controller. writes: variables, blocks or its run state were "
        "to be changed.",
    ),
)


class S7comm:
    name = "s7comm"
    impact = Impact.GREET
    openings = tuple(
        Opening(name, "tcp", (s7comm.PORT,), s7comm.connect(REFERENCE, tsap))
        for name, tsap in TSAPS.items()
    )
    emits = KINDS
    begins = either("tcp", b"\x03")

    def recognises(self, heard: bytes) -> bool:
        """The transport connection that we asked for, confirmed."""
        try:
            first = s7comm.decode(heard)
        except Malformed:
            return False
        return first is not None and s7comm.confirmed(first[0], REFERENCE)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        tsap = TSAPS.get(service.hint, TSAPS["slot 2"])
        async with net.tcp(service) as stream:
            await stream.write(s7comm.connect(REFERENCE, tsap))
            if not s7comm.confirmed(await _hear(stream), REFERENCE):
                raise ConnectionLost("the transport connection was refused")
            await stream.write(s7comm.setup(1))
            agreed = s7comm.message(await _hear(stream))
            if agreed.function != 0xF0 or agreed.error:
                return
            await net.pause(PACE)
            await stream.write(s7comm.read_list(2, s7comm.MODULE))
            with suppress(TimedOut, ConnectionLost):
                await _hear(stream)  # or it agrees to talk and keeps its name plate to itself

    def read(self, talk: Transcript) -> Iterator[Observation]:
        tpdus = spoken(talk, s7comm.decode)
        said = list(_messages(tpdus))
        if talk.client is not None:
            yield from _overheard(talk, said)
            return
        agreed = [
            one
            for one in said
            if one.sender == "server" and one.message.function == 0xF0 and not one.message.error
        ]
        if agreed:
            identity, turns = _identity(said)
            facts: dict[str, Fact] = {
                "answered": True,
                "cleartext": clear(talk),
                "identified": bool(identity),
            }
            yield observe(talk, "s7.controller", facts | identity, [agreed[0].turn, *turns])


# Seconds between requests: a controller answers between two cycles of its program.
PACE = 0.2


async def _hear(stream: Stream) -> Cotp:
    """The next TPDU. Raises Malformed, TimedOut, ConnectionLost."""
    return (await hear_whole(stream, s7comm.decode))[0]


def _messages(tpdus: Sequence[Said[Cotp]]) -> Iterator[Said[Message]]:
    for tpdu in tpdus:
        try:
            yield Said(tpdu.sender, tpdu.turn, s7comm.message(tpdu.message))
        except Malformed:
            continue


def _overheard(talk: Transcript, said: Sequence[Said[Message]]) -> Iterator[Observation]:
    talk, said = facing(talk, said, _speaker)
    told = [one for one in said if one.sender == "server"]
    if not told:
        return
    functions = {one.message.function for one in said}
    facts: dict[str, Fact] = {
        "answered": True,
        "functions": tuple(s7comm.FUNCTIONS.get(f, f"{f:#x}") for f in sorted(functions)),
        "writes": not s7comm.WRITES.isdisjoint(functions),
    }
    identity, _ = _identity(said)
    yield observe(talk, "s7.overheard", facts | identity, [said[0].turn, told[0].turn])


def _speaker(message: Message) -> Sender | None:
    asks = s7comm.asks(message)
    return None if asks is None else "client" if asks else "server"


def _identity(said: Sequence[Said[Message]]) -> tuple[dict[str, Fact], list[int]]:
    """The name plate, and the turns that told it."""
    facts: dict[str, Fact] = {}
    turns = []
    for one in said:
        try:
            identifier, records = s7comm.listed(one.message)
        except Malformed:
            continue
        told = _plate(records) if identifier == s7comm.MODULE else {}
        if identifier == s7comm.COMPONENT:
            told = {word: clean(records.get(n, b"").strip(b"\0 ")) for n, word in _NAMES.items()}
        facts |= {word: text for word, text in told.items() if text}
        turns += [one.turn] if told else []
    return facts, turns


def _plate(records: dict[int, bytes]) -> dict[str, str]:
    """Order number (20 characters) and firmware: "V" and three numbers in the last four bytes."""
    model = clean(records.get(_ORDER, b"")[:20].strip(b"\0 "))
    told = {"model": model}
    if re.match(r"6[A-Z]{2}\d", model):
        told["vendor"] = "Siemens"
    version = records.get(_FIRMWARE, b"")[22:26]
    if len(version) == 4 and version[:1] == b"V":
        told["firmware"] = "V" + ".".join(map(str, version[1:]))
    return told


PROBE = S7comm()
