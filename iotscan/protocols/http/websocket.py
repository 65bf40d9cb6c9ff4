"""WebSocket, as far as a protocol carried over it needs: the upgrade and the frames (RFC 6455)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.protocols.http import codec as http

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
# The key only has to be 16 bytes in base64 (section 4.1); a fixed one keeps scans repeatable.
KEY = base64.b64encode(b"iotscan-fixed-16").decode()
# A mask hides bytes from proxies that could be tricked by them (section 10.3). There is none on
# the way to a device, and what must be masked in a record has to travel as it is.
PLAIN_MASK = bytes(4)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame with its payload unmasked."""

    opcode: int
    payload: bytes = field(repr=False)
    final: bool = True


Head = http.Request | http.Response


def accept_value(key: str) -> str:
    """What a server must answer to this Sec-WebSocket-Key (section 4.2.2)."""
    # SHA-1 is what the RFC prescribes; nothing here relies on its strength.
    digest = hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def upgrade_request(host: str, path: str, subprotocol: str, key: str = KEY) -> bytes:
    """The request that opens a WebSocket at ``path`` (section 4.1). Raises Malformed."""
    headers = (
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Protocol", subprotocol),
    )
    return http.build_request("GET", path, host, headers)


def upgrade_answer(key: str, subprotocol: str) -> bytes:
    """What a server says that agrees to open a WebSocket (section 4.2.2)."""
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_value(key)}",
        f"Sec-WebSocket-Protocol: {subprotocol}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def asks_upgrade(head: Head) -> bool:
    """Whether this is a request to change to WebSocket."""
    asked = isinstance(head, http.Request) and head.header("upgrade")
    return bool(asked) and str(asked).lower() == "websocket"


def agrees(head: Head, key: str | None = None) -> bool:
    """Whether this answer opens the WebSocket, the one that ``key`` asked for where it is known."""
    if not isinstance(head, http.Response) or head.status != 101:
        return False
    return key is None or head.header("sec-websocket-accept") == accept_value(key)


def subprotocol(head: Head) -> str:
    """The subprotocol asked for or agreed on, lower case; "" without."""
    return head.header("sec-websocket-protocol").lower()


def encode_frame(payload: bytes, opcode: int = BINARY, mask: bytes | None = None) -> bytes:
    """A final frame. ``mask``: four bytes, which a client must use and a server must not."""
    flag = 0x80 if mask is not None else 0
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, flag | size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, flag | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, flag | 127)) + size.to_bytes(8, "big")
    return head + (mask + _masked(payload, mask) if mask is not None else payload)


class Reader:
    """Reads one direction of a WebSocket connection: first its head, then its frames.

    Holds one unfinished frame of at most ``largest`` bytes.
    """

    def __init__(self, largest: int = 1 << 28) -> None:
        self._largest = largest
        self._buffer = bytearray()
        self._opened = False

    def receive(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Head | Frame | None:
        """The head, then frame by frame; None when more bytes are needed. Raises Malformed."""
        return self._read_frame() if self._opened else self._read_head()

    def _read_head(self) -> Head | None:
        raw = bytes(self._buffer)
        # An upgrade is a GET (section 4.1), and an answer begins with "HTTP".
        head = http.parse_request(raw) if raw[:1] == b"G" else http.parse_response(raw)
        if head is not None:
            self._opened = True
            del self._buffer[: head.end]
        return head

    def _read_frame(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        opcode, short = buffer[0] & 0x0F, buffer[1] & 0x7F
        if buffer[0] & 0x70 or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Malformed("WebSocket frame uses reserved bits")
        if opcode >= CLOSE and (short > 125 or not buffer[0] & 0x80):
            raise Malformed("WebSocket control frame is too long or in parts")
        wide = {126: 2, 127: 8}.get(short, 0)
        masked = 4 if buffer[1] & 0x80 else 0
        start = 2 + wide + masked
        if len(buffer) < start:
            return None
        size = int.from_bytes(buffer[2 : 2 + wide], "big") if wide else short
        if size > self._largest:
            raise Malformed(f"WebSocket frame of {size} bytes")
        if len(buffer) < start + size:
            return None
        payload = bytes(buffer[start : start + size])
        mask = bytes(buffer[start - masked : start])
        frame = Frame(opcode, _masked(payload, mask) if mask else payload, bool(buffer[0] & 0x80))
        del buffer[: start + size]
        return frame


def _masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    stream = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
