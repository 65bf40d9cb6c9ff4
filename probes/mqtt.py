"""MQTT: who may connect, who may listen to what, and what the broker gives away.

Four steps, each on its own connection: CONNECT without a login as 3.1.1 (and a ping, because a
code 0 alone is not access), as 5.0 for its limits, then either a short look at ``$SYS/#`` and
``#`` with paho-mqtt, or, where a login is asked for, the pairs that suit the device. Nothing is
ever published, no will is left, every session is clean.

Sources: OASIS MQTT 3.1.1 and 5.0; section 6 of both for WebSocket.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iotscan.errors import BudgetSpent, ConnectionLost, Malformed, TimedOut
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, Relay, Stream, try_logins
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

# Of the request that opens a WebSocket.
_LONGEST_HEAD = 8192
_CLIENT = "iotscan"
_DOOR = "websocket "  # openings of this name carry the path behind it
_SYSTEM, _EVERYTHING = "$SYS/#", "#"
# The most of one packet that is read while connecting; a CONNACK has a few hundred bytes.
_LARGEST = 65_536
# Told to version 5 brokers, so that they keep large messages to themselves.
_LARGEST_MESSAGE = 16_384
_HANDSHAKE_SECONDS = 5.0
_PARTING_SECONDS = 1.0
_STEP_SECONDS = 0.2
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
        limit = (Property("maximum_packet_size", _LARGEST_MESSAGE),) if version == 5 else ()
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
            listener = _Listener(self._paho(version), waiting, sample)
            try:
                async with self.net.relay(self.service) as relay:
                    await listener.run(relay, _connect_properties(version))
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

    def _paho(self, version: int) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=None if version == 5 else True,
            protocol=MQTTProtocolVersion(version),
            transport="websockets" if self.path else "tcp",
            reconnect_on_failure=False,
        )
        if self.path:
            client.ws_set_options(self.path, {"Host": self._host, "Origin": f"http://{self._host}"})
        return client


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


class _Listener:
    """paho-mqtt at a relay: subscribes filter by filter, listens for a while, leaves politely.

    Driven step by step from here. It only counts: what was said is on record.
    """

    def __init__(self, client: paho.Client, filters: Sequence[str], sample: Sample) -> None:
        self.client, self.sample = client, sample
        self.waiting, self.answered = list(filters), list[str]()
        self.over = self.stayed = False
        self._messages = self._octets = self._released = 0
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = self._unsubscribed
        client.on_message = self._heard

    async def run(self, relay: Relay, properties: Properties | None) -> None:
        """Returns when enough was heard or the broker hung up; ``waiting`` tells what is open, and
        ``stayed`` whether the broker was still there when it had been waited for long enough.
        """
        clean = paho.MQTT_CLEAN_START_FIRST_ONLY if properties is None else True
        try:
            await asyncio.to_thread(
                self.client.connect,
                relay.host,
                relay.port,
                clean_start=clean,
                properties=properties,
            )
            await self._drive(_HANDSHAKE_SECONDS, lambda: self.over or not self.waiting)
            self.stayed = not self.over and self.client.socket() is not None
            if not self.waiting:
                await self._drive(self.sample.seconds, lambda: self.over)
            # One by one: what a broker still says to a client that has left could cut it short.
            for name in self.answered:
                self.client.unsubscribe(name)
            await self._drive(_PARTING_SECONDS, lambda: self._released >= len(self.answered))
            self.client.disconnect()
            await self._drive(_PARTING_SECONDS, lambda: False)
        # paho parses what the device sends and lets out whatever goes wrong there. Nothing is
        # lost by that: ``waiting`` tells, and the record is read by our own codec.
        except Exception:
            self.over = True

    async def _drive(self, seconds: float, enough: Callable[[], bool]) -> None:
        """Go on for so many seconds, in which only those count that were spent at the door: while
        this machine was busy elsewhere, the broker may have answered.
        """
        clock = asyncio.get_running_loop().time
        while not enough() and seconds > 0 and self.client.socket() is not None:
            seconds -= await asyncio.to_thread(self._step, clock)

    def _step(self, clock: Callable[[], float]) -> float:
        """One look, and what it cost: never more than a look may take."""
        began = clock()
        # Not client.loop(): it uses select(), which cannot see descriptors above 1,023.
        door = self.client.socket()
        if door is None:
            return 0.0
        writing = selectors.EVENT_WRITE if self.client.want_write() else 0
        with selectors.DefaultSelector() as selector:
            selector.register(door, selectors.EVENT_READ | writing)
            ready = [events for _, events in selector.select(_STEP_SECONDS)]
        for events in ready:
            if events & selectors.EVENT_READ:
                self.client.loop_read()
            if events & selectors.EVENT_WRITE:
                self.client.loop_write()
        self.client.loop_misc()
        return min(clock() - began, _STEP_SECONDS)

    def _connected(self, *told: Any) -> None:
        if told[3].is_failure:
            self.over = True
        else:
            self._ask()

    def _ask(self) -> None:
        if self.waiting:
            self.client.subscribe(self.waiting[0], 0)

    def _subscribed(self, *_told: Any) -> None:
        if self.waiting:
            self.answered.append(self.waiting.pop(0))
        self._ask()

    def _unsubscribed(self, *_told: Any) -> None:
        self._released += 1

    def _heard(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        self._messages += 1
        self._octets += len(message.payload)
        if self._messages >= self.sample.messages or self._octets >= self.sample.octets:
            self.over = True


def _connect_properties(version: int) -> Properties | None:
    if version != 5:
        return None
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
    properties.MaximumPacketSize = _LARGEST_MESSAGE
    return properties


def _connack(packet: packets.Packet) -> packets.Connack:
    if not isinstance(packet, packets.Connack):
        raise Malformed("the first packet of a broker must be CONNACK")
    return packet


PROBE = Mqtt()
