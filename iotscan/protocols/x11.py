"""The X Window System's connection set-up (X11 protocol, section 8): bytes to dataclasses."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from iotscan.errors import Malformed

FAILED, SUCCESS, AUTHENTICATE = 0, 1, 2
MAJOR = 11
# Little-endian, version 11.0, no authorisation data.
SETUP = struct.pack("<BxHHHH2x", ord("l"), MAJOR, 0, 0, 0)
LARGEST = 65_536
# Where the maker's name stands in a success.
_VENDOR = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """``text``: the reason of a refusal, or the maker of a server that let us in."""

    status: int
    text: str
    release: int = 0


def take(data: bytes) -> Answer | None:
    """What the server answers, None until that can be told. Raises Malformed.

    A success goes on with the list of its screens, which is not waited for.
    """
    if data and data[0] not in (FAILED, SUCCESS, AUTHENTICATE):
        raise Malformed("not an answer of X11")
    if len(data) < 8:
        return None
    status, reason, major, minor, units = struct.unpack("<BBHHH", data[:8])
    length = 8 + 4 * units
    # The answer to a request for authentication leaves the version out (section 8).
    if (status != AUTHENTICATE and (major != MAJOR or minor)) or length > LARGEST:
        raise Malformed("not an answer of X11")
    if status == SUCCESS:
        return _success(data, length)
    if status == FAILED and not reason <= 4 * units < reason + 4:
        raise Malformed("a reason that does not fit its length")
    if len(data) < length:
        return None
    raw = data[8 : 8 + reason] if status == FAILED else data[8:length].rstrip(b"\0")
    return Answer(status, raw.decode("latin-1"))


def _success(data: bytes, length: int) -> Answer | None:
    if length < _VENDOR:
        raise Malformed("a success that is too short")
    if len(data) < _VENDOR:
        return None
    (release,), (size,) = struct.unpack("<I", data[8:12]), struct.unpack("<H", data[24:26])
    if _VENDOR + size > length:
        raise Malformed("a maker's name beyond the end")
    if len(data) < _VENDOR + size:
        return None
    return Answer(SUCCESS, data[_VENDOR : _VENDOR + size].decode("latin-1"), release)
