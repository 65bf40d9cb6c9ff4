"""RFB, the protocol of VNC, up to the end of its security handshake (RFC 6143 section 7.1).

Bytes to dataclasses. Security types beyond None and VNC Authentication are those of the registry
(RFC 6143 section 8.4.1) and of its community's continuation at github.com/rfbproto.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from iotscan.errors import Malformed

NONE, VNC_AUTH = 1, 2
TYPES = {
    1: "None",
    2: "VNC Authentication",
    5: "RA2",
    6: "RA2ne",
    13: "RA2_256",
    16: "Tight",
    17: "Ultra",
    18: "TLS",
    19: "VeNCrypt",
    20: "SASL",
    21: "MD5 hash",
    22: "xvp",
    23: "Secure Tunnel",
    24: "Integrated SSH",
    30: "Apple Diffie-Hellman",
    35: "Apple",
    113: "MS-Logon II",
    129: "RA2 one-factor",
    130: "RA2ne one-factor",
}
# Those that encrypt the session itself; RA2ne encrypts the login alone.
ENCRYPTED = frozenset((5, 13, 18, 19, 23, 24, 129))
# Types that may carry another negotiation, encrypted or not: nothing follows from their offer.
OPEN_ENDED = frozenset((16, 17, 20, 22))
CHALLENGE = 16
LONGEST_REASON = 4096
_VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the server said before anything depends on the client's choice.

    ``types``: the security types it offers; ``reason``: why it offers none. ``end``: where it ends.
    """

    types: tuple[int, ...] = ()
    reason: str | None = None
    end: int = 0


def version(data: bytes) -> tuple[int, int] | None:
    """(major, minor) of the first twelve bytes; None while there are fewer. Raises Malformed."""
    if len(data) < 12:
        if not b"RFB 000.000\n".startswith(re.sub(rb"\d", b"0", data)):
            raise Malformed("not RFB")
        return None
    found = _VERSION.match(data)
    if found is None:
        raise Malformed("not RFB")
    return int(found[1]), int(found[2])


def spoken(theirs: tuple[int, int]) -> tuple[int, int]:
    """The version to answer with: 3.8 at most, and 3.3 for the odd ones (section 7.1.1)."""
    if theirs >= (3, 8):
        return 3, 8
    return (3, 7) if theirs == (3, 7) else (3, 3)


def encode_version(number: tuple[int, int]) -> bytes:
    return b"RFB %03d.%03d\n" % number


def security(data: bytes, spoken: tuple[int, int]) -> Greeting | None:
    """What follows the server's version, None while incomplete. Raises Malformed.

    From 3.7 on a list of types; before, one type that the server chose (section 7.1.2).
    """
    if spoken >= (3, 7):
        if not data:
            return None
        count = data[0]
        if count:
            types = tuple(data[1 : 1 + count])
            return Greeting(types, end=1 + count) if len(types) == count else None
        return _refusal(data, 1)
    if len(data) < 4:
        return None
    chosen = int.from_bytes(data[:4], "big")
    if chosen > 255:
        raise Malformed("a security type that is none")
    return Greeting((chosen,), end=4) if chosen else _refusal(data, 4)


def _refusal(data: bytes, at: int) -> Greeting | None:
    if len(data) < at + 4:
        return None
    length = int.from_bytes(data[at : at + 4], "big")
    if length > LONGEST_REASON:
        raise Malformed("a reason of many pages")
    if len(data) < at + 4 + length:
        return None
    text = data[at + 4 : at + 4 + length].decode("utf-8", "replace")
    return Greeting((), text, at + 4 + length)


def name_of(number: int) -> str:
    return TYPES.get(number, f"type {number}")


def response(challenge: bytes, password: bytes) -> bytes:
    """The answer to a VNC Authentication challenge (section 7.2.2): DES with the password's first
    eight bytes as the key, the bits of each byte turned round.
    """
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password[:8].ljust(8, b"\0"))
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305  as the RFC says
    return encryptor.update(challenge)
