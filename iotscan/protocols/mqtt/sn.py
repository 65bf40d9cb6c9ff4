"""MQTT-SN, the MQTT of sensor networks: the search for a gateway and its answer.

Source: MQTT-SN 1.2 (2013), sections 5.2 (header), 5.4.2 (SEARCHGW) and 5.4.3 (GWINFO).
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed

SEARCHGW, GWINFO = 0x01, 0x02
# A radius of 1 reaches the gateway asked and nobody behind it.
SEARCH = bytes((3, SEARCHGW, 1))


@dataclass(frozen=True, slots=True)
class GatewayInfo:
    """A gateway's answer; ``address`` is only there when a client answered for it."""

    gateway: int
    address: bytes = b""


def decode_gateway_info(datagram: bytes) -> GatewayInfo:
    """The GWINFO in a datagram. Raises Malformed."""
    if len(datagram) < 3 or datagram[0] != len(datagram) or datagram[1] != GWINFO:
        raise Malformed("not an answer of an MQTT-SN gateway")
    return GatewayInfo(datagram[2], datagram[3:])
