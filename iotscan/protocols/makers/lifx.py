"""LIFX lamps: frames of the LIFX LAN protocol, and what the answers that only tell say.

Little-endian. Source: LIFX LAN protocol documentation (lan.developer.lifx.com): header, and the
messages GetService (2), StateService (3), GetHostFirmware (14), StateHostFirmware (15), GetLabel
(23), StateLabel (25), GetVersion (32), StateVersion (33).
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice

PORT = 56700
NAME = "LIFX"
_HEADER = 36
_PROTOCOL = 1024
_TAGGED, _ADDRESSABLE = 0x2000, 0x1000
# Any number above one marks whose question an answer belongs to.
_SOURCE = (0x736E6163).to_bytes(4, "little")
_GET_SERVICE, _STATE_SERVICE = 2, 3
_GET_FIRMWARE, _STATE_FIRMWARE = 14, 15
_GET_LABEL, _STATE_LABEL = 23, 25
_GET_VERSION, _STATE_VERSION = 32, 33
_SIZES = {_STATE_SERVICE: 5, _STATE_FIRMWARE: 20, _STATE_LABEL: 32, _STATE_VERSION: 12}
_VENDOR = 1
_UDP = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """A message of a lamp. ``target`` is its number, which begins with its MAC."""

    kind: int
    target: bytes
    payload: bytes


def question(kind: int) -> bytes:
    """A question without content to whoever hears it."""
    flags = (_PROTOCOL | _ADDRESSABLE | _TAGGED).to_bytes(2, "little")
    head = _HEADER.to_bytes(2, "little") + flags + _SOURCE
    return head + bytes(24) + kind.to_bytes(2, "little") + bytes(2)


WHO = question(_GET_SERVICE)
VERSION, FIRMWARE, LABEL = map(question, (_GET_VERSION, _GET_FIRMWARE, _GET_LABEL))


def decode(data: bytes) -> Frame:
    """The frame that the datagram is. Raises Malformed."""
    if len(data) < _HEADER or int.from_bytes(data[:2], "little") != len(data):
        raise Malformed("no LIFX frame, or not a whole one")
    if int.from_bytes(data[2:4], "little") & 0x1FFF != _PROTOCOL | _ADDRESSABLE:
        raise Malformed("not the protocol of LIFX")
    return Frame(int.from_bytes(data[32:34], "little"), data[8:16], data[_HEADER:])


def read(data: bytes) -> LanDevice:
    """What an answer says. Raises Malformed.

    No message of the protocol says who sends it: whoever reaches a lamp gives orders.
    """
    frame = decode(data)
    mac, payload = frame.target[:6], frame.payload
    if _SIZES.get(frame.kind) != len(payload) or mac[0] & 1 or not any(mac):
        raise Malformed("no answer of a lamp")
    if frame.kind == _STATE_SERVICE and payload[0] != _UDP:
        raise Malformed("a service that is not this protocol")
    return LanDevice(
        NAME,
        vendor="LIFX",
        model=_model(frame),
        firmware=_firmware(frame),
        kind="bulb",
        name=_label(frame),
        open=True,
        how="nothing in its protocol says who sends an order",
        numbers=(mac.hex(":"),),
    )


def _model(frame: Frame) -> str:
    if frame.kind != _STATE_VERSION:
        return ""
    vendor, product = (int.from_bytes(frame.payload[i : i + 4], "little") for i in (0, 4))
    return f"product {product}" if vendor == _VENDOR else ""


def _firmware(frame: Frame) -> str:
    if frame.kind != _STATE_FIRMWARE:
        return ""
    minor, major = (int.from_bytes(frame.payload[i : i + 2], "little") for i in (16, 18))
    return f"{major}.{minor}"


def _label(frame: Frame) -> str:
    label = frame.payload if frame.kind == _STATE_LABEL else b""
    return label.partition(b"\0")[0].decode("utf-8", "replace")
