"""Broadlink's discovery: remote controls, plugs and lamps on UDP port 80.

Little-endian, at fixed places: a sum over all bytes at 0x20, the command at 0x26; in answers the
type of the device at 0x34, its MAC at 0x3a, its name at 0x40, and at 0x7f whether it is locked.
Keys for orders are given to whoever asks, unless it is locked. As published by M. Garrett (2016).
"""

from __future__ import annotations

from datetime import datetime

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice

PORT = 80
NAME = "Broadlink"
_HELLO, _ANSWER = 6, b"\x07\0"
_SIZE = 0x80


def hello(now: datetime) -> bytes:
    """The question who is there. It carries the time of whoever asks, ``now`` with its zone, as the
    maker's app sends it: a wrong one might be taken over.
    """
    message = bytearray(0x30)
    offset = now.utcoffset()
    hours = int(offset.total_seconds() // 3600) if offset is not None else 0
    message[0x08:0x0C] = hours.to_bytes(4, "little", signed=True)
    message[0x0C:0x0E] = now.year.to_bytes(2, "little")
    message[0x0E:0x14] = bytes(
        [now.minute, now.hour, now.year % 100, now.isoweekday(), now.day, now.month]
    )
    message[0x26] = _HELLO
    message[0x20:0x22] = ((0xBEAF + sum(message)) & 0xFFFF).to_bytes(2, "little")
    return bytes(message)


def read_hello(data: bytes) -> LanDevice:
    """What the answer to a hello says. Raises Malformed."""
    if len(data) < _SIZE or data[0x26:0x28] != _ANSWER:
        raise Malformed("no answer to Broadlink's hello")
    mac, locked = data[0x3F:0x39:-1], data[0x7F]
    if mac[0] & 1 or not any(mac) or locked > 1:
        raise Malformed("no device says so")
    try:
        name = data[0x40:0x7F].partition(b"\0")[0].decode()
    except UnicodeDecodeError as error:
        raise Malformed("a name that is no text") from error
    return LanDevice(
        NAME,
        model=f"0x{int.from_bytes(data[0x34:0x36], 'little'):04x}",
        name=name,
        open=not locked,
        how="it is not locked and gives the key for orders to whoever asks",
        numbers=(mac.hex(":"),),
    )
