"""MQTT: who may connect, who may listen to what, and what the broker gives away.

Four steps, each on its own connection: CONNECT without a login as 3.1.1 (and a ping, because a
code 0 alone is not access), as 5.0 for its limits, then either a short look at ``$SYS/#`` and
``#`` with paho-mqtt, or, where a login is asked for, the pairs that suit the device. Nothing is
ever published, no will is left, every session is clean.

Sources: OASIS MQTT 3.1.1 and 5.0; section 6 of both for WebSocket.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from iotscan.errors import BudgetSpent, ConnectionLost, Malformed, TimedOut
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, Stream, try_logins
from iotscan.protocols.common.overheard import beginning
from iotscan.protocols.http import codec as http
from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.facts import KINDS, outcome_of
from iotscan.protocols.mqtt.inbound import Inbound
from iotscan.protocols.mqtt.reader import Reader, Sample
from iotscan.protocols.mqtt.topics import Catalogue, catalogue
from iotscan.protocols.mqtt.wire import Property

from ._mqtt_listening import LARGEST_MESSAGE, Listener, subscriber

# Of the request that opens a WebSocket.
_LONGEST_HEAD = 8192
_CLIENT = "iotscan"
_DOOR = "websocket "  # openings of this name carry the path behind it
_SYSTEM, _EVERYTHING = "$SYS/#", "#"
# The most of one packet that is read while connecting; a CONNACK has a few hundred bytes.
_LARGEST = 65_536
_SAMPLE = Sample()

_PLAIN = packets.Connect(client_id=_CLIENT)
_TLS_PORTS = (8883, 8884, 8886)
_WEBSOCKET_PATHS = {"/mqtt": (8083, 8084, 9001, 8000), "/ws": (15675,)}  # the latter: RabbitMQ

_OPENINGS = (
    Opening(
        "connect",
        "tcp",
        (1883, 1884, 2883, *_TLS_PORTS),
        mqtt.encode(_PLAIN),
        anywhere=True,
        tls=_TLS_PORTS,
    ),
    *(
        Opening(
            f"{_DOOR}{path}",
            "tcp",
            ports,
            websocket.upgrade_request("localhost", path, "mqtt"),
            tls=(8084,) if 8084 in ports else (),
        )
        for path, ports in _WEBSOCKET_PATHS.items()
    ),
)


@cache
def _known() -> Catalogue:
    tree = yaml.safe_load(Path(__file__).with_name("mqtt_topics.yaml").read_text("utf-8"))
    return catalogue(tree)


class Mqtt:
    name = "mqtt"
    openings = _OPENINGS
    impact = Impact.GREET
    emits = KINDS
    begins = (Beginning("tcp", client=b"\x10G"),)

    def __init__(self, sample: Sample = _SAMPLE) -> None:
        self.sample = sample

    def recognises(self, heard: bytes) -> bool:
        """A CONNACK, or the consent to open a WebSocket for MQTT."""
        if mqtt.is_greeting(heard):
            return True
        try:
            head = http.parse_response(heard)
        except Malformed:
            return False
        return (
            head is not None
            and websocket.agrees(head)
            and websocket.subprotocol(head).startswith("mqtt")
        )

    def handles(self, service: Service) -> bool:
        """Also TLS on MQTT's own ports that served nobody: a client certificate may be missing."""
        silent = service.name is None and service.tls and service.endpoint.port in _TLS_PORTS
        return service.name == self.name or silent

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        talk = _Talk(service, net)
        if service.name is None:
            await talk.connect(4)
            return
        codes = await talk.greet()
        accepted = [version for version in (5, 4, 3) if codes.get(version) == 0]
        refused = [v for v in (4, 5, 3) if codes.get(v) in packets.UNAUTHORISED]
        if accepted:
            await talk.listen(accepted[0], self.sample)
        elif refused and net.impact >= Impact.LOGIN:
            talk.version = refused[0]
            await try_logins(net, logins, talk.attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        # Most that begins with a GET asks for a page, not for a WebSocket.
        first = beginning(talk, "client", _LONGEST_HEAD) if talk.client is not None else b""
        if first.startswith(b"G") and b"websocket" not in first.lower():
            return
        yield from Reader(talk, _known(), _CLIENT, self.sample).observations()


@dataclass
class _Talk:
    """Our side of the conversation. ``version`` is the one that logins are tried with."""

    service: Service
    net: Network
    version: int = 4

    @property
    def path(self) -> str:
        """Where the WebSocket is, "" without one."""
        hint = self.service.hint
        return hint.removeprefix(_DOOR) if hint.startswith(_DOOR) else ""

    @property
    def client_id(self) -> str:
        # A broker drops the older of two connections with one identifier, and may have two ports.
        return f"{_CLIENT}{self.service.endpoint.port}"

    async def greet(self) -> dict[int, int]:
        """Connect without a login: the code by version. 3.1 only where newer ones are unknown.

        Raises ConnectionLost when no version was answered, and what the first attempt raises.
        """
        codes: dict[int, int] = {}
        with suppress(ConnectionLost):
            codes[4] = await self.connect(4)
        for version in (5, 3):
            if version == 3 and any(c not in packets.UNSUPPORTED_VERSION for c in codes.values()):
                break
            # Old brokers hang up on what they do not know, say nothing, or answer at random.
            with suppress(ConnectionLost, TimedOut, Malformed):
                codes[version] = await self.connect(version)
        if not codes:
            raise ConnectionLost("the broker closed on every version of MQTT")
        return codes

    async def connect(self, version: int) -> int:
        """Connect without a login, ping if that was accepted, take leave; the CONNACK's code."""
        limit = (Property("maximum_packet_size", LARGEST_MESSAGE),) if version == 5 else ()
        hello = packets.Connect(version, self.client_id, properties=limit)
        async with self.net.tcp(self.service) as stream:
            link = await self._link(stream, version)
            await link.send(hello)
            code = _connack(await link.packet()).code
            if code == 0:
                with suppress(ConnectionLost, TimedOut, Malformed):
                    await link.send(packets.Pingreq())
                    await link.packet()
                    await link.send(packets.Disconnect())
            return code

    async def attempt(self, login: Login) -> Outcome:
        """Try one login. No answer in time, from a broker that answered before, is throttling."""
        try:
            async with self.net.tcp(self.service, login=login) as stream:
                link = await self._link(stream, self.version)
                hello = packets.Connect(
                    self.version, self.client_id, username=login.username, password=stream.secret
                )
                await link.send(hello, hide=stream.secret)
                answer = _connack(await link.packet())
                if answer.code == 0:
                    with suppress(ConnectionLost):
                        await link.send(packets.Disconnect())
                return outcome_of(answer)
        except ConnectionLost:
            return Outcome.UNCLEAR
        except TimedOut:
            return Outcome.LOCKED

    async def listen(self, version: int, sample: Sample) -> None:
        """Subscribe to the broker's status and to everything else, for as long as allowed.

        Some brokers hang up instead of refusing a filter: the next one gets its own connection.
        Raises ConnectionLost when a filter was not answered, and TimedOut when the broker stayed.
        """
        waiting, unanswered, stayed = [_SYSTEM, _EVERYTHING], list[str](), True
        while waiting:
            client = subscriber(version, self.client_id, self.path, self._host)
            listener = Listener(client, waiting, sample)
            try:
                async with self.net.relay(self.service) as relay:
                    await listener.run(relay, version)
            except BudgetSpent:
                if listener.waiting:
                    raise
                return  # as much as may be recorded was heard: a short sample, not a failure
            unanswered += listener.waiting[:1]
            stayed = stayed and (listener.stayed or not listener.waiting)
            waiting = listener.waiting[1:]
        named = " and ".join(unanswered)
        if named and stayed:
            raise TimedOut(f"subscribe {named}")
        if named:
            raise ConnectionLost(f"the broker did not answer for {named}")

    async def _link(self, stream: Stream, version: int) -> _Link:
        link = _Link(stream, version)
        if self.path:
            await link.upgrade(self._host, self.path)
        return link

    @property
    def _host(self) -> str:
        endpoint = self.service.endpoint
        return http.host_field(endpoint.address, endpoint.port)


class _Link:
    """MQTT packets over a stream, or over the WebSocket that was opened on it."""

    def __init__(self, stream: Stream, version: int) -> None:
        self._stream, self._version = stream, version
        self._inbound = Inbound(_LARGEST)
        self._wrapped = False

    async def upgrade(self, host: str, path: str) -> None:
        """Open the WebSocket. Raises Malformed when the device does not agree to it."""
        await self._stream.write(websocket.upgrade_request(host, path, "mqtt"))
        head = await self._next()
        if isinstance(head, mqtt.Frame) or not websocket.agrees(head, websocket.KEY):
            raise Malformed("the device does not open a WebSocket for MQTT")
        self._wrapped = True

    async def send(self, packet: packets.Packet, hide: bytes = b"") -> None:
        data = mqtt.encode(packet, self._version)
        if self._wrapped:
            data = websocket.encode_frame(data, mask=websocket.PLAIN_MASK)
        await self._stream.write(data, hide=hide)

    async def packet(self) -> packets.Packet:
        """The next packet. Raises Malformed, and ConnectionLost when the device has closed."""
        item = await self._next()
        if not isinstance(item, mqtt.Frame):
            raise Malformed("HTTP where an MQTT packet was expected")
        return mqtt.decode(item, self._version)

    async def _next(self) -> mqtt.Frame | websocket.Head:
        while (item := self._inbound.next()) is None:
            data = await self._stream.read()
            if not data:
                raise ConnectionLost("the device closed the connection")
            self._inbound.receive(data)
        return item


def _connack(packet: packets.Packet) -> packets.Connack:
    if not isinstance(packet, packets.Connack):
        raise Malformed("the first packet of a broker must be CONNACK")
    return packet


PROBE = Mqtt()
