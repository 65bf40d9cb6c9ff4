"""CoAP over WebSocket (RFC 8323 section 4): an upgrade, and one GET of what is advertised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening
from iotscan.protocols.coap.codec import CONTENT, RESPONSES, Message, csm, get
from iotscan.protocols.coap.linkformat import parse
from iotscan.protocols.coap.web import PATH, SUBPROTOCOL, decode_web, encode_web
from iotscan.protocols.http import websocket

UPGRADE = websocket.upgrade_request("localhost", PATH, SUBPROTOCOL)
TOKEN = b"iotscan"
# What we read at most of one message, and say that we do.
LARGEST = 1152
MASK = bytes(4)  # hides nothing, and the record stays readable
SERVICE = Kind(
    "coap_ws.service",
    {"cleartext": bool, "answered": bool, "open": bool, "resources": int},
    "CoAP inside a WebSocket: answered, when it answered a request; open, when it listed its "
    "resources to us.",
)


class CoapWs:
    name = "coap_ws"
    openings: Sequence[Opening] = (
        Opening("upgrade", "tcp", (5683, 5684, 8683), UPGRADE, tls=(5684,)),
    )
    impact = Impact.GREET
    emits = (SERVICE,)
    begins = (Beginning("tcp", b"G"),)

    def recognises(self, heard: bytes) -> bool:
        """An answer that opens a WebSocket for CoAP."""
        return _opens(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Upgrade, tell our limits, ask for /.well-known/core, and hear what comes."""
        async with net.tcp(service) as stream:
            host = str(service.endpoint.address)
            host = f"[{host}]" if service.endpoint.address.version == 6 else host
            await stream.write(websocket.upgrade_request(host, PATH, SUBPROTOCOL))
            reader = websocket.Reader(LARGEST)
            reader.receive(await stream.read())
            head = reader.next()
            if head is None or isinstance(head, websocket.Frame) or not websocket.agrees(head):
                return
            for message in (csm(LARGEST), get("/.well-known/core", 0, TOKEN, kind=None)):
                await stream.write(websocket.encode_frame(encode_web(message), mask=MASK))
            while (data := await stream.read()) and not _answered(reader, data):
                pass

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Whether the WebSocket was opened for CoAP, and what was answered in it."""
        for number in dict.fromkeys(turn.channel for turn in talk.turns):
            said = talk.said_by("server", number)
            if not said.startswith(b"HTTP/1.1 101") or not _opens(said):
                continue
            yield _seen(talk, number, list(_messages(said)))


def _seen(talk: Transcript, number: int, messages: Sequence[Message]) -> Observation:
    answers = [message for message in messages if message.code in RESPONSES]
    listed = [m for m in answers if m.code == CONTENT and m.token == TOKEN]
    tls = talk.service.tls or any(c.tls is not None for c in talk.channels[number : number + 1])
    facts: dict[str, bool | int] = {"cleartext": not tls, "answered": bool(messages)}
    if answers:
        facts["open"] = bool(listed)
    if listed:
        facts["resources"] = len(parse(listed[0].payload))
    turns = tuple(i for i, turn in talk.turns_of(number) if turn.sender == "server")
    endpoint: Endpoint = talk.service.endpoint
    proof = Proof(talk.id, turns)
    return Observation(SERVICE.name, facts, endpoint.address, endpoint, (proof,))


def _messages(said: bytes) -> Iterator[Message]:
    """The CoAP messages in what a server said, as far as it can be read."""
    reader = websocket.Reader(LARGEST)
    reader.receive(said)
    try:
        while (item := reader.next()) is not None:
            if isinstance(item, websocket.Frame) and item.opcode == websocket.BINARY:
                yield decode_web(item.payload)
    except Malformed:
        return


def _answered(reader: websocket.Reader, data: bytes) -> bool:
    """Whether an answer to our request is among what has come."""
    reader.receive(data)
    while (item := reader.next()) is not None:
        if isinstance(item, websocket.Frame) and item.opcode == websocket.BINARY:
            message = decode_web(item.payload)
            if message.code in RESPONSES and message.token == TOKEN:
                return True
    return False


def _opens(heard: bytes) -> bool:
    reader = websocket.Reader(LARGEST)
    reader.receive(heard)
    try:
        head = reader.next()
    except Malformed:
        return False
    if head is None or isinstance(head, websocket.Frame):
        return False
    return websocket.agrees(head) and websocket.subprotocol(head) == SUBPROTOCOL


PROBE = CoapWs()
