"""TP-Link Kasa: the first generation, obscured by XOR, and what the later ones say in discovery.

Plugs, switches and bulbs of the first generation take JSON on port 9999, each byte combined with
the one before it, the first with 171; over TCP the length comes first. Whoever knows that gives
orders. Later ones (KLAP, AES) answer on 20002, in clear after 16 bytes of header, with what stands
before their control interface. As published by softScheck (2016, "Reverse Engineering the TP-Link
HS110") and with TP-Link's discovery protocol by WithSecure (2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice, json_object, object_in, text_in

PORT, LATER_PORT = 9999, 20002
FIRST, LATER = "TP-Link Kasa", "TP-Link discovery"
_KEY = 171
# The longest description, of a strip with six sockets, is below 4 kB.
LONGEST = 16_384
_SYSINFO = b'{"system":{"get_sysinfo":{}}}'
# Version 2, a probe, no payload, no number of its own; the last four bytes are the header's CRC-32
# with 5a6b7c8d in their place.
LATER_QUESTION = bytes.fromhex("020000010000000000000000463cb5d3")
_HEADER = 16
_KINDS = {"PLUG": "plug", "SWITCH": "plug", "BULB": "bulb", "HUB": "hub", "CAMERA": "camera"}


def obscured(data: bytes) -> bytes:
    """The bytes as they travel."""
    key, out = _KEY, bytearray()
    for byte in data:
        key ^= byte
        out.append(key)
    return bytes(out)


def plain(data: bytes) -> bytes:
    """What travelled as these bytes."""
    return bytes(before ^ byte for before, byte in zip(bytes([_KEY]) + data, data, strict=False))


QUESTION = obscured(_SYSINFO)
STREAM_QUESTION = len(QUESTION).to_bytes(4, "big") + QUESTION


def take(data: bytes) -> tuple[bytes, int] | None:
    """The first message of a TCP stream in clear and its length with the four bytes before it;
    None while it is not complete. Raises Malformed.
    """
    if len(data) < 4:
        return None
    size = int.from_bytes(data[:4], "big")
    if not 2 <= size <= LONGEST:
        raise Malformed("no such length of a Kasa message")
    begun = plain(data[4:6])
    if not b'{"'.startswith(begun) and begun != b"{}":
        raise Malformed("a Kasa message is a JSON object")
    return None if len(data) < 4 + size else (plain(data[4 : 4 + size]), 4 + size)


def read_sysinfo(data: bytes) -> LanDevice:
    """What a description in clear, an answer to ``get_sysinfo``, says. Raises Malformed."""
    said = object_in(json_object(data), "system", "get_sysinfo")
    if said.get("err_code") not in (0, None) or not text_in(said, "deviceId", "model"):
        raise Malformed("no description of a device")
    macs = text_in(said, "mac", "mic_mac", "ethernet_mac")
    return LanDevice(
        FIRST,
        vendor="TP-Link",
        model=text_in(said, "model"),
        firmware=text_in(said, "sw_ver").partition(" ")[0],
        kind=_kind(text_in(said, "type", "mic_type"), text_in(said, "dev_name", "description")),
        name=text_in(said, "alias"),
        open=True,
        how="it asks for no login",
        position=_stands(said),
        numbers=tuple(filter(None, (macs, text_in(said, "deviceId")))),
        serial=bool(text_in(said, "deviceId")),
    )


def read_later(data: bytes) -> LanDevice:
    """What an answer on port 20002 says. Raises Malformed.

    Its control interface wants the owner's account: nothing is open, unless the device says that it
    is as it came from the factory.
    """
    if len(data) < _HEADER or data[0] != 2 or data[1] != 0 or data[_HEADER : _HEADER + 1] != b"{":
        raise Malformed("no answer of TP-Link's discovery")
    tree = json_object(data[_HEADER:].rstrip(b"\0"))
    said = object_in(tree, "result")
    kind = text_in(said, "device_type")
    if tree.get("error_code") != 0 or not (kind and text_in(said, "device_model")):
        raise Malformed("no description of a device")
    scheme = said.get("mgt_encrypt_schm")
    fresh = said.get("factory_default")
    return LanDevice(
        LATER,
        version=text_in(scheme, "encrypt_type") if isinstance(scheme, dict) else "",
        vendor="TP-Link",
        model=text_in(said, "device_model"),
        firmware=text_in(said, "firmware_version", "fw_ver").partition(" ")[0],
        kind=_kind(kind, ""),
        open=False,
        setup=fresh if isinstance(fresh, bool) else None,
        numbers=tuple(filter(None, (text_in(said, "mac"), text_in(said, "device_id")))),
        serial=bool(text_in(said, "device_id")),
        port=LATER_PORT,
    )


def _kind(type_name: str, description: str) -> str:
    described = description.lower()
    if "plug" not in described and ("switch" in described or "dimmer" in described):
        return "wall switch"
    return next((kind for word, kind in _KINDS.items() if word in type_name.upper()), "")


def _stands(said: Mapping[str, Any]) -> bool | None:
    """Whether it tells degrees that somebody set; None when it has no such field."""
    degrees = [said[name] for name in ("latitude_i", "longitude_i", "latitude", "longitude")
               if isinstance(said.get(name), int | float)]  # fmt: skip
    return any(degrees) if degrees else None
