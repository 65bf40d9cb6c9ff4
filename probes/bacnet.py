"""BACnet/IP (ASHRAE 135): a building controller that answers anybody, and what it is.

Reads a handful of properties that name the device, and the two tables by which networks are joined.
Every request is a read of what devices tell each other anyway; nothing is subscribed or written.
BACnet/IP has no login in use; who wants one uses BACnet Secure Connect, which does not answer here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Datagrams, Login, Network, Opening, either
from iotscan.protocols.common.overheard import observe, turned
from iotscan.protocols.industrial import bacnet
from iotscan.protocols.industrial.bacnet import Link, Message
from iotscan.protocols.industrial.framing import Said, spoken
from iotscan.text import clean

ASK = bacnet.read_property(1, bacnet.ANY_INSTANCE, bacnet.OBJECT_IDENTIFIER)
PROPERTIES = {
    bacnet.VENDOR_NAME: "vendor",
    bacnet.MODEL_NAME: "model",
    bacnet.FIRMWARE: "firmware",
    bacnet.OBJECT_NAME: "name",
}
TABLES = {bacnet.BDT: "broadcast_table", bacnet.FDT: "foreign_table"}
# Seconds between requests; controllers on slow buses pass some of them on.
PACE = 0.3
# Seconds that an I-Am is waited for.
WHO_IS_WAIT = 1.0
# Datagrams that answer something else before the next question is asked.
MOST_STRAYS = 4
_IDENTITY = {"instance": int, "vendor": str, "model": str, "firmware": str, "name": str}
KINDS = (
    Kind(
        "bacnet.device",
        {
            "answered": bool,
            "broadcast_table": int,
            "foreign_table": int,
            "vendor_id": int,
            **_IDENTITY,
        },
        "A BACnet device answered our request. The tables: how many entries it showed of other "
        "networks that it forwards broadcasts to, and of foreign devices registered with it.",
    ),
    Kind(
        "bacnet.overheard",
        {
            "peer": str,
            "answered": bool,
            "announced": bool,
            "services": tuple,
            "vendor_id": int,
            **_IDENTITY,
        },
        "A host answered somebody else's confirmed request or announced a device (I-Am, I-Have). "
        "services: kinds of its answers and announcements.",
    ),
)


class Bacnet:
    name = "bacnet"
    impact = Impact.GREET
    openings = (Opening("device identifier", "udp", (bacnet.PORT,), ASK),)
    emits = KINDS
    begins = either("udp", b"\x81")

    def recognises(self, heard: bytes) -> bool:
        """An answer to the very request, be it a refusal."""
        try:
            link = bacnet.decode(heard)
            return link is not None and _answers(bacnet.message(link[0]), 1)
        except Malformed:
            return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.udp(service) as datagrams:
            instance = await _find_out(datagrams)
            for invoke, wanted in enumerate(PROPERTIES, 2):
                await net.pause(PACE)
                asked = bacnet.read_property(invoke, instance, wanted)
                await _ask(datagrams, asked, _answer_to(invoke))
            for function in (bacnet.READ_BDT, bacnet.READ_FDT):
                await net.pause(PACE)
                try:
                    await _ask(datagrams, bacnet.encode(function, b""), _is_table)
                except TimedOut:
                    return  # a device that joins no networks may keep silent about it

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.service.endpoint.transport != "udp":
            return
        links = spoken(talk, bacnet.decode)
        if talk.client is not None:
            yield from _overheard(talk, "server", links)
            yield from _overheard(turned(talk), "client", links)
            return
        facts, turns = _device(links)
        if turns:
            yield observe(talk, "bacnet.device", facts | {"answered": True}, turns)


def _answers(message: Message, invoke: int) -> bool:
    return message.kind in bacnet.ANSWERS and message.invoke == invoke


def _answer_to(invoke: int) -> Callable[[Link], bool]:
    return lambda link: _answers(bacnet.message(link), invoke)


def _is_table(link: Link) -> bool:
    return link.function in (bacnet.BDT, bacnet.FDT, bacnet.RESULT)


async def _find_out(datagrams: Datagrams) -> int:
    """The device's instance, if it says it to us; else the one that any device may answer for.

    Many announce themselves to the whole network, whoever asked, and that is not heard here.
    """
    await datagrams.send(bacnet.who_is())
    try:
        heard = bacnet.decode(await datagrams.receive(WHO_IS_WAIT))
        return bacnet.ANY_INSTANCE if heard is None else bacnet.announced(bacnet.message(heard[0]))
    except (TimedOut, Malformed):
        return bacnet.ANY_INSTANCE


async def _ask(datagrams: Datagrams, question: bytes, fits: Callable[[Link], bool]) -> None:
    """Send a question and wait for its answer. Raises TimedOut, Malformed."""
    await datagrams.send(question)
    for _ in range(MOST_STRAYS):
        try:
            heard = bacnet.decode(await datagrams.receive())
            if heard is not None and fits(heard[0]):
                return
        except Malformed:
            continue
    raise Malformed("many datagrams, none of them an answer to what was asked")


def _messages(links: Sequence[Said[Link]], sender: Sender) -> Iterator[Said[Message]]:
    """What one side said for itself: nothing forwarded, nothing routed from other networks."""
    for said in links:
        if said.sender != sender or said.message.forwarded:
            continue
        try:
            yield Said(sender, said.turn, bacnet.message(said.message))
        except Malformed:
            continue


def _device(links: Sequence[Said[Link]]) -> tuple[dict[str, Fact], list[int]]:
    facts: dict[str, Fact] = {}
    turns = []
    for said in _messages(links, "server"):
        if said.message.kind in bacnet.ANSWERS:
            turns.append(said.turn)
            facts |= _property(said.message)
        elif announced := _announcement(said.message):
            turns.append(said.turn)
            facts |= announced
    for one in links:
        word = TABLES.get(one.message.function)
        if one.sender == "server" and word:
            with suppress(Malformed):
                facts[word] = len(bacnet.table(one.message))
                turns.append(one.turn)
    return facts, turns


def _property(message: Message) -> dict[str, Fact]:
    """The fact in an answer to a ReadProperty of a device."""
    try:
        instance, number, value = bacnet.device_property(message)
        facts: dict[str, Fact] = {} if instance == bacnet.ANY_INSTANCE else {"instance": instance}
        if number == bacnet.OBJECT_IDENTIFIER and len(value) == 5:
            return {"instance": int.from_bytes(value[1:], "big") & bacnet.ANY_INSTANCE}
        if number in PROPERTIES and (text := clean(bacnet.character_string(value))):
            facts[PROPERTIES[number]] = text
    except Malformed:
        return {}
    return facts


def _overheard(
    talk: Transcript, sender: Sender, links: Sequence[Said[Link]]
) -> Iterator[Observation]:
    """What one side's answers and announcements show; it is ``talk``'s service."""
    services: dict[str, None] = {}
    facts: dict[str, Fact] = {"answered": False, "announced": False}
    turns = []
    for said in _messages(links, sender):
        message = said.message
        if message.kind in bacnet.ANSWERS:
            services[bacnet.KINDS[message.kind]] = None
            facts["answered"] = True
            found = _property(message)
        else:
            found = _announcement(message)
            if not found:
                continue
            facts["announced"] = True
            services["i-am" if message.service == bacnet.I_AM else "i-have"] = None
        # What comes from a network behind the sender names another device.
        facts |= {} if message.routed else found
        turns.append(said.turn)
    if turns:
        yield observe(talk, "bacnet.overheard", facts | {"services": tuple(services)}, turns[:2])


def _announcement(message: Message) -> dict[str, Fact]:
    """The device that an I-Am or I-Have names; nothing for anything else."""
    try:
        facts: dict[str, Fact] = {"instance": bacnet.announced(message)}
    except Malformed:
        return {}
    if message.service == bacnet.I_AM:
        with suppress(Malformed):
            facts["vendor_id"] = bacnet.vendor_number(message)
    return facts


PROBE = Bacnet()
