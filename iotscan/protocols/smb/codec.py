"""SMB's first exchange, NEGOTIATE: bytes to dataclasses and back.

[MS-CIFS] 2.2.4.52 (version 1), [MS-SMB2] 2.2.3 and 2.2.4, and RFC 1002 section 4.3.1 for the four
bytes before each message.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

V1, V2 = b"\xffSMB", b"\xfeSMB"
NEGOTIATE_1 = 0x72
NONE_OF_THEM = 0xFFFF
# Version 1 proper; the other two names ask a server of version 2 to show itself.
NT_LM, ANY_2 = "NT LM 0.12", ("SMB 2.002", "SMB 2.???")
DIALECTS_2 = {0x0202: "2.0.2", 0x0210: "2.1", 0x0300: "3.0", 0x0302: "3.0.2", 0x0311: "3.1.1"}
# What answers the names of ANY_2: more is negotiated later ([MS-SMB2] 3.3.5.3.1).
_WILDCARD = 0x02FF
LARGEST = 65_536
_SIGNING_ENABLED, _SIGNING_REQUIRED = 1, 2
_STATUS_OK = 0


@dataclass(frozen=True, slots=True)
class Negotiated:
    """A server's answer. ``version`` 1 or 2; ``dialect`` "" when it takes none of those offered,
    "2" when it only says that it speaks version 2. ``signing_required`` None where refused.
    """

    version: int
    dialect: str
    signing_required: bool | None = None


def negotiate_1(*dialects: str) -> bytes:
    """A version 1 request that offers these dialects. Flags as common clients send them."""
    words = b"".join(b"\x02" + name.encode("ascii") + b"\0" for name in dialects)
    head = V1 + struct.pack("<BIBHH8sHHHHH", NEGOTIATE_1, 0, 0x18, 0xC853, 0, bytes(8), 0, 0xFFFF,
                            0xFEFF, 0, 0)  # fmt: skip
    return _framed(head + struct.pack("<BH", 0, len(words)) + words)


def negotiate_2() -> bytes:
    """A version 2 request for every dialect but 3.1.1, which wants contexts of its own. The
    client's identifier is zero: nothing is resumed.
    """
    dialects = [number for number in DIALECTS_2 if number != 0x0311]
    head = V2 + struct.pack("<HHIHHIIQIIQ16s", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, bytes(16))
    body = struct.pack("<HHHHI16sQ", 36, len(dialects), _SIGNING_ENABLED, 0, 0, bytes(16), 0)
    return _framed(head + body + b"".join(struct.pack("<H", number) for number in dialects))


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


def take(data: bytes) -> tuple[Negotiated, int] | None:
    """The answer to a NEGOTIATE and its length; None while incomplete. Raises Malformed."""
    if not is_beginning(data):
        raise Malformed("not SMB")
    length = 4 + int.from_bytes(data[1:4], "big")
    if len(data) < 8 or len(data) < length:
        return None
    body = data[4:length]
    return (_answer_1(body) if body.startswith(V1) else _answer_2(body)), length


def is_beginning(data: bytes) -> bool:
    """Whether a message of SMB, or a part of one, begins here."""
    if data[:1] != b"\0" or int.from_bytes(data[1:4].ljust(3, b"\0"), "big") > LARGEST:
        return False
    return V1.startswith(data[4:8]) or V2.startswith(data[4:8])


def _answer_1(body: bytes) -> Negotiated:
    if len(body) < 35 or body[4] != NEGOTIATE_1 or not body[9] & 0x80:
        raise Malformed("not an answer to a NEGOTIATE of version 1")
    words = body[32]
    index = int.from_bytes(body[33:35], "little")
    if words == 0 or index == NONE_OF_THEM:
        return Negotiated(1, "")
    if index != 0 or words < 13 or len(body) < 36:
        return Negotiated(1, "older") if index == 0 else Negotiated(1, "")
    return Negotiated(1, NT_LM, bool(body[35] & 0x08))


def _answer_2(body: bytes) -> Negotiated:
    if len(body) < 64 + 6 or int.from_bytes(body[12:14], "little") != 0 or not body[16] & 1:
        raise Malformed("not an answer to a NEGOTIATE of version 2")
    if int.from_bytes(body[8:12], "little") != _STATUS_OK:
        return Negotiated(2, "")
    mode, number = struct.unpack("<HH", body[66:70])
    if number == _WILDCARD:
        return Negotiated(2, "2", bool(mode & _SIGNING_REQUIRED))
    if number not in DIALECTS_2:
        raise Malformed(f"an unknown dialect 0x{number:04x}")
    return Negotiated(2, DIALECTS_2[number], bool(mode & _SIGNING_REQUIRED))
