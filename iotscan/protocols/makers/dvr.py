"""The first words of recorders' own protocols, as far as their openings are publicly described.

Xiongmai (DVRIP, "NETsurveillance"): a header of 20 bytes, little-endian, then JSON. Dahua (DVRIP of
its own): a header of 32 bytes, then lines of text. Both questions are put before any login.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

XIONGMAI, DAHUA = "Xiongmai", "Dahua"
XIONGMAI_PORT, DAHUA_PORT = 34567, 37777
# Head 0xFF, version, two reserved bytes, session, sequence, two of splitting, message, length.
_HEAD = struct.Struct("<BBxxIIxxHI")
_KEEP_ALIVE = 1006
_LONGEST = 65_536
# The question for a challenge: command 0xA0, and the versions that follow the zeroes.
_DAHUA_HELLO = bytes.fromhex("a0010000") + bytes(20) + bytes.fromhex("050201010000a1aa")
_DAHUA_HEAD = 32
_DAHUA_ANSWER = re.compile(rb"\xb0[\x00\x01]\x00[\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Greeting:
    """An answer to a hello. ``end``: where it ends in the bytes read."""

    product: str
    end: int


def xiongmai_hello() -> bytes:
    """A keep-alive of no session, which is answered without one."""
    body = json.dumps({"Name": "KeepAlive", "SessionID": "0x00000000"}).encode() + b"\n"
    return _HEAD.pack(0xFF, 0, 0, 0, _KEEP_ALIVE, len(body)) + body


def dahua_hello() -> bytes:
    """The question with which every login begins; nothing of one is in it."""
    return _DAHUA_HELLO


def parse(data: bytes) -> Greeting | None:
    """The answer of either protocol; None while more bytes are needed. Raises Malformed."""
    if not data:
        return None
    if data[0] == 0xFF:
        return _xiongmai(data)
    if data[0] == 0xB0:
        return _dahua(data)
    raise Malformed("neither recorders' protocol")


def _xiongmai(data: bytes) -> Greeting | None:
    if data[1:2] not in (b"", b"\x00", b"\x01"):
        raise Malformed("not a Xiongmai answer")
    if len(data) < _HEAD.size:
        return None
    _, _, _, _, message, length = _HEAD.unpack_from(data)
    # Requests and their answers are numbered from 1000 on.
    if not 1000 <= message < 4000 or not 2 <= length <= _LONGEST:
        raise Malformed("not a Xiongmai answer")
    end = _HEAD.size + length
    if len(data) < end:
        return None
    try:
        said = json.loads(data[_HEAD.size : end].rstrip(b"\n\0"))
    except (ValueError, RecursionError) as error:
        raise Malformed("a Xiongmai answer without JSON") from error
    if not isinstance(said, dict) or "Ret" not in said:
        raise Malformed("a Xiongmai answer without a result")
    return Greeting(XIONGMAI, end)


def _dahua(data: bytes) -> Greeting | None:
    if len(data) < _DAHUA_HEAD:
        if not _DAHUA_ANSWER.match(data[:4]) and len(data) >= 4:
            raise Malformed("not a Dahua answer")
        return None
    length = int.from_bytes(data[4:8], "little")
    if not _DAHUA_ANSWER.match(data) or not 0 < length <= _LONGEST:
        raise Malformed("not a Dahua answer")
    end = _DAHUA_HEAD + length
    if len(data) < end:
        return None
    if b"Realm:" not in data[_DAHUA_HEAD:end]:
        raise Malformed("a Dahua answer without a challenge")
    return Greeting(DAHUA, end)
