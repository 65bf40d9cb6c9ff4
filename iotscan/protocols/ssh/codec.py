"""SSH's first words, before anything is encrypted: bytes to dataclasses and back.

RFC 4253 (identification 4.2, packets 6, KEXINIT 7.1, host keys 6.6), RFC 5656 (elliptic curves),
RFC 8709 (Ed25519), RFC 4251 section 5 (strings and numbers).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from iotscan.errors import Malformed

# RFC 4253 section 4.2: 255 characters with the line end; lines before it are not bounded there.
LONGEST_IDENTIFICATION, MOST_LINES_BEFORE = 255, 50
# RFC 4253 section 6.1: what every implementation must be able to take.
LARGEST_PACKET = 35_000
MOST_NAMES = 200

DISCONNECT, IGNORE, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT, EXT_INFO = 1, 2, 4, 5, 6, 7
KEXINIT, NEWKEYS = 20, 21
USERAUTH_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS, USERAUTH_BANNER = 50, 51, 52, 53

_IDENTIFICATION = re.compile(rb"SSH-(\d+\.\d+)-([^\s\x00-\x1f]*)(?: ([^\r\n\x00]*))?\Z")
_LISTS = (
    "kex",
    "host_key",
    "ciphers_out",
    "ciphers_in",
    "macs_out",
    "macs_in",
    "compression_out",
    "compression_in",
)
_CURVES = {b"nistp256": 256, b"nistp384": 384, b"nistp521": 521}


@dataclass(frozen=True, slots=True)
class Identification:
    """``protocol`` is "2.0", "1.99", "1.5" …; ``raw`` the line without its end."""

    protocol: str
    software: str
    comments: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class KexInit:
    """What one side offers, best first. "out" is from client to server."""

    kex: tuple[str, ...]
    host_key: tuple[str, ...]
    ciphers_out: tuple[str, ...]
    ciphers_in: tuple[str, ...]
    macs_out: tuple[str, ...]
    macs_in: tuple[str, ...]
    compression_out: tuple[str, ...] = ("none",)
    compression_in: tuple[str, ...] = ("none",)

    def encode(self, cookie: bytes) -> bytes:
        """The payload, with a cookie of 16 bytes."""
        names = b"".join(string(",".join(getattr(self, name)).encode()) for name in _LISTS)
        return bytes([KEXINIT]) + cookie + names + string(b"") * 2 + bytes(5)


@dataclass(frozen=True, slots=True)
class HostKey:
    """``bits`` is 0 where the kind of key has no size of its own to tell."""

    kind: str
    bits: int
    blob: bytes

    @property
    def sha256(self) -> str:
        """The fingerprint as ssh-keygen prints it, without the "SHA256:" before it."""
        return base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


def identification(data: bytes) -> tuple[Identification, int] | None:
    """The identification line and where it ends; None while it is not complete.

    Raises Malformed when no line that could come before it is one either.
    """
    at = 0
    for _ in range(MOST_LINES_BEFORE):
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else len(data)]
        if end < 0:
            if len(line) > 4 * LONGEST_IDENTIFICATION:
                raise Malformed("a line before the identification is too long")
            return None
        if line.startswith(b"SSH-"):
            found = _IDENTIFICATION.match(line.rstrip(b"\r"))
            if found is None or len(line) > LONGEST_IDENTIFICATION:
                raise Malformed("the identification is not of SSH's form")
            texts = [part.decode("utf-8", "backslashreplace") for part in found.groups(b"")]
            return Identification(texts[0], texts[1], texts[2], line.rstrip(b"\r")), end + 1
        at = end + 1
    raise Malformed("no identification among many lines")


def packet(payload: bytes, block: int = 8) -> bytes:
    """A payload as an unencrypted packet, padded with zeros: nothing in it needs hiding."""
    padding = block - (len(payload) + 5) % block
    padding += block if padding < 4 else 0
    return (
        (len(payload) + padding + 1).to_bytes(4, "big")
        + bytes([padding])
        + payload
        + bytes(padding)
    )


def take_packet(data: bytes, at: int = 0) -> tuple[bytes, int] | None:
    """The payload of the unencrypted packet at ``at`` and where it ends; None while incomplete.

    Raises Malformed for lengths that RFC 4253 section 6 forbids.
    """
    if len(data) - at < 5:
        return None
    length, padding = int.from_bytes(data[at : at + 4], "big"), data[at + 4]
    if not 6 <= length <= LARGEST_PACKET or padding < 4 or padding >= length:
        raise Malformed(f"a packet of {length} bytes with {padding} of padding")
    if len(data) - at < length + 4:
        return None
    return data[at + 5 : at + 4 + length - padding], at + 4 + length


def parse_kexinit(payload: bytes) -> KexInit:
    """Raises Malformed when it is none."""
    fields = Fields(payload)
    if fields.byte() != KEXINIT:
        raise Malformed("not a KEXINIT")
    fields.take(16)
    lists = [fields.names() for _ in _LISTS]
    fields.names(), fields.names()
    fields.take(5)
    return KexInit(*lists)


def parse_host_key(blob: bytes) -> HostKey:
    """The kind and size of a host key. Raises Malformed."""
    fields = Fields(blob)
    kind = fields.text()
    bits = 0
    if kind == "ssh-rsa":
        fields.string()
        bits = fields.number().bit_length()
    elif kind == "ssh-dss":
        bits = fields.number().bit_length()
    elif kind.startswith("ecdsa-sha2-") and not kind.endswith("@openssh.com"):
        bits = _CURVES.get(fields.string(), 0)
    elif kind == "ssh-ed25519":
        bits = 256
    return HostKey(kind, bits, blob)


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def mpint(number: int) -> bytes:
    """A number that is not negative."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


class Fields:
    """Reads the fields of a payload in turn. Every method raises Malformed at its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, length: int) -> bytes:
        found = self._data[self._at : self._at + length]
        if len(found) < length:
            raise Malformed("a message is cut short")
        self._at += length
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def string(self) -> bytes:
        length = int.from_bytes(self.take(4), "big")
        if length > LARGEST_PACKET:
            raise Malformed(f"a string of {length} bytes")
        return self.take(length)

    def text(self) -> str:
        return self.string().decode("utf-8", "backslashreplace")

    def number(self) -> int:
        return int.from_bytes(self.string(), "big")

    def names(self) -> tuple[str, ...]:
        raw = self.string()
        names = raw.split(b",", MOST_NAMES)[:MOST_NAMES] if raw else []
        if any(not 0x20 < byte < 0x7F for byte in raw):
            raise Malformed("a list of names holds other than printable characters")
        return tuple(name.decode("ascii") for name in names)
