"""MQTT from one direction of a connection, with or without a WebSocket around it.

OASIS MQTT 3.1.1 section 6: packets travel in binary frames, whose borders mean nothing.
"""

from __future__ import annotations

from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt import codec as mqtt

_CARRYING = (websocket.BINARY, websocket.CONTINUATION)


class Inbound:
    """Turns bytes into MQTT frames; of a WebSocket connection its HTTP head comes first.

    Which it is shows in the first byte: "G" of GET and "H" of HTTP begin no control packet.
    """

    def __init__(self, largest: int = mqtt.LARGEST) -> None:
        self._largest = largest
        self._splitter = mqtt.Splitter(largest)
        self._wrapping: websocket.Reader | None = None
        self._begun = False

    def receive(self, data: bytes) -> None:
        if data and not self._begun:
            self._begun = True
            self._wrapping = websocket.Reader(self._largest) if data[:1] in (b"G", b"H") else None
        (self._splitter if self._wrapping is None else self._wrapping).receive(data)

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their MQTT packet."""
        return self._splitter.pending

    def lose(self) -> bytes:
        """See ``Splitter.lose``."""
        return self._splitter.lose()

    def next(self) -> websocket.Head | mqtt.Frame | None:
        """The next head or frame, None when more bytes are needed. Raises Malformed."""
        while True:
            frame = self._splitter.next()
            if frame is not None or self._wrapping is None:
                return frame
            item = self._wrapping.next()
            if not isinstance(item, websocket.Frame):
                return item
            if item.opcode in _CARRYING:
                self._splitter.receive(item.payload)
