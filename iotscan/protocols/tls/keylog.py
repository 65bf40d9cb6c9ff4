"""Keys that a client wrote down, and captured TLS sessions opened with them.

Sources: the key log format (draft-ietf-tls-keylogfile); RFC 8446 sections 5 and 7 (TLS 1.3); RFC
5246 sections 5 and 6.3, RFC 5288 and RFC 7905 (TLS 1.2 with AES-GCM and ChaCha20-Poly1305). What
has other suites, and what follows a gap in the capture, stays closed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from iotscan.errors import Malformed
from iotscan.model import Sender, TlsFacts
from iotscan.protocols.tls.codec import (
    CHANGE_CIPHER,
    DATA,
    HANDSHAKE,
    Flight,
    parse_client,
    parse_server,
)
from iotscan.protocols.tls.hello import TLS12, TLS13, version_name
from iotscan.protocols.tls.suites import suite
from iotscan.protocols.tls.tls13 import expand

# client random → label → secret
Keys = Mapping[bytes, Mapping[str, bytes]]
# (turn in which a record was complete, who sent it, its content)
Opened = tuple[int, Sender, bytes]
_LINE = re.compile(rb"([A-Z][A-Z0-9_]{3,40}) ([0-9A-Fa-f]{64}) ([0-9A-Fa-f]{32,128})\s*")
_MOST_LINES = 100_000
_FINISHED, _KEY_UPDATE = 20, 24
_Cipher = AESGCM | ChaCha20Poly1305
_SUITES13: Mapping[int, tuple[str, int, Callable[[bytes], _Cipher]]] = {
    0x1301: ("sha256", 16, AESGCM),
    0x1302: ("sha384", 32, AESGCM),
    0x1303: ("sha256", 32, ChaCha20Poly1305),
}
_SIDES: tuple[Sender, Sender] = ("client", "server")


@dataclass(frozen=True, slots=True)
class Session:
    """An opened session: what the server's flight agreed on, and what was said in it."""

    flight: Flight
    said: tuple[Opened, ...]


def parse_keylog(text: bytes) -> dict[bytes, dict[str, bytes]]:
    """The secrets of a key log; lines that are none are passed over."""
    found: dict[bytes, dict[str, bytes]] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        hit = _LINE.fullmatch(line)
        if hit is not None:
            random, secret = (bytes.fromhex(part.decode()) for part in (hit[2], hit[3]))
            found.setdefault(random, {})[hit[1].decode()] = secret
    return found


def opened(turns: Iterable[tuple[int, Sender, bytes]], keys: Keys) -> Session | None:
    """The content of a captured session, as far as its keys are there; None where they are not, or
    it is none that can be opened. ``turns``: (index, sender, bytes) of both sides in order.
    """
    said = list(turns)
    client, server = (b"".join(d for _, s, d in said if s == side) for side in _SIDES)
    try:
        hello, flight = parse_client(client), parse_server(server)
    except Malformed:
        return None
    if hello is None or hello.random not in keys:
        return None
    openers = _openers(flight, hello.random, keys[hello.random])
    if openers is None:
        return None
    found: list[Opened] = []
    waiting = {side: bytearray() for side in _SIDES}
    for index, sender, data in said:
        waiting[sender] += data
        try:
            for record in _records(waiting[sender]):
                found += ((index, sender, part) for part in openers[sender].open(record))
        except (InvalidTag, ValueError):
            break
    return Session(flight, tuple(found))


def tls_facts(flight: Flight) -> TlsFacts:
    """What a server's flight agreed on, as of a session of our own."""
    hello = flight.hello
    if hello is None or hello.suite is None:
        return TlsFacts(chain=flight.chain)
    name = version_name(hello.version).replace(" ", "v")
    return TlsFacts(name, suite(hello.suite).name, flight.chain, hello.alpn)


class _Modern:
    """One direction of TLS 1.3: first under the keys of the handshake, then under those that follow
    from ``later``, and from each other.
    """

    def __init__(self, number: int, first: bytes, later: bytes) -> None:
        self._suite = _SUITES13[number]
        self._use(first)
        self._next = later

    def open(self, record: bytes) -> Iterator[bytes]:
        """What of a record is content. Raises InvalidTag."""
        if record[0] != DATA:
            return
        nonce = (self._nonce ^ self._number).to_bytes(12, "big")
        plain = self._cipher.decrypt(nonce, record[5:], record[:5]).rstrip(b"\0")
        self._number += 1
        kind, content = plain[-1:], plain[:-1]
        if kind == bytes([DATA]):
            yield content
        elif kind == bytes([HANDSHAKE]) and _last(content) in (_FINISHED, _KEY_UPDATE):
            self._use(self._next)

    def _use(self, secret: bytes) -> None:
        hash_name, length, cipher = self._suite
        self._cipher = cipher(expand(hash_name, secret, b"key", b"", length))
        self._nonce = int.from_bytes(expand(hash_name, secret, b"iv", b"", 12), "big")
        self._next = expand(hash_name, secret, b"traffic upd", b"", len(secret))
        self._number = 0


class _Classic:
    """One direction of TLS 1.2. ``fixed``: the part of the nonce that is not sent; with four bytes
    of it the other eight stand before each record's content, else the record's number is mixed in.
    """

    def __init__(self, cipher: _Cipher, fixed: bytes) -> None:
        self._cipher, self._fixed = cipher, fixed
        self._number = -1

    def open(self, record: bytes) -> Iterator[bytes]:
        if record[0] == CHANGE_CIPHER:
            self._number = 0
        elif self._number >= 0:
            content = self._decrypted(record)
            self._number += 1
            if record[0] == DATA:
                yield content

    def _decrypted(self, record: bytes) -> bytes:
        number, body = self._number.to_bytes(8, "big"), record[5:]
        if len(self._fixed) == 4:
            nonce, body = self._fixed + body[:8], body[8:]
        else:
            mixed = int.from_bytes(self._fixed, "big") ^ self._number
            nonce = mixed.to_bytes(12, "big")
        length = max(0, len(body) - 16).to_bytes(2, "big")
        return self._cipher.decrypt(nonce, body, number + record[:3] + length)


def _openers(
    flight: Flight, random: bytes, secrets: Mapping[str, bytes]
) -> dict[Sender, _Modern | _Classic] | None:
    hello = flight.hello
    if hello is None or hello.suite is None:
        return None
    if hello.version == TLS13 and hello.suite in _SUITES13:
        names = [
            (side, f"{side.upper()}_HANDSHAKE_TRAFFIC_SECRET", f"{side.upper()}_TRAFFIC_SECRET_0")
            for side in _SIDES
        ]
        if any(word not in secrets for _, *words in names for word in words):
            return None
        return {
            side: _Modern(hello.suite, secrets[first], secrets[later])
            for side, first, later in names
        }
    if hello.version == TLS12 and "CLIENT_RANDOM" in secrets:
        randoms = flight.hello_message[6:38] + random
        return _classic(suite(hello.suite).name, secrets["CLIENT_RANDOM"], randoms)
    return None


def _classic(name: str, master: bytes, randoms: bytes) -> dict[Sender, _Modern | _Classic] | None:
    """Keys from the master secret, by the hash that the suite names: RFC 5246 section 6.3."""
    cipher: Callable[[bytes], _Cipher]
    if "AES_128_GCM" in name or "AES_256_GCM" in name:
        cipher, length, fixed = AESGCM, (16 if "AES_128" in name else 32), 4
    elif "CHACHA20_POLY1305" in name:
        cipher, length, fixed = ChaCha20Poly1305, 32, 12
    else:
        return None
    hash_name = "sha384" if name.endswith("SHA384") else "sha256"
    block = _prf(hash_name, master, b"key expansion" + randoms, 2 * (length + fixed))
    keys, nonces = block[: 2 * length], block[2 * length :]
    return {
        side: _Classic(
            cipher(keys[at * length : (at + 1) * length]), nonces[at * fixed : (at + 1) * fixed]
        )
        for at, side in enumerate(_SIDES)
    }


def _prf(hash_name: str, secret: bytes, seed: bytes, length: int) -> bytes:
    """P_hash of RFC 5246 section 5."""
    out, step = b"", seed
    while len(out) < length:
        step = hmac.digest(secret, step, hash_name)
        out += hmac.digest(secret, step + seed, hash_name)
    return out[:length]


def _records(waiting: bytearray) -> Iterator[bytes]:
    """The complete records at the beginning of what waits, taken out of it."""
    while len(waiting) >= 5:
        end = 5 + int.from_bytes(waiting[3:5], "big")
        if len(waiting) < end:
            return
        record = bytes(waiting[:end])
        del waiting[:end]
        yield record


def _last(content: bytes) -> int:
    """The type of the last handshake message in a record. Those after which other keys are used end
    their record (RFC 8446 section 5.1); -1 if the last one goes on in the next.
    """
    at, kind = 0, -1
    while at + 4 <= len(content):
        kind, at = content[at], at + 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    return kind if at == len(content) else -1
