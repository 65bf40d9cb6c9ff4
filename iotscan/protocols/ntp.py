"""NTP: the time, and the two old ways of asking a server about itself. RFC 5905, RFC 9327 (mode 6).

Mode 7 is ntpd's private protocol; its form is that of ntp_request.h.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 123
TIME, CONTROL, PRIVATE = 4, 6, 7
_CLIENT, _VERSION = 3, 4
# A server sends our transmit timestamp back, so its answer is known by it: RFC 5905 section 8.
_MARK = b"iotscan\1"
ASK_TIME = bytes([_VERSION << 3 | _CLIENT]) + bytes(39) + _MARK
# Read the system's variables: association 0, no names given. RFC 9327 section 4.
_READ_VARIABLES = 2
ASK_VARIABLES = bytes([2 << 3 | CONTROL, _READ_VARIABLES, 0, 1]) + bytes(8)
# MON_GETLIST_1 of ntpd, without the padding that it does without.
_NTPD, _MONITOR_LIST = 3, 42
ASK_CLIENTS = bytes([2 << 3 | PRIVATE, 0, _NTPD, _MONITOR_LIST]) + bytes(4)
_ANSWER, _ERROR, _MORE = 0x80, 0x40, 0x20
_PAIR = re.compile(rb'\s*([A-Za-z][\w.]*)(?:=("[^"]*"|[^,]*))?(?:,|\Z)')
_MOST_VARIABLES = 128


@dataclass(frozen=True, slots=True)
class Time:
    """An answer with the time. ``stratum`` 0 is a refusal, 16 a server that knows no time;
    ``reference``: four bytes that name its source.
    """

    version: int
    leap: int
    stratum: int
    reference: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A datagram of an answer to modes 6 and 7. ``more``: others follow."""

    mode: int
    failed: bool
    more: bool
    data: bytes = b""


def parse_time(data: bytes) -> Time:
    """The answer to ASK_TIME. Raises Malformed."""
    version = data[0] >> 3 & 7 if data else 0
    if len(data) < 48 or data[0] & 7 != TIME or not 1 <= version <= 4 or data[1] > 16:
        raise Malformed("not the time")
    if data[24:32] != _MARK:
        raise Malformed("the time, but not for us")
    return Time(version, data[0] >> 6, data[1], data[12:16])


def parse_part(data: bytes) -> Part:
    """A datagram that answers ASK_VARIABLES or ASK_CLIENTS. Raises Malformed."""
    mode = data[0] & 7 if len(data) >= 8 else 0
    if mode == CONTROL and len(data) >= 12:
        count = int.from_bytes(data[10:12], "big")
        if data[1] & 0x9F == _ANSWER | _READ_VARIABLES and data[2:4] == b"\0\1":
            if 12 + count > len(data):
                raise Malformed("a control answer that is cut short")
            more = bool(data[1] & _MORE)
            return Part(mode, bool(data[1] & _ERROR), more, data[12 : 12 + count])
    if mode == PRIVATE and data[0] & _ANSWER and data[2:4] == bytes([_NTPD, _MONITOR_LIST]):
        failed, items = data[4] >> 4, int.from_bytes(data[4:6], "big") & 0x0FFF
        size = items * (int.from_bytes(data[6:8], "big") & 0x0FFF)
        if 8 + size > len(data):
            raise Malformed("a private answer that is cut short")
        return Part(mode, bool(failed), bool(data[0] & 0x40), data[8 : 8 + size])
    raise Malformed("no answer of modes 6 and 7")


def variables(text: bytes) -> Mapping[str, bytes]:
    """The variables of a control answer, without their quotes; what is cut off is left out."""
    found: dict[str, bytes] = {}
    at = 0
    while 0 <= at < len(text) and len(found) < _MOST_VARIABLES:
        pair = _PAIR.match(text, at)
        if pair is None:  # from comma to comma, so that no byte is tried more than a few times
            at = text.find(b",", at) + 1 or len(text)
            continue
        found[pair[1].decode()] = (pair[2] or b"").strip().strip(b'"')
        at = pair.end()
    return found
