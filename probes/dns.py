"""DNS on port 53: whether a device resolves names for us, and the version it tells.

Two questions are asked: one for a name under .invalid, which no zone holds (RFC 6761 section 6.4),
so that nobody else is bothered, and one for the server's own version. What others ask is read from
captures: names in clear, booked on whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import islice

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Address, Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import ANY_BYTE, Beginning, Login, Network, Opening, either, hear_whole
from iotscan.protocols.dns import message as dns_message
from iotscan.protocols.dns.message import PORT, Message, frame, framed, query
from iotscan.text import clean

_NAME = "iotscan-check.invalid"
_ID, _VERSION_ID = 0x696F, 0x7673
_ASK = query(_ID, _NAME)
# ISC's convention, which most servers follow: RFC 4892 section 2.
_VERSION_NAME = "version.bind"
_ASK_VERSION = query(_VERSION_ID, _VERSION_NAME, dns_message.TXT, dns_message.CLASS_CHAOS)
# Datagrams of a captured exchange that are looked at: the first messages tell all.
_MOST_TURNS = 64
_MOST_ADDRESSES = 16
# A message of fewer than 4,096 bytes in a stream has a length of two bytes before it, an id, and an
# operation of 0 to 6 in its flags: RFC 1035 section 4.2.2, RFC 8490.
_OPERATIONS = bytes(byte for byte in range(256) if byte >> 3 & 15 <= 6)
_STREAMED = (ANY_BYTE, ANY_BYTE, ANY_BYTE, ANY_BYTE, _OPERATIONS)
_SIZES = {dns_message.A: 4, dns_message.AAAA: 16}

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
ANSWER = Kind(
    "dns.answer",
    {"name": str, "addresses": tuple},
    "Somebody else was told the addresses of a name, in clear; about the one who asked. peer: who"
    " answered.",
)
OVERHEARD = Kind(
    "dns.overheard",
    {"peer": str, "transport": str},
    "Somebody else's DNS on port 53 was overheard in clear; about the one who asks. peer: who is"
    " asked.",
)


class Dns:
    name = "dns"
    openings: Sequence[Opening] = (
        Opening("dns", "udp", (PORT,), _ASK),
        Opening("dns-tcp", "tcp", (PORT,), frame(_ASK)),
    )
    impact = Impact.GREET
    emits = (RESOLVER, VERSION, OVERHEARD, ANSWER)
    begins = (Beginning("udp"), *either("tcp", _STREAMED))

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
            yield from _overheard(talk)
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
            yield from _parsed([(turns[0][0], whole or b"")])
        elif not tcp:
            yield from _parsed((i, turn.data) for i, turn in turns)


def _parsed(
    said: Iterator[tuple[int, bytes]] | list[tuple[int, bytes]],
) -> Iterator[tuple[int, Message]]:
    for number, data in said:
        try:
            yield number, dns_message.parse(data)
        except Malformed:
            continue


def _answers(data: bytes, identity: int, name: str) -> bool:
    return any(_asks(message, identity, name) for _, message in _parsed([(0, data)]))


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


def _overheard(talk: Transcript) -> Iterator[Observation]:
    """One observation for an exchange with a resolver, about its client.

    Whose port is 53 is the resolver; where both are, whoever asks is the client.
    """
    server = talk.service.endpoint
    assert talk.client is not None
    if PORT not in (server.port, talk.client.port):
        return
    messages = list(_messages(talk))
    if not messages:
        return
    number, message = messages[0]
    sender = talk.turns[number].sender
    here, there = (talk.client, server) if sender == "client" else (server, talk.client)
    client, resolver = (there, here) if message.response else (here, there)
    if resolver.port != PORT or any(map(_to_all, (client.address, resolver.address))):
        return
    facts: dict[str, Fact] = {"peer": str(resolver.address), "transport": server.transport}
    where, proof = replace(client, port=PORT), Proof(talk.id, (number,))
    yield Observation(OVERHEARD.name, facts, where.address, where, (proof,))
    told: set[str] = set()
    for answered, message in messages:
        name, addresses = _told(message)
        if addresses and name not in told:
            told.add(name)
            said: dict[str, Fact] = {"name": name, "addresses": addresses}
            proof = Proof(talk.id, (answered,))
            yield Observation(ANSWER.name, said, where.address, where, (proof,))


def _to_all(address: Address) -> bool:
    """A question to everybody is none to a resolver."""
    return address.is_multicast or str(address) == "255.255.255.255"


def _told(message: Message) -> tuple[str, tuple[str, ...]]:
    """The name that was asked for, and its addresses. An answer holds the whole chain of aliases
    that leads to them: RFC 1034 section 3.6.2.
    """
    if not message.response or message.code != "NOERROR" or len(message.questions) != 1:
        return "", ()
    addresses = [
        str(ip_address(record.data))
        for record in message.answers
        if len(record.data) == _SIZES.get(record.type)
    ]
    asked = clean(message.questions[0][0].lower(), 255)
    return asked, tuple(dict.fromkeys(addresses[:_MOST_ADDRESSES]))


def _messages(talk: Transcript) -> Iterator[tuple[int, Message]]:
    """All messages of a captured exchange over UDP, the first of each side over TCP; each with the
    turn in which it was complete.
    """
    turns = list(enumerate(talk.turns[:_MOST_TURNS]))
    if talk.service.endpoint.transport == "udp":
        yield from _parsed([(i, turn.data) for i, turn in turns])
        return
    for sender in ("client", "server"):
        stream = b""
        for number, turn in turns:
            if turn.sender == sender:
                stream += turn.data
                whole = framed(stream)
                if whole is not None:
                    yield from _parsed([(number, whole)])
                    break


PROBE = Dns()
