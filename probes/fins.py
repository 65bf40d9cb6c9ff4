"""OMRON FINS over UDP and TCP: does a controller answer anybody, and what is it?

The controller data read is the only command ever sent; over TCP a node number is asked for before
it, which lasts as long as the connection. FINS has no login.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, Stream, hear_whole
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import fins
from iotscan.protocols.industrial.fins import Message
from iotscan.protocols.industrial.framing import Said, clear, facing, spoken
from iotscan.text import clean

SERVICE = 0x69
# Our node number in UDP, where it says nothing to a controller that answers the sender's address.
NODE = 0x63


def ask(ours: int, theirs: int) -> bytes:
    """The frame that asks what the controller is."""
    return fins.encode(Message(False, (theirs, ours), SERVICE, fins.CONTROLLER_DATA_READ, b"\0"))


KINDS = (
    Kind(
        "fins.controller",
        {
            "answered": bool,
            "cleartext": bool,
            "vendor": str,
            "model": str,
            "firmware": str,
            "end_code": str,
        },
        "A controller answered our FINS. end_code: of a refusal, in hexadecimal.",
    ),
    Kind(
        "fins.overheard",
        {
            "peer": str,
            "answered": bool,
            "commands": tuple,
            "writes": bool,
            "vendor": str,
            "model": str,
            "firmware": str,
        },
        "Somebody else's FINS. writes: memory, program or run state were to be changed.",
    ),
)


class Fins:
    name = "fins"
    impact = Impact.GREET
    openings = (
        Opening("controller data", "udp", (fins.PORT,), ask(NODE, 0)),
        Opening("node number", "tcp", (fins.PORT,), fins.ASK_NODE),
    )
    emits = KINDS
    begins = (Beginning("tcp", b"F", b"F"), Beginning("udp", b"\x80\x81", b"\xc0\xc1"))

    def recognises(self, heard: bytes) -> bool:
        """The answer to either opening."""
        try:
            first = (fins.decode_tcp if heard.startswith(fins.MAGIC) else fins.decode_udp)(heard)
        except Malformed:
            return False
        return first is not None and (first[0].handshake == fins.NODE_TOLD or _ours(first[0]))

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Over TCP, what recognition could not ask yet; over UDP it was asked already."""
        if service.endpoint.transport != "tcp":
            return
        async with net.tcp(service) as stream:
            await stream.write(fins.ASK_NODE)
            ours, theirs = fins.nodes(await _hear(stream))
            await stream.write(fins.over_tcp(fins.FRAME, ask(ours, theirs)))
            await _hear(stream)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        udp = talk.service.endpoint.transport == "udp"
        said = spoken(talk, fins.decode_udp if udp else fins.decode_tcp)
        if talk.client is not None:
            yield from _overheard(talk, said)
            return
        told = [one for one in said if one.sender == "server" and _answer(one.message)]
        if told:
            facts: dict[str, Fact] = {"answered": True, "cleartext": clear(talk)}
            codes = [one.message.data[:2] for one in told if one.message.handshake < 0]
            if codes and any(codes[0]):
                facts["end_code"] = codes[0].hex()
            yield observe(talk, "fins.controller", facts | _identity(told), [told[-1].turn])


def _ours(message: Message) -> bool:
    fits = message.response and message.command == fins.CONTROLLER_DATA_READ
    return fits and message.service == SERVICE


def _answer(message: Message) -> bool:
    return message.handshake == fins.NODE_TOLD or _ours(message)


async def _hear(stream: Stream) -> Message:
    """The next FINS/TCP message. Raises Malformed, TimedOut, ConnectionLost."""
    return (await hear_whole(stream, fins.decode_tcp))[0]


def _identity(told: Sequence[Said[Message]]) -> dict[str, Fact]:
    for one in told:
        try:
            model, version = fins.controller(one.message)
        except Malformed:
            continue
        texts = {"vendor": "OMRON", "model": clean(model), "firmware": clean(version)}
        # The version field is internal text on some models: only what begins as a version is one.
        if not re.match(r"V?\d+[._]\d", texts["firmware"]):
            texts["firmware"] = ""
        return {word: text for word, text in texts.items() if text}
    return {}


def _overheard(talk: Transcript, said: Sequence[Said[Message]]) -> Iterator[Observation]:
    talk, said = facing(talk, said, _speaker)
    asked = [one for one in said if one.sender == "client" and _asks(one.message)]
    told = [one for one in said if one.sender == "server" and _fits(one.message, asked)]
    if not told:
        return
    commands = sorted({one.message.command for one in said if one.message.handshake < 0})
    facts: dict[str, Fact] = {
        "answered": True,
        "commands": tuple(fins.COMMANDS[command] for command in commands),
        "writes": not fins.WRITES.isdisjoint(commands),
    }
    yield observe(talk, "fins.overheard", facts | _identity(told), [asked[0].turn, told[0].turn])


def _asks(message: Message) -> bool:
    return not message.response


def _fits(answer: Message, asked: Sequence[Said[Message]]) -> bool:
    """Whether an answer has a question with its command and number, from where it goes."""
    if not answer.response:
        return False
    return any(
        (q.message.command, q.message.service, q.message.node)
        == (answer.command, answer.service, answer.node[::-1])
        for q in asked
    )


def _speaker(message: Message) -> Sender:
    return "server" if message.response else "client"


PROBE = Fins()
