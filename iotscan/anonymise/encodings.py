"""Words that stand in bytes in another form: as hexadecimal digits, and in base64 (RFC 4648, in
either alphabet), as tokens and dumps carry them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

# Runs of digits of either; shorter ones are words, numbers and hashes, and hold no name.
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}+={0,2}")
_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_URL = re.compile(rb"[_-]")
# Beyond this a run is a file.
_LONGEST = 16_384

Replace = Callable[[bytes], bytes]


def replaced(data: bytes, replace: Replace) -> bytes:
    """With what ``replace`` makes of the bytes in each form; the length stays."""

    def run(hit: re.Match[bytes]) -> bytes:
        new = _HEX.sub(lambda digits: _hex(digits[0], replace), hit[0])
        return new if new != hit[0] else _base64(hit[0], replace)

    return _RUN.sub(run, data)


def _hex(digits: bytes, replace: Replace) -> bytes:
    if len(digits) > _LONGEST:
        return digits
    for begin in (0, 1):
        end = len(digits) - (len(digits) - begin) % 2
        old = bytes.fromhex(digits[begin:end].decode())
        new = replace(old)
        if new != old:
            made = new.hex().encode()
            made = made if digits == digits.lower() else made.upper()
            return digits[:begin] + made + digits[end:]
    return digits


def _base64(text: bytes, replace: Replace) -> bytes:
    url = _URL.search(text) is not None
    bare = text.rstrip(b"=")
    if len(text) > _LONGEST or len(bare) % 4 == 1 or (url and (b"+" in text or b"/" in text)):
        return text
    decode = base64.urlsafe_b64decode if url else base64.b64decode
    try:
        old = decode(bare + b"=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return text
    new = replace(old)
    if new == old or len(new) != len(old):
        return text
    made = base64.urlsafe_b64encode(new) if url else base64.b64encode(new)
    return made.rstrip(b"=")[: len(bare)] + text[len(bare) :]
