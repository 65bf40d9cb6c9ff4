"""CoAP over UDP, TCP and TLS (RFC 7252, RFC 7641, RFC 7959, RFC 8323): what a device lists, what it
lets anyone read, what it seems to let anyone write, and how much it answers to a small question.

Only GET is sent, only to resources that the device advertises itself (or, when it has no list, to
two discovery documents of other standards), and never to one whose name sounds like an action.
Whether something can be written is inferred from descriptions and response codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Protocol

from iotscan.errors import ConnectionLost, Malformed, TimedOut
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import (
    ANY_BYTE,
    Beginning,
    Datagrams,
    Login,
    Network,
    Opening,
    Stream,
    either,
)
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap import facts as coap_facts
from iotscan.protocols.coap import resources as coap_resources
from iotscan.protocols.coap.codec import Block, Message, Type
from iotscan.protocols.coap.exchange import Exchange, answers, assemble
from iotscan.protocols.coap.facts import CORE
from iotscan.protocols.coap.linkformat import Link
from iotscan.protocols.coap.reading import PORT, read_transcript
from iotscan.protocols.coap.tcp import decode_tcp, encode_tcp

SECURE_PORT = 5684
# Documents that other standards let every client read, for devices without a list of their own:
# OCF discovery (OCF Core 7.4) and the description of Shelly's CoIoT.
VETTED = ("/oic/res", "/cit/d")
MOST_READS = 12
# 64 blocks of 1,024 bytes are as much as is kept of a body; of small blocks it is enough to judge.
MOST_BLOCKS = 64
# Seconds between requests: a single-threaded stack on a small battery device keeps up with that.
PACE = 0.1
# Seconds to wait for an answer before the request is repeated once (RFC 7252 section 4.8: 2), and
# after that.
PATIENCE = (2.0, 3.0)
# Messages that belong to no question of ours before the conversation is given up.
MOST_STRAYS = 16
# What RFC 8323 section 5.3.1 assumes of everybody, so that large bodies come in blocks.
MESSAGE_SIZE = 1152
ASK = coap.get(CORE, 0x696F, b"scan")
# Version 1 in the upper two bits (RFC 7252 section 3).
_VERSION_1 = bytes(range(0x40, 0x80))
# A stream begins with a CSM: its length and that of its token, 0 to 8, in a byte; of a longer one a
# byte more of the length; its code (RFC 8323 sections 3.2 and 5.3).
_CSM = bytes([coap.CSM])
_SHORT = bytes(length << 4 | token for length in range(13) for token in range(9)), _CSM
_LONGER = bytes(13 << 4 | token for token in range(9)), ANY_BYTE, _CSM
GREETING = coap.csm(MESSAGE_SIZE)


class Session(Protocol):
    """A way to ask one question after the other."""

    async def ask(self, request: Message) -> Message:
        """The answer to this request, a RST if it was rejected. Raises TimedOut, Malformed."""
        ...

    def request(
        self, target: str, *, observe: int | None = None, block: Block | None = None
    ) -> Message:
        """A GET with an id and token that were not used before."""
        ...


class OverUdp:
    def __init__(self, datagrams: Datagrams) -> None:
        self._datagrams = datagrams
        self._numbers = count(1)

    def request(
        self, target: str, *, observe: int | None = None, block: Block | None = None
    ) -> Message:
        number = next(self._numbers)
        token = number.to_bytes(2, "big")
        return coap.get(target, ASK.mid + number, token, observe=observe, block=block)

    async def ask(self, request: Message) -> Message:
        acknowledged = False
        for patience in PATIENCE:
            if not acknowledged:
                await self._datagrams.send(coap.encode(request))
            try:
                for _ in range(MOST_STRAYS):
                    message = await self._hear(patience)
                    if message is None:
                        continue
                    if await self._settles(request, message):
                        return message
                    same = message.type is Type.ACK and message.mid == request.mid
                    acknowledged = acknowledged or (same and message.code == coap.EMPTY)
            except TimedOut:
                continue
            raise Malformed("many messages, none of them an answer to what was asked")
        raise TimedOut("read")

    async def _hear(self, patience: float) -> Message | None:
        try:
            return coap.decode(await self._datagrams.receive(patience))
        except Malformed:
            return None

    async def _settles(self, request: Message, message: Message) -> bool:
        """Whether the message ends the wait; what wants to be confirmed is, or is refused."""
        if message.type is Type.RST:
            return message.mid == request.mid
        if message == request:
            return False  # an echo: what is said to it comes back as if it were an answer
        fits = answers(message, request)
        if request.observe == 1 and message.type is not Type.ACK and message.observe is not None:
            fits = False  # a notification that crossed the cancellation
        if message.type is Type.CON:
            reply = Message(coap.EMPTY, Type.ACK if fits else Type.RST, message.mid)
            await self._datagrams.send(coap.encode(reply))
        return fits


class OverTcp:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._numbers = count(1)
        self._unread = b""

    def request(
        self, target: str, *, observe: int | None = None, block: Block | None = None
    ) -> Message:
        token = next(self._numbers).to_bytes(2, "big")
        return coap.get(target, 0, token, kind=None, observe=observe, block=block)

    async def ask(self, request: Message) -> Message:
        await self._stream.write(encode_tcp(request))
        for _ in range(MOST_STRAYS):
            message = await self._hear()
            if answers(message, request):
                return message
            if message.code == coap.PING:
                await self._stream.write(encode_tcp(Message(coap.PONG, None, token=message.token)))
            if message.code in (coap.RELEASE, coap.ABORT):
                raise ConnectionLost(f"the device ended the connection ({message.code:#x})")
        raise Malformed("many messages, none of them an answer to what was asked")

    async def _hear(self) -> Message:
        while (message := decode_tcp(self._unread)) is None:
            more = await self._stream.read()
            if not more:
                raise ConnectionLost("closed by the device")
            self._unread += more
        self._unread = self._unread[message.size :]
        return message


class Coap:
    name = "coap"
    impact = Impact.GREET
    openings = (
        Opening("coap", "udp", (PORT,), coap.encode(ASK)),
        Opening("coap+tcp", "tcp", (PORT, SECURE_PORT), encode_tcp(GREETING), tls=(SECURE_PORT,)),
    )
    emits = coap_facts.KINDS
    begins = (
        Beginning("udp", _VERSION_1, _VERSION_1),
        *either("tcp", _SHORT),
        *either("tcp", _LONGER),
    )

    def recognises(self, heard: bytes) -> bool:
        return _answers_opening(heard) or _is_greeting(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        if service.endpoint.transport == "udp":
            async with net.udp(service) as datagrams:
                await _explore(OverUdp(datagrams), net)
            return
        async with net.tcp(service) as stream:
            await stream.write(encode_tcp(GREETING))
            await _explore(OverTcp(stream), net)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_transcript(talk)


def _answers_opening(heard: bytes) -> bool:
    try:
        message = coap.decode(heard)
    except Malformed:
        return False
    if message.code == coap.EMPTY:
        return message.type in (Type.ACK, Type.RST) and message.mid == ASK.mid
    return answers(message, ASK)


def _is_greeting(heard: bytes) -> bool:
    """Whether a stream begins with a whole CSM of the options that one can have."""
    try:
        message = decode_tcp(heard)
    except Malformed:
        return False
    known = {coap.MAX_MESSAGE_SIZE, coap.BLOCK_WISE}
    return (
        message is not None
        and message.code == coap.CSM
        and {number for number, _ in message.options} <= known
    )


async def _explore(session: Session, net: Network) -> None:
    links = await _list_resources(session)
    paths = [link.path for link in links if link.path and not coap_resources.action(link.path)]
    readable = []
    silent = 0
    for path in [p for p in dict.fromkeys(paths or VETTED) if p != CORE][:MOST_READS]:
        await net.pause(PACE)
        try:
            response = await session.ask(session.request(path))
        except TimedOut:
            # One resource may take its time; a device that is silent twice has stopped answering.
            silent += 1
            if silent == 2:
                raise
            continue
        silent = 0
        if response.code == coap.CONTENT:
            readable.append(path)
    observable = [link.path for link in links if link.observable and link.path in readable]
    if observable:
        await net.pause(PACE)
        await _observe(session, observable[0])


async def _list_resources(session: Session) -> tuple[Link, ...]:
    """The advertised links, fetched block by block up to what is kept of a body."""
    exchanges: list[Exchange] = []
    block: Block | None = None
    for _ in range(MOST_BLOCKS):
        request = session.request(CORE, block=block)
        response = await session.ask(request)
        before = assemble(exchanges)
        exchanges.append(Exchange("client", 0, request, [(0, response)]))
        body, block = assemble(exchanges), response.block2
        if body is None or body.complete or block is None or body == before:
            break
        block = Block(len(body.payload) // block.size, False, block.exponent)
    return coap_facts.discovered(exchanges)[0]


async def _observe(session: Session, path: str) -> None:
    """Ask to be notified, and at once not to be any more: RFC 7641 section 3.6."""
    asked = session.request(path, observe=0)
    response = await session.ask(asked)
    if response.observe is not None:
        cancel = session.request(path, observe=1)
        options = cancel.options
        await session.ask(Message(coap.GET, cancel.type, cancel.mid, asked.token, options))


PROBE = Coap()
