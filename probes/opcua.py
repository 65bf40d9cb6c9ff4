"""OPC UA (OPC 10000-4 and 10000-6): which security does a server offer, and to whom?

Asks for the endpoints, over a channel without security as the standard foresees for this question.
No session is created: that an endpoint takes anonymous users is what the server says of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import ConnectionLost, Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, Stream
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial.framing import Said, clear, facing, spoken
from iotscan.protocols.industrial.opcua import codec as opcua
from iotscan.protocols.industrial.opcua.codec import Chunk
from iotscan.text import clean

PORTS = (opcua.PORT, opcua.SECURE_PORT)
# Chunks of one answer: what the hello allows.
MOST_CHUNKS = 16
KINDS = (
    Kind(
        "opcua.server",
        {
            "answered": bool,
            "cleartext": bool,
            "policies": tuple,
            "modes": tuple,
            "tokens": tuple,
            "security_none": bool,
            "anonymous": bool,
            "anonymous_without_security": bool,
            "application": str,
            "product": str,
            "name": str,
        },
        "A server listed its endpoints to us. security_none: one of them is without signature and "
        "encryption; anonymous: one takes users without a login; the last: both at once.",
    ),
    Kind(
        "opcua.overheard",
        {"peer": str, "answered": bool, "policy": str, "discovery_only": bool},
        "Somebody else opened a channel. discovery_only: nothing but questions for endpoints went "
        "through it, as far as can be read.",
    ),
)


class OpcUa:
    name = "opcua"
    impact = Impact.GREET
    openings = (
        Opening(
            "hello", "tcp", PORTS, opcua.hello("opc.tcp://scan:4840"), tls=(opcua.SECURE_PORT,)
        ),
    )
    emits = KINDS
    begins = (Beginning("tcp", b"HROCM", b"AEOMC"),)

    def recognises(self, heard: bytes) -> bool:
        """An acknowledgement, or an error that names a bad status."""
        try:
            first = opcua.decode(heard)
        except Malformed:
            return False
        return first is not None and (
            opcua.acknowledged(first[0]) or opcua.refusal(first[0]) is not None
        )

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        endpoint = service.endpoint
        host = f"[{endpoint.address}]" if endpoint.address.version == 6 else str(endpoint.address)
        url = f"opc.tcp://{host}:{endpoint.port}"
        async with net.tcp(service) as stream:
            session = _Session(stream)
            await stream.write(opcua.hello(url))
            if not opcua.acknowledged(await session.hear()):
                raise Malformed("the server did not acknowledge the hello")
            await stream.write(opcua.open_channel())
            channel, token = opcua.token_of(await session.hear())
            await stream.write(opcua.get_endpoints(channel, token, url))
            for _ in range(MOST_CHUNKS):
                if (await session.hear()).final != b"C":
                    break
            # The end of the connection is the end of the channel: no more is sent to close it.

    def read(self, talk: Transcript) -> Iterator[Observation]:
        chunks = spoken(talk, opcua.decode)
        if talk.client is not None:
            yield from _overheard(talk, chunks)
            return
        for turns, message in _whole(chunks):
            try:
                server = opcua.endpoints(message)
            except Malformed:
                continue
            yield observe(talk, "opcua.server", _facts(server) | {"cleartext": clear(talk)}, turns)
            return


class _Session:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._unread = b""

    async def hear(self) -> Chunk:
        """The next chunk. Raises Malformed, ConnectionLost, TimedOut."""
        while (first := opcua.decode(self._unread)) is None:
            more = await self._stream.read()
            if not more:
                raise ConnectionLost("closed by the device")
            self._unread += more
        self._unread = self._unread[first[1] :]
        return first[0]


def _whole(chunks: Sequence[Said[Chunk]]) -> Iterator[tuple[list[int], list[Chunk]]]:
    """Messages of the server, each with the turns and all its chunks."""
    turns: list[int] = []
    message: list[Chunk] = []
    for said in chunks:
        if said.sender != "server" or said.message.kind != opcua.MESSAGE:
            continue
        turns.append(said.turn)
        message.append(said.message)
        if said.message.final != b"C":
            yield turns, message
            turns, message = [], []


def _facts(server: opcua.Server) -> dict[str, Fact]:
    offers = server.offers
    bare = [offer for offer in offers if offer.mode == "None"]
    facts: dict[str, Fact] = {
        "answered": True,
        "policies": tuple(dict.fromkeys(clean(offer.policy) for offer in offers)),
        "modes": tuple(dict.fromkeys(offer.mode for offer in offers)),
        "tokens": tuple(dict.fromkeys(token for offer in offers for token in offer.tokens)),
        "security_none": bool(bare),
        "anonymous": any("anonymous" in offer.tokens for offer in offers),
        "anonymous_without_security": any("anonymous" in offer.tokens for offer in bare),
    }
    texts = {"application": server.application, "product": server.product, "name": server.name}
    return facts | {word: clean(text) for word, text in texts.items() if text}


def _overheard(talk: Transcript, chunks: Sequence[Said[Chunk]]) -> Iterator[Observation]:
    talk, chunks = facing(talk, chunks, _speaker)
    asked = answered = None
    for said in chunks:
        try:
            found = opcua.opened(said.message)
        except Malformed:
            continue
        if found.service == opcua.OPEN_CHANNEL and asked is None:
            asked = said
        if found.service == opcua.CHANNEL and answered is None:
            answered = said
    if asked is None and answered is None:
        return
    first = asked or answered
    assert first is not None
    facts: dict[str, Fact] = {
        "answered": answered is not None,
        "policy": "None",
        "discovery_only": opcua.DISCOVERY.issuperset(_services(chunks)),
    }
    turns = [first.turn] if answered is None else [first.turn, answered.turn]
    yield observe(talk, "opcua.overheard", facts, turns)


def _services(chunks: Sequence[Said[Chunk]]) -> set[int]:
    """The services that were asked for, as far as they are readable."""
    found = set()
    for said in chunks:
        if said.sender == "client" and said.message.kind == opcua.MESSAGE:
            try:
                found.add(opcua.service_of([said.message]))
            except Malformed:
                continue
    return found


def _speaker(chunk: Chunk) -> Sender | None:
    """Who says such a chunk: hello and acknowledgement, and what opens a channel, tell."""
    if chunk.kind in (opcua.HELLO, opcua.CLOSE):
        return "client"
    if chunk.kind in (opcua.ACKNOWLEDGE, opcua.ERROR, b"RHE"):
        return "server"
    if chunk.kind == opcua.OPEN:
        try:
            service = opcua.opened(chunk).service
        except Malformed:
            return None
        speakers: dict[int, Sender] = {opcua.OPEN_CHANNEL: "client", opcua.CHANNEL: "server"}
        return speakers.get(service)
    return None


PROBE = OpcUa()
