"""NTLM logins: how a Windows host names itself to strangers, and how those without a password ask
to be let in. Pure.

Source: MS-NLMP sections 2.2.1.1 (NEGOTIATE), 2.2.1.2 (CHALLENGE), 2.2.1.3 (AUTHENTICATE), 2.2.2.1
(AV_PAIR), 2.2.2.10 (VERSION), 3.3.2 (NTLMv2). No message is made that would prove a password.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from iotscan.errors import Malformed

SIGNATURE = b"NTLMSSP\0"
_UNICODE, _REQUEST_TARGET, _NTLM, _EXTENDED, _VERSION = 0x1, 0x4, 0x200, 0x80000, 0x2000000
_ANONYMOUS = 0x800
# MD4 of nothing: what stands for the empty password (MS-NLMP section 3.3.1, NTOWFv1).
_EMPTY_PASSWORD = bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0")
_TIME = 7
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
    flags, _, info = _outline(data)
    version = ""
    if flags & _VERSION and len(data) >= _HEAD.size + 8:
        version = "{}.{}.{}".format(*struct.unpack_from("<BBH", data, _HEAD.size))
    names = {_NAMES[kind]: value.decode("utf-16-le", "replace")
             for kind, value in _pairs(info) if kind in _NAMES}  # fmt: skip
    return Challenge(**names, version=version)


def answer(challenge: bytes, username: str) -> bytes:
    """The answer to a CHALLENGE of somebody without a password; "" is nobody (anonymous).

    The client's part of it is zero: there is no password to protect. Raises Malformed.
    """
    _, nonce, info = _outline(challenge)
    flags = _UNICODE | _NTLM | _EXTENDED
    if username:
        name = username.encode("utf-16-le")
        times = (value for kind, value in _pairs(info) if kind == _TIME and len(value) == 8)
        blob = b"\x01\x01" + bytes(6) + next(times, bytes(8)) + bytes(12) + info + bytes(4)
        key = hmac.digest(_EMPTY_PASSWORD, username.upper().encode("utf-16-le"), "md5")
        old, new = bytes(24), hmac.digest(key, nonce + blob, "md5") + blob
    else:
        flags, name, old, new = flags | _ANONYMOUS, b"", b"\0", b""
    # LM and NT response, domain, user, workstation, session key: (length, room, offset) each.
    parts, at = (old, new, b"", name, b"", b""), 64
    fields, content = b"", b""
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at + len(content))
        content += part
    return SIGNATURE + struct.pack("<I", 3) + fields + struct.pack("<I", flags) + content


def _outline(data: bytes) -> tuple[int, bytes, bytes]:
    """(flags, the server's nonce, target information) of a CHALLENGE."""
    if len(data) < _HEAD.size:
        raise Malformed("an NTLM challenge is longer than this")
    signature, kind, *_, flags, nonce, _, length, _, offset = _HEAD.unpack_from(data)
    if signature != SIGNATURE or kind != 2:
        raise Malformed("not an NTLM challenge")
    info = data[offset : offset + length]
    if len(info) != length:
        raise Malformed("the target information of an NTLM challenge lies outside of it")
    return flags, nonce, info


def _pairs(info: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(_MOST_PAIRS):
        if at + _PAIR.size > len(info):
            return
        kind, length = _PAIR.unpack_from(info, at)
        at += _PAIR.size
        if kind == 0 or at + length > len(info):
            return
        yield kind, info[at : at + length]
        at += length
