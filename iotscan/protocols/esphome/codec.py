"""ESPHome's native API: frames in clear and frames of Noise. ESPHome documentation, native API.

A frame in clear is a zero byte, the message's length and type as variable-length numbers, and the
message as Protocol Buffers (api.proto). One of Noise is a byte of 1, a length of 16 bits and what
only its two ends can read, but for the first ones: a hello that names the device, or a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.encodings import protobuf

PORT = 6053
CLEAR, NOISE = 0, 1
HELLO, HELLO_ANSWER, LOGIN, LOGIN_ANSWER = 1, 2, 3, 4
FAREWELL, FAREWELL_ANSWER, DEVICE, DEVICE_ANSWER = 5, 6, 9, 10
# The API's own bound for a frame; a camera's pictures come in parts.
LARGEST = 65_535
# api.proto: types are numbered from 1, not quite 200 so far.
_MOST_TYPES = 1024
# What firmware says to a frame in clear where it wants Noise.
_REFUSED_CLEAR = b"Bad indicator byte"
# API 1.10: the version that firmware of 2023 and later speaks, and takes from older clients.
_MAJOR, _MINOR = 1, 10


@dataclass(frozen=True, slots=True)
class Frame:
    """``type`` is 0 for a frame of Noise, whose type cannot be read."""

    noise: bool
    type: int
    data: bytes

    def encode(self) -> bytes:
        if self.noise:
            return bytes([NOISE]) + len(self.data).to_bytes(2, "big") + self.data
        sizes = protobuf.put_varint(len(self.data)) + protobuf.put_varint(self.type)
        return bytes([CLEAR]) + sizes + self.data


@dataclass(frozen=True, slots=True)
class Hello:
    """``server``: name and version of the firmware; ``name``: of the node."""

    major: int
    minor: int
    server: str
    name: str


@dataclass(frozen=True, slots=True)
class Device:
    """DeviceInfoResponse. ``project``: what the maker of a product calls it; ``password``: the API
    asks for one; ``encryption``: the firmware could encrypt if it had a key, None where it does not
    say.
    """

    name: str
    mac: str
    version: str
    model: str
    project: str
    project_version: str
    friendly_name: str
    password: bool
    encryption: bool | None


def take(data: bytes) -> tuple[Frame, int] | None:
    """The first frame and its length; None while incomplete. Raises Malformed."""
    if not data:
        return None
    if data[0] == NOISE:
        end = 3 + int.from_bytes(data[1:3], "big")
        whole = len(data) >= 3 and len(data) >= end
        return (Frame(True, 0, data[3:end]), end) if whole else None
    if data[0] != CLEAR:
        raise Malformed("neither in clear nor Noise")
    length = protobuf.varint(data, 1)
    kind = protobuf.varint(data, length[1]) if length else None
    if length is not None and length[0] > LARGEST:
        raise Malformed(f"a frame of {length[0]} bytes")
    if kind is not None and not 0 < kind[0] < _MOST_TYPES:
        raise Malformed(f"a message of type {kind[0]}")
    if length is None or kind is None or len(data) < kind[1] + length[0]:
        return None
    end = kind[1] + length[0]
    return Frame(False, kind[0], data[kind[1] : end]), end


def parse_hello(frame: Frame) -> Hello:
    """HelloResponse. Raises Malformed for another message, and for one that says no version."""
    if frame.noise or frame.type != HELLO_ANSWER:
        raise Malformed("no answer to a hello")
    found = protobuf.fields(frame.data)
    major, minor = (protobuf.number(found.get(field)) for field in (1, 2))
    server, name = (protobuf.text(found.get(field)) for field in (3, 4))
    if not 0 < major < 100 or not (server or name):
        raise Malformed("a hello without a version or a name")
    return Hello(major, minor, server, name)


def parse_device(frame: Frame) -> Device:
    """DeviceInfoResponse. Raises Malformed for another message."""
    if frame.noise or frame.type != DEVICE_ANSWER:
        raise Malformed("no description of a device")
    found = protobuf.fields(frame.data)
    texts = {field: protobuf.text(found.get(field)) for field in (2, 3, 4, 6, 8, 9, 13)}
    if not texts[2] or not texts[4]:
        raise Malformed("a device without name or version")
    encryption = bool(protobuf.number(found[19])) if 19 in found else None
    return Device(
        texts[2], texts[3], texts[4], texts[6], texts[8], texts[9], texts[13],
        bool(protobuf.number(found.get(1))), encryption,
    )  # fmt: skip


def refuses_clear(frame: Frame) -> bool:
    """Whether this is the answer of a device that only speaks Noise to a hello in clear."""
    return frame.noise and frame.data == bytes([1]) + _REFUSED_CLEAR


def parse_noise_hello(frame: Frame) -> tuple[str, str]:
    """(name, MAC) of a device as it says them before the handshake; "" where it says none.

    Raises Malformed for another frame.
    """
    if not frame.noise or frame.data[:1] != bytes([1]):
        raise Malformed("no hello of Noise")
    texts = frame.data[1:].split(b"\0")
    if len(texts) < 2 or texts[-1] or not all(t.isascii() for t in texts):
        raise Malformed("no hello of Noise")
    name, mac = [*(text.decode("ascii") for text in texts[:-1]), ""][:2]
    return name, mac


def ask(kind: int, data: bytes = b"") -> bytes:
    """A frame in clear."""
    return Frame(False, kind, data).encode()


def greeting(client: str) -> bytes:
    """HelloRequest: who asks, and the version of the API it knows."""
    versions = protobuf.put(2, _MAJOR) + protobuf.put(3, _MINOR)
    return ask(HELLO, protobuf.put(1, client) + versions)


def parse_greeting(frame: Frame) -> str:
    """The client's name in a HelloRequest. Raises Malformed for another message."""
    if frame.noise or frame.type != HELLO:
        raise Malformed("no hello of a client")
    found = protobuf.fields(frame.data)
    client = protobuf.text(found.get(1))
    # Three fields so far; a few more are left to later versions.
    if not client.isprintable() or not client or max(found) > 8:
        raise Malformed("a client without a name")
    return client


def parse_login(frame: Frame) -> bytes:
    """The password of an AuthenticationRequest, b"" for none. Raises Malformed."""
    if frame.noise or frame.type != LOGIN:
        raise Malformed("no login")
    password = protobuf.fields(frame.data).get(1, b"")
    if not isinstance(password, bytes):
        raise Malformed("a password that is a number")
    return password


def parse_login_answer(frame: Frame) -> bool:
    """Whether a login was accepted. Raises Malformed for another message."""
    if frame.noise or frame.type != LOGIN_ANSWER:
        raise Malformed("no answer to a login")
    return not protobuf.number(protobuf.fields(frame.data).get(1))
