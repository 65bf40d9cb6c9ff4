"""OPC UA's binary connection protocol: hello, secure channel, and the question for endpoints.

Sources: OPC 10000-6 (Mappings) sections 5.2 (binary encoding), 6.7 (secure conversation), 7.1
(connection protocol); OPC 10000-4 (Services) sections 5.4.4 (GetEndpoints), 5.5.2
(OpenSecureChannel), 7.14 and 7.41 (endpoint and user token policies). Little-endian throughout.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.industrial.opcua.wire import Cursor, number, text

PORT, SECURE_PORT = 4840, 4843
HELLO, ACKNOWLEDGE, ERROR = b"HEL", b"ACK", b"ERR"
OPEN, MESSAGE, CLOSE = b"OPN", b"MSG", b"CLO"
_TYPES = frozenset({HELLO, ACKNOWLEDGE, ERROR, OPEN, MESSAGE, CLOSE, b"RHE"})
# A chunk may be as large as both sides agree; ours are small, and others' are cut off in captures.
_LONGEST = 1 << 20
# The hello says how large answers may be: endpoints with their certificates fit well.
_BUFFER, _ANSWER, _CHUNKS = 65_536, 262_144, 16
POLICY = "http://opcfoundation.org/UA/SecurityPolicy#"
NONE = POLICY + "None"
# Numeric ids of encoded requests and responses in namespace 0.
GET_ENDPOINTS, ENDPOINTS, OPEN_CHANNEL, CHANNEL = 428, 431, 446, 449
FAULT = 397
# Services that tell where and how to connect; everything else uses the server.
DISCOVERY = frozenset({420, 422, 425, 428, 431, 437, 440, 446, 449, 452, 455, 12208, 12213, FAULT})
MODES: Mapping[int, str] = {1: "None", 2: "Sign", 3: "SignAndEncrypt"}
TOKENS: Mapping[int, str] = {0: "anonymous", 1: "user name", 2: "certificate", 3: "issued token"}
MOST_ENDPOINTS = 64


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk. ``final`` is F, C (more follow) or A (given up)."""

    kind: bytes
    final: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """The security header of an OPN chunk, and the service it carries when that is readable."""

    channel: int
    policy: str
    certificate: bytes
    service: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One endpoint: security mode and policy, and the kinds of user token it takes."""

    url: str
    mode: str
    policy: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself with its endpoints."""

    application: str
    product: str
    name: str
    offers: tuple[Offer, ...]


def decode(data: bytes) -> tuple[Chunk, int] | None:
    """The first chunk and its length, None while it is not complete. Raises Malformed."""
    head = data[:3]
    if not any(kind.startswith(head) for kind in _TYPES):
        raise Malformed("no such OPC UA message")
    if len(data) < 8:
        return None
    final, size = data[3:4], int.from_bytes(data[4:8], "little")
    if final not in (b"F", b"C", b"A") or not 8 <= size <= _LONGEST:
        raise Malformed("no such OPC UA chunk")
    if final != b"F" and head != MESSAGE:
        raise Malformed("only messages come in chunks")
    return None if len(data) < size else (Chunk(head, final, data[8:size]), size)


def encode(kind: bytes, body: bytes) -> bytes:
    """The bytes of a message of one chunk."""
    return kind + b"F" + number(8 + len(body)) + body


def hello(url: str) -> bytes:
    """How large our buffers are, and which endpoint is wanted."""
    sizes = (0, _BUFFER, _BUFFER, _ANSWER, _CHUNKS)
    return encode(HELLO, b"".join(map(number, sizes)) + text(url))


def acknowledged(chunk: Chunk) -> bool:
    """Whether a server acknowledges: five numbers, and buffers as large as they must be."""
    if chunk.kind != ACKNOWLEDGE or len(chunk.body) != 20:
        return False
    _, receive, send, _, _ = struct.unpack("<5I", chunk.body)
    return min(int(receive), int(send)) >= 8192


def refusal(chunk: Chunk) -> int | None:
    """The status code of an error message (all bad ones begin with bits 10), else None."""
    if chunk.kind != ERROR or len(chunk.body) < 8:
        return None
    code = int.from_bytes(chunk.body[:4], "little")
    return code if code >> 30 == 2 else None


def open_channel() -> bytes:
    """Open a channel without security for a minute, as every client does to ask for endpoints."""
    header = number(0) + text(NONE) + text(None) + text(None) + number(1) + number(1)
    body = b"".join(map(number, (0, 0, 1))) + text(None) + number(60_000)
    return encode(OPEN, header + _request(OPEN_CHANNEL, 1) + body)


def get_endpoints(channel: int, token: int, url: str) -> bytes:
    """Ask for every endpoint."""
    body = text(url) + number(0) + number(0)
    sequence = b"".join(map(number, (channel, token, 2, 2)))
    return encode(MESSAGE, sequence + _request(GET_ENDPOINTS, 2) + body)


def _request(service: int, handle: int) -> bytes:
    """Type id, then a request header without session, time, audit entry or anything additional."""
    kind = b"\x01\x00" + service.to_bytes(2, "little")
    header = b"\0\0" + bytes(8) + number(handle) + number(0) + text(None) + number(10_000)
    return kind + header + b"\0\0\0"


def opened(chunk: Chunk) -> Opened:
    """The security header of an OPN chunk. Raises Malformed."""
    if chunk.kind != OPEN:
        raise Malformed("this opens no channel")
    cursor = Cursor(chunk.body)
    channel, policy = cursor.number(), cursor.text()
    certificate, _ = cursor.data(), cursor.data()
    if policy and not policy.startswith("http"):
        raise Malformed("a security policy is a URI")
    cursor.skip(8)
    service = cursor.type_id() if policy == NONE else 0
    return Opened(channel, policy, certificate, service)


def token_of(chunk: Chunk) -> tuple[int, int]:
    """(channel id, token id) that a server grants without security. Raises Malformed."""
    found = opened(chunk)
    if found.service != CHANNEL:
        raise Malformed("the channel was not opened")
    cursor = Cursor(chunk.body)
    cursor.skip(4)
    for _ in range(3):
        cursor.data()
    cursor.skip(8)
    cursor.type_id()
    cursor.response_header()
    cursor.skip(4)
    return cursor.number(), cursor.number()


def service_of(chunks: Sequence[Chunk]) -> int:
    """The id of the service in a message without security, of which these are the chunks.

    Raises Malformed when it cannot be read (because it is encrypted, for one).
    """
    return _content(chunks).type_id()


def endpoints(chunks: Sequence[Chunk]) -> Server:
    """What an answer to ``get_endpoints`` says. Raises Malformed when it is none."""
    cursor = _content(chunks)
    if cursor.type_id() != ENDPOINTS:
        raise Malformed("this is no list of endpoints")
    cursor.response_header()
    count = cursor.number()
    if count > MOST_ENDPOINTS:
        raise Malformed("more endpoints than a server has")
    application = product = name = ""
    offers = []
    for _ in range(count):
        url = cursor.text()
        application, product, name = cursor.application()
        cursor.data()
        mode, policy = cursor.number(), cursor.text()
        kinds = cursor.tokens(MOST_ENDPOINTS)
        cursor.text()
        cursor.skip(1)
        tokens = tuple(dict.fromkeys(TOKENS.get(kind, str(kind)) for kind in kinds))
        offers.append(Offer(url, MODES.get(mode, str(mode)), policy.removeprefix(POLICY), tokens))
    return Server(application, product, name, tuple(offers))


def _content(chunks: Sequence[Chunk]) -> Cursor:
    """What MSG chunks carry behind channel, token and sequence numbers (16 bytes)."""
    if not chunks or any(chunk.kind != MESSAGE or len(chunk.body) < 16 for chunk in chunks):
        raise Malformed("this is no message")
    return Cursor(b"".join(chunk.body[16:] for chunk in chunks))
