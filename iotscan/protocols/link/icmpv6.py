"""ICMPv6 echo: what a host answers even when it offers no service. RFC 4443 section 4."""

from __future__ import annotations

import struct

from iotscan.errors import Malformed

ECHO_REQUEST, ECHO_REPLY = 128, 129
_ECHO = struct.Struct("!BBHHH")


def echo_request(identifier: int, sequence: int, data: bytes) -> bytes:
    """A request; its checksum is left to the kernel, which knows the addresses it is made of."""
    return _ECHO.pack(ECHO_REQUEST, 0, 0, identifier, sequence) + data


def echo_reply(message: bytes) -> bytes:
    """The data that a reply brings back. Raises Malformed for any other message."""
    if len(message) < _ECHO.size or message[:2] != bytes((ECHO_REPLY, 0)):
        raise Malformed("no echo reply of ICMPv6")
    return message[_ECHO.size :]
