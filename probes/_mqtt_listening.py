"""What the MQTT probe listens with: paho-mqtt as a subscriber that only counts what it hears.

Not a probe: a file of this folder whose name begins with an underscore is part of the one it names.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iotscan.probe_api import Relay
from iotscan.protocols.mqtt.reader import Sample

# Told to version 5 brokers, so that they keep large messages to themselves.
LARGEST_MESSAGE = 16_384
_HANDSHAKE_SECONDS = 5.0
_PARTING_SECONDS = 1.0
_STEP_SECONDS = 0.2


def subscriber(version: int, client_id: str, path: str, host: str) -> paho.Client:
    """A client with a clean session and without a login. ``path``: of its WebSocket, "" for none;
    ``host``: what that asks for.
    """
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if version == 5 else True,
        protocol=MQTTProtocolVersion(version),
        transport="websockets" if path else "tcp",
        reconnect_on_failure=False,
    )
    if path:
        client.ws_set_options(path, {"Host": host, "Origin": f"http://{host}"})
    return client


class Listener:
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

    async def run(self, relay: Relay, version: int) -> None:
        """Returns when enough was heard or the broker hung up; ``waiting`` tells what is open, and
        ``stayed`` whether the broker was still there when it had been waited for long enough.
        """
        try:
            await asyncio.to_thread(
                self.client.connect,
                relay.host,
                relay.port,
                clean_start=True if version == 5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
                properties=_connect_properties(version),
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
    properties.MaximumPacketSize = LARGEST_MESSAGE
    return properties
