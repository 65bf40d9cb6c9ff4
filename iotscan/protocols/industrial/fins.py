"""OMRON FINS over UDP and TCP: commands, responses and what a controller is.

Source: OMRON W421, CS/CJ-series Ethernet units operation manual, construction of networks: section
7 (FINS/UDP, FINS/TCP headers) and W227, FINS commands reference manual: section 3 (header), 5-3.
Integers are big-endian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 9600
MAGIC = b"FINS"
# Commands of the FINS/TCP header.
NODE_ASKED, NODE_TOLD, FRAME = 0, 1, 2
_TCP_COMMANDS = frozenset({0, 1, 2, 3, 6})
# A FINS/TCP message is a 16-byte header and at most 2,012 bytes of command.
_LONGEST = 2_032
CONTROLLER_DATA_READ = 0x0501
COMMANDS: Mapping[int, str] = {
    0x0101: "memory area read",
    0x0102: "memory area write",
    0x0103: "memory area fill",
    0x0104: "multiple memory area read",
    0x0105: "memory area transfer",
    0x0201: "parameter area read",
    0x0202: "parameter area write",
    0x0203: "parameter area clear",
    0x0304: "program area protect",
    0x0305: "program area protect clear",
    0x0306: "program area read",
    0x0307: "program area write",
    0x0308: "program area clear",
    0x0401: "run",
    0x0402: "stop",
    0x0501: "controller data read",
    0x0502: "connection data read",
    0x0601: "controller status read",
    0x0602: "network status read",
    0x0603: "data link status read",
    0x0620: "cycle time read",
    0x0701: "clock read",
    0x0702: "clock write",
    0x0801: "loop-back test",
    0x0802: "broadcast test results read",
    0x0803: "broadcast test data send",
    0x0920: "message read or clear",
    0x0C01: "access right acquire",
    0x0C02: "access right forced acquire",
    0x0C03: "access right release",
    0x2101: "error clear",
    0x2102: "error log read",
    0x2103: "error log clear",
    0x2140: "access log read",
    0x2141: "access log clear",
    0x2201: "file name read",
    0x2202: "single file read",
    0x2203: "single file write",
    0x2204: "memory card format",
    0x2205: "file delete",
    0x2207: "file copy",
    0x2208: "file name change",
    0x220A: "memory area file transfer",
    0x220B: "parameter area file transfer",
    0x220C: "program area file transfer",
    0x2215: "directory create or delete",
    0x2301: "forced set or reset",
    0x2302: "forced set or reset cancel",
}
WRITES = frozenset(
    {0x0102, 0x0103, 0x0105, 0x0202, 0x0203, 0x0307, 0x0308, 0x0401, 0x0402, 0x0702, 0x2103}
    | {0x2141, 0x2203, 0x2204, 0x2205, 0x2207, 0x2208, 0x2215, 0x2301, 0x2302}
)


@dataclass(frozen=True, slots=True)
class Message:
    """A FINS command or response. ``node``: (destination, source) node numbers.

    In FINS/TCP, ``handshake`` is the header's command when it carries no FINS frame, else -1.
    """

    response: bool
    node: tuple[int, int]
    service: int
    command: int
    data: bytes
    handshake: int = -1


def encode(message: Message) -> bytes:
    """The bytes of a frame, as FINS/UDP carries it."""
    destination, source = message.node
    head = bytes([0xC0 if message.response else 0x80, 0, 2, 0, destination, 0, 0, source, 0])
    return head + bytes([message.service]) + message.command.to_bytes(2, "big") + message.data


def over_tcp(command: int, body: bytes) -> bytes:
    """A FINS/TCP message without error."""
    size = (8 + len(body)).to_bytes(4, "big")
    return MAGIC + size + command.to_bytes(4, "big") + bytes(4) + body


# The client asks for a node number of its own for as long as the connection lasts.
ASK_NODE = over_tcp(NODE_ASKED, bytes(4))


def decode_udp(data: bytes) -> tuple[Message, int] | None:
    """The frame that a datagram is. Raises Malformed."""
    if len(data) < 12 or data[0] & 0xBE != 0x80 or data[1] or data[2] > 7:
        raise Malformed("this is no FINS header")
    if data[3] > 127 or data[6] > 127:
        raise Malformed("no network has this number")
    command = int.from_bytes(data[10:12], "big")
    if command not in COMMANDS:
        raise Malformed("no such FINS command")
    response = bool(data[0] & 0x40)
    if response and len(data) < 14:
        raise Malformed("a response has an end code")
    return Message(response, (data[4], data[7]), data[9], command, data[12:]), len(data)


def decode_tcp(data: bytes) -> tuple[Message, int] | None:
    """The first FINS/TCP message and its length, None while incomplete. Raises Malformed."""
    if not MAGIC.startswith(data[:4]):
        raise Malformed("a FINS/TCP message begins with its name")
    if len(data) < 16:
        return None
    length, command = (int.from_bytes(data[i : i + 4], "big") for i in (4, 8))
    if not 8 <= length <= _LONGEST or command not in _TCP_COMMANDS:
        raise Malformed("no such FINS/TCP message")
    if len(data) < 8 + length:
        return None
    body = data[16 : 8 + length]
    if command == FRAME and body:
        frame = decode_udp(body)
        assert frame is not None
        return frame[0], 8 + length
    return Message(command == NODE_TOLD, (0, 0), 0, 0, body, command), 8 + length


def nodes(message: Message) -> tuple[int, int]:
    """(ours, the controller's) node numbers of an answer to ``ASK_NODE``. Raises Malformed."""
    if message.handshake != NODE_TOLD or len(message.data) < 8:
        raise Malformed("this tells no node number")
    return message.data[3], message.data[7]


def controller(message: Message) -> tuple[bytes, bytes]:
    """(model, version) in a response to a controller data read. Raises Malformed."""
    told = message.response and message.command == CONTROLLER_DATA_READ
    if not told or message.data[:2] != b"\0\0" or len(message.data) < 42:
        raise Malformed("this is no controller data")
    return message.data[2:22].rstrip(b"\0 "), message.data[22:42].rstrip(b"\0 ")
