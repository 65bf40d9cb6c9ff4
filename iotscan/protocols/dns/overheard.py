"""Lookups of others that were overheard: who asks whom, and which addresses they are told. Pure.

On port 53 one message is enough. On every other port a question and the answer to it must be there:
other protocols write as DNS does (mDNS, RFC 6762; LLMNR, RFC 4795; NetBIOS names, RFC 1002), and
scanners ask any port for a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address

from iotscan.errors import Malformed
from iotscan.model import Address, Endpoint, Fact, Kind, Observation, Proof, Sender, Transcript
from iotscan.protocols.common.overheard import clear_turns
from iotscan.protocols.dns import message as dns
from iotscan.protocols.dns.message import PORT, Message, framed
from iotscan.text import clean

ANSWER = Kind(
    "dns.answer",
    {"name": str, "addresses": tuple},
    "Somebody else was told the addresses of a name, in clear; about the one who asked. peer: who"
    " answered.",
)
OVERHEARD = Kind(
    "dns.overheard",
    {"peer": str, "port": int, "transport": str},
    "Somebody else's DNS was overheard in clear: a message on port 53, or a question and the answer"
    " to it on another; about the one who asks, at the port that is asked. peer: who is asked.",
)
# Datagrams of a captured exchange that are looked at: the first messages tell all.
_MOST_TURNS = 64
_MOST_ADDRESSES = 16
_SIZES = {dns.A: 4, dns.AAAA: 16}
# What asks and answers in the same form on ports of its own: NetBIOS names, mDNS, LLMNR.
_ALIKE = frozenset({137, 5353, 5355})
# The internet, Chaos, Hesiod, and any: RFC 1035 section 3.2.4. mDNS sets a bit beside it.
_CLASSES = frozenset({1, 3, 4, 255})
# RFC 6762 section 3; RFC 1001 section 14.1: a NetBIOS name, two letters for each of 16 bytes.
# DNSCrypt asks for the certificates of most resolvers by a name that begins like this.
_FOREIGN = re.compile(
    r"(?:.*\.)?local|[A-P]{32}(?:\..*)?|2\.dnscrypt-cert\..*", re.IGNORECASE | re.DOTALL
)
# DNSCrypt fetches the certificates of a resolver by an ordinary question; they begin so.
_CERTIFICATE = b"DNSC"


@dataclass(frozen=True, slots=True)
class Lookup:
    """An exchange of DNS messages in clear, each with the turn in which it was complete."""

    client: Endpoint
    resolver: Endpoint
    messages: Sequence[tuple[int, Message]]


def lookup(talk: Transcript) -> Lookup | None:
    """What a captured conversation is if it is DNS between two hosts, else None.

    Whose port is 53 is the resolver; where both are, or neither, whoever asks is the client.
    """
    server, asker = talk.service.endpoint, talk.client
    if asker is None:
        return None
    usual = PORT in (server.port, asker.port)
    if not usual and not _ALIKE.isdisjoint((server.port, asker.port)):
        return None
    messages = list(_messages(talk))
    if not messages or not (usual or _answered(talk, messages)):
        return None
    number, message = messages[0]
    asked = talk.turns[number].sender == "client"
    here, there = (asker, server) if asked else (server, asker)
    client, resolver = (there, here) if message.response else (here, there)
    if usual and resolver.port != PORT:
        return None
    if any(map(_to_all, (client.address, resolver.address))):
        return None
    return Lookup(client, resolver, messages)


def read_captured(talk: Transcript) -> Iterator[Observation]:
    """One observation of dns.overheard for an exchange, and of dns.answer for each name told."""
    found = lookup(talk)
    if found is None:
        return
    resolver = found.resolver
    facts: dict[str, Fact] = {
        "peer": str(resolver.address),
        "port": resolver.port,
        "transport": resolver.transport,
    }
    where = replace(found.client, port=resolver.port)
    proof = Proof(talk.id, (found.messages[0][0],))
    yield Observation(OVERHEARD.name, facts, where.address, where, (proof,))
    told: set[str] = set()
    for number, message in found.messages:
        name, addresses = _told(message)
        if addresses and name not in told:
            told.add(name)
            said: dict[str, Fact] = {"name": name, "addresses": addresses}
            proof = Proof(talk.id, (number,))
            yield Observation(ANSWER.name, said, where.address, where, (proof,))


def parsed(said: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Message]]:
    """Those that are messages, with their numbers."""
    for number, data in said:
        try:
            yield number, dns.parse(data)
        except Malformed:
            continue


def _messages(talk: Transcript) -> Iterator[tuple[int, Message]]:
    """All messages of a captured exchange over UDP, the first of each side over TCP."""
    turns = clear_turns(talk)[:_MOST_TURNS]
    if talk.service.endpoint.transport == "udp":
        for number, turn in turns:
            with suppress(Malformed):
                yield number, dns.parse(turn.data, cut=turn.cut)
        return
    sides: tuple[Sender, ...] = ("client", "server")
    for sender in sides:
        stream = b""
        for number, turn in turns:
            if turn.sender == sender:
                stream += turn.data
                whole = framed(stream)
                if whole is not None:
                    yield from parsed([(number, whole)])
                if whole is not None or not dns.may_begin(stream[2:]):
                    break


def _answered(talk: Transcript, messages: Sequence[tuple[int, Message]]) -> bool:
    """Whether one side asked what no other protocol asks, and the other one answered that."""
    asked: set[tuple[Sender, int, tuple[str, int, int]]] = set()
    for number, message in messages:
        if message.operation or len(message.questions) != 1:
            continue
        sender = talk.turns[number].sender
        ((name, kind, group),) = message.questions
        question = (name.lower(), kind, group)
        if not message.response:
            if message.complete and not message.answers and _is_plain(name, group):
                asked.add((sender, message.id, question))
        elif ("server" if sender == "client" else "client", message.id, question) in asked:
            return not _encrypts(message)
    return False


def _encrypts(answer: Message) -> bool:
    """Whether it holds a certificate of DNSCrypt: what follows it on that port is encrypted."""
    texts = (dns.texts(one) for one in answer.answers if one.type == dns.TXT)
    return any(text.startswith(_CERTIFICATE) for found in texts for text in found[:1])


def _is_plain(name: str, group: int) -> bool:
    return group in _CLASSES and not _FOREIGN.fullmatch(name)


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
