"""The first half of an NTLM login, in which a Windows host names itself to strangers. Pure.

Source: MS-NLMP sections 2.2.1.1 (NEGOTIATE), 2.2.1.2 (CHALLENGE), 2.2.2.1 (AV_PAIR), 2.2.2.10
(VERSION). The message that would prove a password (AUTHENTICATE) is never made.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

SIGNATURE = b"NTLMSSP\0"
_UNICODE, _REQUEST_TARGET, _NTLM, _EXTENDED, _VERSION = 0x1, 0x4, 0x200, 0x80000, 0x2000000
# Signature, type, target name (length, room, offset), flags, challenge, reserved, target info.
_HEAD = struct.Struct("<8sIHHII8s8sHHI")
_PAIR = struct.Struct("<HH")
_NAMES = {1: "computer", 2: "domain", 3: "dns_computer", 4: "dns_domain"}
_MOST_PAIRS = 32


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a host says of itself; empty where it says nothing. ``version``: "10.0.19041"."""

    computer: str = ""
    domain: str = ""
    dns_computer: str = ""
    dns_domain: str = ""
    version: str = ""


def negotiate() -> bytes:
    """The message that asks for a challenge, without any name of ours."""
    flags = _UNICODE | _REQUEST_TARGET | _NTLM | _EXTENDED
    return SIGNATURE + struct.pack("<II", 1, flags) + bytes(16)


def parse_challenge(data: bytes) -> Challenge:
    """Read a CHALLENGE message. Raises Malformed."""
    if len(data) < _HEAD.size:
        raise Malformed("an NTLM challenge is longer than this")
    fields = _HEAD.unpack_from(data)
    signature, kind, flags = fields[0], fields[1], fields[5]
    if signature != SIGNATURE or kind != 2:
        raise Malformed("not an NTLM challenge")
    length, _, offset = fields[8:]
    info = data[offset : offset + length]
    if len(info) != length:
        raise Malformed("the target information of an NTLM challenge lies outside of it")
    version = ""
    if flags & _VERSION and len(data) >= _HEAD.size + 8:
        version = "{}.{}.{}".format(*struct.unpack_from("<BBH", data, _HEAD.size))
    return Challenge(**_pairs(info), version=version)


def _pairs(info: bytes) -> dict[str, str]:
    names: dict[str, str] = {}
    at = 0
    for _ in range(_MOST_PAIRS):
        if at + _PAIR.size > len(info):
            break
        kind, length = _PAIR.unpack_from(info, at)
        at += _PAIR.size
        if kind == 0 or at + length > len(info):
            break
        if kind in _NAMES:
            names[_NAMES[kind]] = info[at : at + length].decode("utf-16-le", "replace")
        at += length
    return names
