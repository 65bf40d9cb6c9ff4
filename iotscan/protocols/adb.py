"""Android Debug Bridge messages: bytes to dataclasses and back.

Source: the Android Open Source Project, packages/modules/adb, protocol.txt and adb.h. A header of
six little-endian words (command, two arguments, length, sum of the bytes, inverted command), then
the payload.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

CNXN, AUTH, STLS = b"CNXN", b"AUTH", b"STLS"
OPEN, OKAY, CLSE, WRTE, SYNC = b"OPEN", b"OKAY", b"CLSE", b"WRTE", b"SYNC"
COMMANDS = frozenset((CNXN, AUTH, STLS, OPEN, OKAY, CLSE, WRTE, SYNC))
# adb.h: A_VERSION_MIN, the version in which sums are still sent; MAX_PAYLOAD_V1.
VERSION, PAYLOAD = 0x01000000, 4096
LARGEST = 1024 * 1024
HEADER = 24
_PROPERTY = re.compile(r"([\w.]+)=([^;\0]*)")
# What a device says it is in its system identity; a computer says "host".
DEVICE_STATES = frozenset(
    ("device", "bootloader", "recovery", "sideload", "rescue", "unauthorized")
)


@dataclass(frozen=True, slots=True)
class Message:
    command: bytes
    first: int
    second: int
    data: bytes = b""

    def encode(self) -> bytes:
        command = int.from_bytes(self.command, "little")
        words = (command, self.first, self.second, len(self.data), sum(self.data) & 0xFFFFFFFF)
        return struct.pack("<6I", *words, command ^ 0xFFFFFFFF) + self.data


@dataclass(frozen=True, slots=True)
class Identity:
    """The system identity of a CNXN: ``device::ro.product.model=…;features=…``."""

    state: str
    properties: dict[str, str]


def take(data: bytes) -> tuple[Message, int] | None:
    """The first message and its length; None while incomplete. Raises Malformed."""
    head = data[:HEADER]
    if not is_beginning(head):
        raise Malformed("not a message of the Android Debug Bridge")
    if len(head) < HEADER:
        return None
    _, first, second, length, _, _ = struct.unpack("<6I", head)
    if length > LARGEST:
        raise Malformed(f"a message of {length} bytes")
    end = HEADER + length
    if len(data) < end:
        return None
    return Message(head[:4], first, second, data[HEADER:end]), end


def is_beginning(data: bytes) -> bool:
    """Whether this is a header or the beginning of one: the last word is the first inverted."""
    if len(data) < HEADER:
        return any(command.startswith(data[:4]) for command in COMMANDS) and bool(data)
    inverted = bytes(byte ^ 0xFF for byte in data[:4])
    return data[:4] in COMMANDS and data[20:24] == inverted


def identity(message: Message) -> Identity | None:
    """What the sender of a CNXN says it is; None for another message."""
    if message.command != CNXN:
        return None
    text = message.data.rstrip(b"\0").decode("utf-8", "replace")
    state, _, rest = text.partition(":")
    return Identity(state, dict(_PROPERTY.findall(rest.partition(":")[2])))


def greeting() -> bytes:
    """A computer's CNXN. It asks for nothing: a device shows a question to its owner only when a
    key is sent to it, and none is.
    """
    return Message(CNXN, VERSION, PAYLOAD, b"host::\0").encode()
