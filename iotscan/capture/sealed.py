"""Tells when one side of a TLS connection says nothing more in clear.

From its first record of application data on (RFC 8446 section 5.1, RFC 5246 section 6.2.1) all that
a side says is encrypted, whatever the types of later records: a capture without the keys has no
more to tell of it, and most bytes of the internet are these.
"""

from __future__ import annotations

import struct

_HEAD = struct.Struct(">BBxH")
_ALERT, _HANDSHAKE, _APPLICATION_DATA = 21, 22, 23
_FIRST, _LAST, _MAJOR = 20, 24, 3
# RFC 8446 section 5.2 allows 256 bytes beyond the plain text, RFC 5246 section 6.2.3 2,048.
_LONGEST = 16_384 + 2048
# With what a side that speaks TLS begins.
BEGINS = (bytes([_HANDSHAKE, _MAJOR]), bytes([_ALERT, _MAJOR]))


class Records:
    """The records of one side, from its first byte on and without holes."""

    __slots__ = ("_rest", "_skip")

    def __init__(self) -> None:
        # Of the record that is going on, so many bytes are still to come; of a head, these came.
        self._skip = 0
        self._rest = b""

    def sealed(self, data: bytes, length: int) -> bool | None:
        """Whether all that comes next of this side is encrypted; None when it cannot be told any
        longer, or this is no TLS. ``length``: of ``data`` on the wire, of which the capture may
        lack the end.
        """
        size = length + len(self._rest)
        if self._rest:
            data, self._rest = self._rest + data, b""
        at = self._skip
        while at + _HEAD.size <= len(data):
            kind, major, record = _HEAD.unpack_from(data, at)
            if not _FIRST <= kind <= _LAST or major != _MAJOR or record > _LONGEST:
                return None
            if kind == _APPLICATION_DATA:
                return True
            at += _HEAD.size + record
        if at < size:
            if len(data) < size:
                return None
            self._rest, at = data[at:], size
        self._skip = at - size
        return False
