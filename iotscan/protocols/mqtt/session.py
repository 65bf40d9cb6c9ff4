"""One MQTT connection put together from what both sides said: ours or a captured one. Pure.

The client's CONNECT says the version, by which everything after it is read. A connection whose
beginning was not seen is read as 3.1.1, and only taken for MQTT when all of it fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from iotscan.errors import Malformed
from iotscan.model import Sender, Turn
from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.decode import begun_connect
from iotscan.protocols.mqtt.inbound import Inbound

_FROM_CLIENT = (packets.Connect, packets.Subscribe, packets.Unsubscribe, packets.Pingreq)
_FROM_SERVER = (packets.Connack, packets.Suback, packets.Unsuback, packets.Pingresp)
# Two packets in a row that fit by chance are too rare to matter; one (two bytes) is not.
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter that was asked for; ``code`` is what SUBACK said of it, None without an answer."""

    filter: str
    code: int | None
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A PUBLISH, with its topic alias resolved, and the index of the turn that completed it."""

    sender: Sender
    packet: packets.Publish
    turn: int


@dataclass(slots=True)
class Session:
    """What was understood; numbers called ``…_turn`` and ``turns`` are indexes of turns.

    ``later``: the server's packets after CONNACK but for DISCONNECT (``farewell``), which show that
    it kept the session. ``sampled``: seconds from the first SUBACK to
    the last turn. ``agreed``: the server accepted WebSocket with an MQTT subprotocol. ``cut``: its
    last packet was not heard to the end.
    """

    version: int | None = None
    connect: packets.Connect | None = None
    connect_turn: int = 0
    connack: packets.Connack | None = None
    connack_turn: int = 0
    subscriptions: list[Subscription] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    farewell: packets.Disconnect | None = None
    sampled: float = 0.0
    websocket: bool = False
    agreed: bool = False
    broken: bool = False
    cut: bool = False
    turns: list[int] = field(default_factory=list)

    @property
    def established(self) -> bool:
        """Whether these bytes can only be MQTT."""
        if self.connect is not None or self.agreed:
            return True
        return not self.broken and (self.connack is not None or len(self.turns) >= _ENOUGH)


def read_session(turns: Iterable[tuple[int, Turn]]) -> Session | None:
    """The session of one channel's turns, None when they are not MQTT. Never raises."""
    builder = _Builder()
    for index, turn in turns:
        builder.hear(index, turn)
    builder.end()
    return builder.session if builder.session.established else None


class _Builder:
    def __init__(self) -> None:
        self.session = Session()
        self._sides: dict[Sender, Inbound] = {"client": Inbound(), "server": Inbound()}
        self._deaf: set[Sender] = set()
        self._aliases: dict[tuple[Sender, int], str] = {}
        self._asked: dict[int, tuple[int, packets.Subscribe]] = {}
        self._granted_at: float | None = None

    def hear(self, index: int, turn: Turn) -> None:
        if self._granted_at is not None:
            self.session.sampled = round(turn.at - self._granted_at, 6)
        if turn.sender in self._deaf:
            return
        side = self._sides[turn.sender]
        try:
            side.receive(turn.data)
            while turn.sender not in self._deaf and (item := side.next()) is not None:
                if isinstance(item, mqtt.Frame):
                    self._understand(index, turn, item)
                else:
                    self._upgrade(turn.sender, item)
            if turn.cut:
                self._lose(index, turn.sender)
        except Malformed:
            self._deaf.add(turn.sender)
            self.session.broken = True

    def _lose(self, index: int, sender: Sender) -> None:
        """What waits for its end will not get it; of a CONNECT the beginning tells enough."""
        begun, session = self._sides[sender].lose(), self.session
        connect = begun_connect(begun) if begun and sender == "client" else None
        if connect is not None and session.connect is None:
            session.connect, session.connect_turn, session.version = connect, index, connect.version
            session.turns.append(index)

    def end(self) -> None:
        self.session.cut = self._sides["server"].pending > 0 and "server" not in self._deaf

    def _upgrade(self, sender: Sender, head: websocket.Head) -> None:
        if websocket.agrees(head) and websocket.subprotocol(head).startswith("mqtt"):
            self.session.websocket = self.session.agreed = True
        elif websocket.asks_upgrade(head):
            self.session.websocket = True
        else:
            self._deaf.add(sender)  # ordinary HTTP: what follows is no protocol of ours

    def _understand(self, index: int, turn: Turn, frame: mqtt.Frame) -> None:
        session = self.session
        packet = mqtt.decode(frame, session.version or 4)
        if isinstance(packet, _FROM_SERVER if turn.sender == "client" else _FROM_CLIENT):
            raise Malformed("an MQTT packet that only the other side may send")
        session.turns.append(index)
        if turn.sender == "server" and session.connack is not None:
            if isinstance(packet, packets.Disconnect):
                session.farewell = packet
            else:
                session.later.append(index)
        match packet:
            case packets.Connect() if session.connect is None:
                session.connect, session.connect_turn = packet, index
                session.version = packet.version
            case packets.Connack() if session.connack is None:
                session.connack, session.connack_turn = packet, index
            case packets.Subscribe():
                self._asked[packet.packet_id] = (index, packet)
                unanswered = (Subscription(name, None, (index,)) for name, _ in packet.filters)
                session.subscriptions.extend(unanswered)
            case packets.Suback():
                self._granted(index, turn.at, packet)
            case packets.Publish():
                session.messages.append(
                    Message(turn.sender, self._named(turn.sender, packet), index)
                )
            case _:
                pass

    def _granted(self, index: int, at: float, answer: packets.Suback) -> None:
        asked_turn, asked = self._asked.pop(answer.packet_id, (0, None))
        if asked is None:
            return
        if len(asked.filters) != len(answer.codes):
            raise Malformed("SUBACK does not answer every filter")
        if self._granted_at is None:
            self._granted_at = at
        open_ones = self.session.subscriptions
        for (name, _), code in zip(asked.filters, answer.codes, strict=True):
            open_ones.remove(Subscription(name, None, (asked_turn,)))
            open_ones.append(Subscription(name, code, (asked_turn, index)))

    def _named(self, sender: Sender, packet: packets.Publish) -> packets.Publish:
        alias = next((p.value for p in packet.properties if p.name == "topic_alias"), None)
        if not isinstance(alias, int):
            return packet
        if packet.topic:
            self._aliases[sender, alias] = packet.topic
            return packet
        if (sender, alias) not in self._aliases:
            raise Malformed("MQTT topic alias that was never set")
        return replace(packet, topic=self._aliases[sender, alias])
