"""MQTT on a stream: cuts the bytes of one direction into control packets, and reads those.

Source: OASIS MQTT 3.1.1 section 2.2, OASIS MQTT 5.0 section 2.1. The values are in
:mod:`iotscan.protocols.mqtt.packets`, :func:`encode` in :mod:`iotscan.protocols.mqtt.encode`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.decode import decode_body
from iotscan.protocols.mqtt.encode import encode
from iotscan.protocols.mqtt.wire import LARGEST

__all__ = ["LARGEST", "Frame", "Splitter", "decode", "encode", "is_greeting"]

# The low four bits of the first byte, by type: table 2.2 of 3.1.1. PUBLISH uses all of them, and
# a client of 3.1 may mark these three as repeated.
_FIXED_FLAGS = {packets.PUBREL: 2, packets.SUBSCRIBE: 2, packets.UNSUBSCRIBE: 2}
_REPEATED = 0x08


@dataclass(frozen=True, slots=True)
class Frame:
    """A control packet that is complete but not yet understood."""

    kind: int
    flags: int
    body: bytes = field(repr=False)


_CONNECT = bytes([packets.CONNECT << 4])


class Splitter:
    """Cuts a stream into frames. Holds at most one unfinished frame of ``largest`` bytes."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._buffer = bytearray()

    def receive(self, data: bytes) -> None:
        self._buffer += data

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def lose(self) -> bytes:
        """The rest of what waits will not come: what there is of the body of its first packet, if
        that is a CONNECT.
        """
        begun = bytes(self._buffer)
        length = self._length() if begun[:1] == _CONNECT else None
        self._buffer.clear()
        return begun[length[1] :] if length is not None else b""

    def next(self) -> Frame | None:
        """The next whole frame, None when more bytes are needed.

        Raises Malformed as soon as the first byte or the length cannot begin a packet.
        """
        if not self._buffer:
            return None
        kind, flags = self._buffer[0] >> 4, self._buffer[0] & 0x0F
        _check_flags(kind, flags)
        length = self._length()
        if length is None:
            return None
        size, start = length
        if len(self._buffer) < start + size:
            return None
        body = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        return Frame(kind, flags, body)

    def _length(self) -> tuple[int, int] | None:
        size = 0
        for place, byte in enumerate(self._buffer[1:5]):
            size |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                if size > self._largest:
                    raise Malformed(f"MQTT packet of {size} bytes")
                return size, place + 2
        if len(self._buffer) >= 5:
            raise Malformed("MQTT remaining length is longer than four bytes")
        return None


def decode(frame: Frame, version: int = 4) -> packets.Packet:
    """The packet of a frame in a session of this version (3, 4 or 5). Raises Malformed."""
    return decode_body(frame.kind, frame.flags, frame.body, version)


def is_greeting(heard: bytes) -> bool:
    """Whether these are the first bytes of a broker: a whole CONNACK, then only whole packets.

    Four bytes prove little by themselves, so codes that no standard defines do not count.
    """
    splitter = Splitter()
    splitter.receive(heard)
    try:
        first = splitter.next()
        answer = decode(first) if first else None
        while splitter.next():
            pass
    except Malformed:
        return False
    return isinstance(answer, packets.Connack) and answer.code in packets.REASONS


def _check_flags(kind: int, flags: int) -> None:
    if not packets.CONNECT <= kind <= packets.AUTH:
        raise Malformed(f"MQTT has no packet type {kind}")
    if kind == packets.PUBLISH:
        valid = flags & 0x06 != 0x06
    elif kind in _FIXED_FLAGS:
        valid = flags & ~_REPEATED == _FIXED_FLAGS[kind]
    else:
        valid = flags == 0
    if not valid:
        raise Malformed(f"MQTT packet type {kind} with flags {flags:#x}")
