"""KNXnet/IP (ISO 22510): which server stands there, and does it want keys (KNX IP Secure)?

A description is asked for, then an extended search that tells which services are secured. Both are
questions of the core services, which open no connection to the bus; nothing else is ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, either, hear_whole
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import knxnetip
from iotscan.protocols.industrial.framing import at_port, clear, facing, spoken
from iotscan.protocols.industrial.knxnetip import Description, Frame
from iotscan.text import clean

TUNNELLING, SECURITY = 0x04, 0x09
_HEADER = tuple(bytes([byte]) for byte in knxnetip.HEADER)
_IDENTITY = {"name": str, "bus_address": str, "medium": str, "families": tuple}
KINDS = (
    Kind(
        "knxnetip.server",
        {
            "answered": bool,
            "cleartext": bool,
            "secured": bool,
            "tunnelling": bool,
            "programming_mode": bool,
            **_IDENTITY,
        },
        "A KNXnet/IP server described itself to us. secured: tunnelling takes KNX IP Secure, or "
        "there is no tunnelling; unknown when it knows security but did not say where it is on.",
    ),
    Kind(
        "knxnetip.overheard",
        {"peer": str, "answered": bool, "services": tuple, "secured": bool, **_IDENTITY},
        "Somebody else's KNXnet/IP. answered: the server answered or used the bus in clear; "
        "secured: its bus traffic went inside secure wrappers, or it says that it takes security.",
    ),
)


class KnxNetIp:
    name = "knxnetip"
    impact = Impact.GREET
    openings = (
        Opening("description", "udp", (knxnetip.PORT,), knxnetip.describe("udp")),
        Opening("description (tcp)", "tcp", (knxnetip.PORT,), knxnetip.describe("tcp")),
    )
    emits = KINDS
    begins = (*either("tcp", _HEADER), *either("udp", _HEADER))

    def recognises(self, heard: bytes) -> bool:
        """A whole description of a server."""
        try:
            first = knxnetip.decode(heard)
            return first is not None and bool(knxnetip.description(first[0]))
        except Malformed:
            return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Ask what is secured. The description was read when the server was recognised."""
        transport = service.endpoint.transport
        question = knxnetip.search_extended(transport)
        # Servers from before 2019 do not know the extended search, and say nothing.
        with suppress(TimedOut):
            if transport == "tcp":
                async with net.tcp(service) as stream:
                    await stream.write(question)
                    await hear_whole(stream, knxnetip.decode)
            else:
                async with net.udp(service) as datagrams:
                    await datagrams.send(question)
                    await datagrams.receive()

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from _overheard(talk)
            return
        facts: dict[str, Fact] = {}
        turns = []
        for said in spoken(talk, knxnetip.decode):
            told = _description(said.message) if said.sender == "server" else None
            if told is not None:
                facts |= _facts(told)
                turns.append(said.turn)
        if facts:
            facts |= {"answered": True, "cleartext": clear(talk)}
            yield observe(talk, "knxnetip.server", facts, turns)


def _description(frame: Frame) -> Description | None:
    try:
        return knxnetip.description(frame)
    except Malformed:
        return None


def _facts(told: Description) -> dict[str, Fact]:
    facts = _identity(told)
    if told.programming is not None:
        facts["programming_mode"] = told.programming
    if told.families is not None:
        facts["tunnelling"] = TUNNELLING in told.families
    secured = _secured(told)
    if secured is not None:
        facts["secured"] = secured
    return facts


def _identity(told: Description) -> dict[str, Fact]:
    name = told.name.decode("latin-1")
    facts: dict[str, Fact] = {"bus_address": told.address}
    if name.strip():
        facts["name"] = clean(name)
    if told.medium in knxnetip.MEDIA:
        facts["medium"] = knxnetip.MEDIA[told.medium]
    if told.families:
        named: Mapping[int, str] = knxnetip.FAMILY_NAMES
        facts["families"] = tuple(named.get(f, f"{f:#04x}") for f in sorted(told.families))
    return facts


def _secured(told: Description) -> bool | None:
    """Whether tunnelling takes security; None when that was not said."""
    if told.families is None:
        return None
    if SECURITY not in told.families:
        return False
    return None if told.secured is None else TUNNELLING in told.secured


def _overheard(talk: Transcript) -> Iterator[Observation]:
    talk = at_port(talk, (knxnetip.PORT,))
    talk, frames = facing(talk, spoken(talk, knxnetip.decode), _speaker)
    told = [said for said in frames if said.sender == "server"]
    if not told:
        return
    identity: dict[str, Fact] = {}
    knows = False
    for said in told:
        found = _description(said.message)
        if found is not None:
            identity = _identity(found)
            knows = _secured(found) is not False
    using = [said for said in told if said.message.service in knxnetip.USING]
    described = [said for said in told if _description(said.message) is not None]
    # What a server says before a key is agreed upon is in clear with security as well.
    proof = using or ([] if knows else described)
    wrapped = any(said.message.service in knxnetip.SECURE for said in frames)
    facts: dict[str, Fact] = {
        "answered": bool(proof),
        "services": tuple(
            knxnetip.SERVICES[s] for s in sorted({said.message.service for said in frames})
        ),
        "secured": not proof and (wrapped or knows),
    }
    yield observe(talk, "knxnetip.overheard", facts | identity, [(proof or told)[0].turn])


def _speaker(frame: Frame) -> Sender | None:
    if frame.service in knxnetip.ASKING:
        return "client"
    return "server" if frame.service in knxnetip.ANSWERING else None


PROBE = KnxNetIp()
