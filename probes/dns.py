"""DNS: whether a device resolves names for us, and the version it tells.

Two questions are asked: one for a name under .invalid, which no zone holds (RFC 6761 section 6.4),
so that nobody else is bothered, and one for the server's own version. What others ask is read from
captures: names in clear, booked on whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import ANY_BYTE, Login, Network, Opening, either, hear_whole
from iotscan.protocols.dns import message as dns_message
from iotscan.protocols.dns.message import PORT, Message, frame, framed, query
from iotscan.protocols.dns.overheard import ANSWER, OVERHEARD, parsed, read_captured
from iotscan.text import clean

_NAME = "iotscan-check.invalid"
_ID, _VERSION_ID = 0x696F, 0x7673
_ASK = query(_ID, _NAME)
# ISC's convention, which most servers follow: RFC 4892 section 2.
_VERSION_NAME = "version.bind"
_ASK_VERSION = query(_VERSION_ID, _VERSION_NAME, dns_message.TXT, dns_message.CLASS_CHAOS)
# RFC 1035 section 4.2.2: in a stream, behind a length of two bytes.
_STREAMED = (ANY_BYTE, ANY_BYTE, *dns_message.BEGINS)

RESOLVER = Kind(
    "dns.resolver",
    {"recursion": bool, "recursion_available": bool, "code": str, "transport": str},
    "A server answered our question for a name that nobody has. recursion: it looked for the name"
    " on our behalf, or said that it would; without it, the answer left that open.",
)
VERSION = Kind(
    "dns.version",
    {"version": str},
    "A server told its version to anybody who asks.",
)


class Dns:
    name = "dns"
    openings: Sequence[Opening] = (
        Opening("dns", "udp", (PORT,), _ASK),
        Opening("dns-tcp", "tcp", (PORT,), frame(_ASK)),
    )
    impact = Impact.GREET
    emits = (RESOLVER, VERSION, OVERHEARD, ANSWER)
    begins = (*either("udp", dns_message.BEGINS), *either("tcp", _STREAMED))

    def recognises(self, heard: bytes) -> bool:
        """An answer that repeats our own question, as a datagram or in a stream."""
        return any(_answers(data, _ID, _NAME) for data in (heard, framed(heard)) if data)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        if service.endpoint.transport == "tcp":
            async with net.tcp(service) as stream:
                await stream.write(frame(_ASK))
                await hear_whole(stream, framed)
            return
        async with net.udp(service) as datagrams:
            await datagrams.send(_ASK)
            if not self.recognises(await datagrams.receive()):
                raise Malformed("an answer to another question")
            await datagrams.send(_ASK_VERSION)
            try:
                await datagrams.receive()
            except TimedOut as late:
                # Servers that keep their version to themselves may pass over the question.
                if late.phase != "read":
                    raise

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from read_captured(talk)
            return
        for number, message in _heard(talk):
            where, proof = talk.service.endpoint, Proof(talk.id, (number,))
            if _asks(message, _ID, _NAME):
                facts = _resolver(message) | {"transport": where.transport}
                yield Observation(RESOLVER.name, facts, where.address, where, (proof,))
            elif _asks(message, _VERSION_ID, _VERSION_NAME):
                records = [one for one in message.answers if one.type == dns_message.TXT]
                told = clean(b" ".join(islice(dns_message.texts(records[0]), 4))) if records else ""
                if told:
                    said: dict[str, Fact] = {"version": told}
                    yield Observation(VERSION.name, said, where.address, where, (proof,))


def _heard(talk: Transcript) -> Iterator[tuple[int, Message]]:
    """The messages that the server sent, each with the turn in which it began."""
    tcp = talk.service.endpoint.transport == "tcp"
    for channel in sorted({turn.channel for turn in talk.turns}):
        turns = [(i, turn) for i, turn in talk.turns_of(channel) if turn.sender == "server"]
        if tcp and turns:
            whole = framed(b"".join(turn.data for _, turn in turns))
            yield from parsed([(turns[0][0], whole or b"")])
        elif not tcp:
            yield from parsed((i, turn.data) for i, turn in turns)


def _answers(data: bytes, identity: int, name: str) -> bool:
    return any(_asks(message, identity, name) for _, message in parsed([(0, data)]))


def _asks(message: Message, identity: int, name: str) -> bool:
    """Whether this answers a question of ours: its id, and the question if it is repeated."""
    own = all(asked.lower() == name for asked, _, _ in message.questions)
    return message.response and message.id == identity and bool(message.questions) and own


def _resolver(message: Message) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "recursion_available": message.recursion_available,
        "code": message.code,
    }
    if message.code == "REFUSED" or not message.recursion_available:
        facts["recursion"] = False
    elif message.code in ("NOERROR", "NXDOMAIN"):
        facts["recursion"] = True
    return facts


PROBE = Dns()
