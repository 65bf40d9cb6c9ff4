"""A small MQTT broker, versions 3.1 to 5: logins, subscriptions, retained messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from iotscan.demo.host import Talk
from iotscan.errors import Malformed
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets

_REFUSED = {5: 0x87}  # "not authorised"; 5 in versions 3.1 and 3.1.1


def anybody(name: str | None, password: bytes | None) -> bool:
    return True


@dataclass
class Broker:
    """``admits``: whether a user name and a password (both may be missing) may connect.

    ``retained``: what is handed out to subscribers, by topic.
    """

    admits: Callable[[str | None, bytes | None], bool] = anybody
    retained: Mapping[str, bytes] = field(default_factory=dict)

    def served(self) -> Talk:
        """What answers a connection."""
        return self._serve

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = mqtt.Splitter(largest=65_536)
        version = 0
        while data := await reader.read(4096):
            splitter.receive(data)
            try:
                while (frame := splitter.next()) is not None:
                    packet = mqtt.decode(frame, version or 4)
                    if isinstance(packet, packets.Connect) == bool(version):
                        return  # the first packet must be CONNECT, and only the first
                    if isinstance(packet, packets.Connect):
                        version = packet.version
                    if not self._answer(packet, version, writer):
                        return
            except Malformed:
                return
            await writer.drain()

    def _answer(self, packet: packets.Packet, version: int, writer: asyncio.StreamWriter) -> bool:
        """Answer one packet; whether the connection goes on."""

        def send(answer: packets.Packet) -> None:
            writer.write(mqtt.encode(answer, version))

        match packet:
            case packets.Connect():
                admitted = self.admits(packet.username, packet.password)
                send(packets.Connack(0 if admitted else _REFUSED.get(version, 5)))
                return admitted
            case packets.Subscribe():
                send(packets.Suback(packet.packet_id, tuple(0 for _ in packet.filters)))
                wanted = [pattern for pattern, _ in packet.filters]
                for topic, payload in self.retained.items():
                    if any(matches(pattern, topic) for pattern in wanted):
                        send(packets.Publish(topic, payload, retain=True))
            case packets.Unsubscribe():
                codes = tuple(0 for _ in packet.filters) if version == 5 else ()
                send(packets.Unsuback(packet.packet_id, codes))
            case packets.Pingreq():
                send(packets.Pingresp())
            case packets.Disconnect():
                return False
        return True


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic filter covers a topic. OASIS MQTT 3.1.1 section 4.7."""
    if topic.startswith("$") and not pattern.startswith("$"):
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in ("+", levels[number]):
            return False
    return len(wanted) == len(levels)
