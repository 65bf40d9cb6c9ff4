"""KNXnet/IP frames and the descriptions that servers give of themselves.

Source: ISO 22510:2019 / EN 13321-2, and the KNX Standard 03/08/01 to 03/08/09: header (2.3 of
03/08/02), search and description (7.5 to 7.7), description information blocks (7.5.4), KNX IP
Secure (03/08/09). Integers are big-endian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 3671
HEADER = b"\x06\x10"
SEARCH_REQUEST, SEARCH_RESPONSE = 0x0201, 0x0202
DESCRIPTION_REQUEST, DESCRIPTION_RESPONSE = 0x0203, 0x0204
CONNECT_RESPONSE = 0x0206
EXTENDED_REQUEST, EXTENDED_RESPONSE = 0x020B, 0x020C
SECURE_WRAPPER, SESSION_REQUEST, SESSION_RESPONSE = 0x0950, 0x0951, 0x0952
SERVICES: Mapping[int, str] = {
    0x0201: "search request",
    0x0202: "search response",
    0x0203: "description request",
    0x0204: "description response",
    0x0205: "connect request",
    0x0206: "connect response",
    0x0207: "connection state request",
    0x0208: "connection state response",
    0x0209: "disconnect request",
    0x020A: "disconnect response",
    0x020B: "extended search request",
    0x020C: "extended search response",
    0x0310: "device configuration request",
    0x0311: "device configuration acknowledgement",
    0x0420: "tunnelling request",
    0x0421: "tunnelling acknowledgement",
    0x0422: "tunnelling feature get",
    0x0423: "tunnelling feature response",
    0x0424: "tunnelling feature set",
    0x0425: "tunnelling feature info",
    0x0530: "routing indication",
    0x0531: "routing lost message",
    0x0532: "routing busy",
    0x0533: "routing system broadcast",
    0x0740: "remote diagnostic request",
    0x0741: "remote diagnostic response",
    0x0742: "remote basic configuration request",
    0x0743: "remote reset request",
    0x0950: "secure wrapper",
    0x0951: "secure session request",
    0x0952: "secure session response",
    0x0953: "secure session authenticate",
    0x0954: "secure session status",
    0x0955: "secure timer notify",
}
ASKING = frozenset({0x0201, 0x0203, 0x0205, 0x0207, 0x020B, 0x0422, 0x0424, 0x0951, 0x0953})
ANSWERING = frozenset({0x0202, 0x0204, 0x0206, 0x0208, 0x020C, 0x0423, 0x0425, 0x0952})
SECURE = frozenset({0x0950, 0x0951, 0x0952, 0x0953, 0x0954, 0x0955})
# Services that use the bus or open the way to it, as answered by a server without security.
USING = frozenset({0x0206, 0x0208, 0x0310, 0x0311, 0x0420, 0x0421, 0x0423, 0x0425})
# Description information blocks.
DEVICE, FAMILIES, SECURED = 0x01, 0x02, 0x06
FAMILY_NAMES: Mapping[int, str] = {
    0x02: "core",
    0x03: "device management",
    0x04: "tunnelling",
    0x05: "routing",
    0x06: "remote logging",
    0x07: "remote configuration",
    0x08: "object server",
    0x09: "security",
}
MEDIA: Mapping[int, str] = {0x02: "TP1", 0x04: "PL110", 0x10: "RF", 0x20: "KNX IP"}
# An endpoint that means "answer where this came from" (03/08/02, 8.6.2.2).
_ROUTE_BACK = {"udp": b"\x08\x01" + bytes(6), "tcp": b"\x08\x02" + bytes(6)}


@dataclass(frozen=True, slots=True)
class Frame:
    service: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Description:
    """What a server says of itself. Service families by number with their version."""

    name: bytes = b""
    address: str = ""
    medium: int = 0
    programming: bool | None = None
    families: Mapping[int, int] | None = None
    secured: Mapping[int, int] | None = None


def encode(service: int, body: bytes) -> bytes:
    """The bytes of a frame."""
    size = (len(HEADER) + 4 + len(body)).to_bytes(2, "big")
    return HEADER + service.to_bytes(2, "big") + size + body


def decode(data: bytes) -> tuple[Frame, int] | None:
    """The first frame and its length, None while it is not complete. Raises Malformed."""
    if not HEADER.startswith(data[:2]):
        raise Malformed("a KNXnet/IP frame begins with 06 10")
    if len(data) < 6:
        return None
    service, length = (int.from_bytes(data[i : i + 2], "big") for i in (2, 4))
    if service not in SERVICES or length < 6:
        raise Malformed("no such KNXnet/IP service")
    if len(data) < length:
        return None
    return Frame(service, data[6:length]), length


def describe(transport: str) -> bytes:
    """The request for a description of the server."""
    return encode(DESCRIPTION_REQUEST, _ROUTE_BACK[transport])


def search_extended(transport: str) -> bytes:
    """A search for this one server that asks for its device, families and secured services."""
    wanted = bytes([6, 0x84, DEVICE, FAMILIES, SECURED, 0])
    return encode(EXTENDED_REQUEST, _ROUTE_BACK[transport] + wanted)


def description(frame: Frame) -> Description:
    """What an answer to a search or a description request says. Raises Malformed."""
    if frame.service not in (SEARCH_RESPONSE, DESCRIPTION_RESPONSE, EXTENDED_RESPONSE):
        raise Malformed("this describes no server")
    blocks = _blocks(frame.body if frame.service == DESCRIPTION_RESPONSE else frame.body[8:])
    device = blocks.get(DEVICE, b"")
    if len(device) < 52:
        raise Malformed("a description without its device")
    number = int.from_bytes(device[2:4], "big")
    return Description(
        name=device[22:52].partition(b"\0")[0],
        address=f"{number >> 12}.{number >> 8 & 15}.{number & 255}",
        medium=device[0],
        programming=bool(device[1] & 1),
        families=_families(blocks.get(FAMILIES)),
        secured=_families(blocks.get(SECURED)),
    )


def _blocks(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while data:
        if len(data) < 2 or not 2 <= data[0] <= len(data):
            raise Malformed("a description block is cut off")
        found.setdefault(data[1], data[2 : data[0]])
        data = data[data[0] :]
    return found


def _families(block: bytes | None) -> dict[int, int] | None:
    return None if block is None else dict(zip(block[::2], block[1::2], strict=False))
