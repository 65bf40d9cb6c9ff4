"""NAT-PMP and its successor PCP, which share a port. RFC 6886, RFC 6887."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from iotscan.errors import Malformed

PORT = 5351
NATPMP, PCP = 0, 2
# RFC 6886 section 3.5; RFC 6887 section 7.4.
RESULTS = ("success", "unsupported version", "not authorized", "network failure",
           "out of resources", "unsupported opcode")  # fmt: skip
PCP_RESULTS = ("success", "unsupported version", "not authorized", "malformed request",
               "unsupported opcode", "unsupported option", "malformed option", "network failure",
               "out of resources", "unsupported protocol", "user quota exceeded",
               "cannot provide external", "address mismatch",
               "excessive remote peers")  # fmt: skip
_EXTERNAL, _MAP_UDP, _MAP_TCP = 0, 1, 2
_ANNOUNCE, _MAP = 0, 1
_RESPONSE = 0x80
_TRANSPORTS = {6: "tcp", 17: "udp"}
# RFC 6887 section 7: a multiple of four, at most 1,100 bytes.
_PCP_HEAD, _PCP_MAP, _PCP_LONGEST = 24, 60, 1100

# The question for the outside address, which changes nothing (RFC 6886 section 3.2), and the
# announcement of PCP, which answers with the server's state (RFC 6887 section 14.1). An honest
# client puts its own address there; without it the server says so, and that it is there.
ASK_ADDRESS = bytes([NATPMP, _EXTERNAL])
ASK_PCP = bytes([PCP, _ANNOUNCE]) + bytes(22)


@dataclass(frozen=True, slots=True)
class Answer:
    """A gateway's answer to one of the questions above.

    ``epoch``: seconds since its mappings were last lost; ``address``: outside, None in PCP and
    where there is none.
    """

    version: int
    result: str
    epoch: int = 0
    address: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class MapRequest:
    """Somebody asks for a door. ``lifetime`` in seconds; 0 closes it. Ports are 0 for any."""

    version: int
    transport: str
    internal_port: int
    external_port: int
    lifetime: int
    client: IPv4Address | IPv6Address | None = None


def parse_answer(data: bytes) -> Answer:
    """An answer to one of our two questions. Raises Malformed."""
    if len(data) < 8:
        raise Malformed("an answer has at least 8 bytes")
    if data[0] == NATPMP and data[1] == _RESPONSE:
        return _natpmp_answer(data)
    if data[0] == PCP and data[1] == _RESPONSE | _ANNOUNCE:
        whole = _PCP_HEAD <= len(data) <= _PCP_LONGEST and len(data) % 4 == 0
        if not whole or data[2] or data[3] >= len(PCP_RESULTS) or any(data[12:24]):
            raise Malformed("not an answer of PCP")
        return Answer(PCP, PCP_RESULTS[data[3]], int.from_bytes(data[8:12], "big"))
    raise Malformed("neither NAT-PMP nor PCP")


def parse_map_request(data: bytes) -> MapRequest:
    """A request to open or close a door. Raises Malformed."""
    if data[:1] == bytes([NATPMP]):
        if len(data) != 12 or data[1] not in (_MAP_UDP, _MAP_TCP) or any(data[2:4]):
            raise Malformed("not a mapping request of NAT-PMP")
        inside, outside = (int.from_bytes(data[at : at + 2], "big") for at in (4, 6))
        transport = "udp" if data[1] == _MAP_UDP else "tcp"
        return MapRequest(NATPMP, transport, inside, outside, int.from_bytes(data[8:12], "big"))
    whole = _PCP_MAP <= len(data) <= _PCP_LONGEST and len(data) % 4 == 0
    if not whole or data[0] != PCP or data[1] != _MAP or any(data[2:4]) or any(data[37:40]):
        raise Malformed("not a mapping request of PCP")
    client = ip_address(data[8:24])
    mapped = client.ipv4_mapped if isinstance(client, IPv6Address) else None
    inside, outside = (int.from_bytes(data[at : at + 2], "big") for at in (40, 42))
    transport = _TRANSPORTS.get(data[36], str(data[36]) if data[36] else "all")
    lifetime = int.from_bytes(data[4:8], "big")
    return MapRequest(PCP, transport, inside, outside, lifetime, mapped or client)


def answers(request: bytes, answer: bytes) -> bool:
    """Whether the second answers the first, a request for a door, whatever it decides.

    NAT-PMP repeats the inside port (RFC 6886 section 3.3), PCP a random number of twelve bytes (RFC
    6887 section 11.1).
    """
    if len(request) < 2 or answer[:2] != bytes([request[0], request[1] | _RESPONSE]):
        return False
    if request[0] == PCP:
        return len(answer) >= _PCP_MAP and answer[24:36] == request[24:36]
    code = int.from_bytes(answer[2:4], "big")
    return len(answer) == 16 and code < len(RESULTS) and answer[8:10] == request[4:6]


def _natpmp_answer(data: bytes) -> Answer:
    code = int.from_bytes(data[2:4], "big")
    # A server may leave the address out of an error: RFC 6886 section 3.5.
    if code >= len(RESULTS) or len(data) not in ((12,) if not code else (8, 12)):
        raise Malformed("not an answer of NAT-PMP")
    address = IPv4Address(data[8:12]) if not code else None
    known = address if address and not address.is_unspecified else None
    return Answer(NATPMP, RESULTS[code], int.from_bytes(data[4:8], "big"), known)
