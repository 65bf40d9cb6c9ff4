"""Redis's protocol, as far as a greeting goes. RESP 2 of the Redis documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Inline commands, which every version takes; INFO has no way to change anything.
PING, INFO = b"PING\r\n", b"INFO server\r\n"
_PONG = b"+PONG\r\n"
# NOAUTH: a password is set; NOPERM: an access list (6.0); DENIED: protected mode (3.2), which
# refuses all but the machine itself. Older versions say "ERR operation not permitted".
_CLOSED = re.compile(
    rb"-(?:NOAUTH |NOPERM |DENIED Redis is running in protected mode|ERR operation not permitted)"
)
_BULK = re.compile(rb"\$(\d{1,7})\r\n")
LONGEST = 65_536


def pong(heard: bytes) -> bool:
    """Whether the server answers whoever asks."""
    return heard.startswith(_PONG)


def closed(heard: bytes) -> bool:
    """Whether it refuses whoever has no login."""
    return _CLOSED.match(heard) is not None


def bulk(heard: bytes) -> bytes | None:
    """The bulk string that an answer is; None while more is needed, b"" when it is none."""
    head = _BULK.match(heard)
    if head is None:
        waiting = len(heard) < 12 and heard[:1] in (b"", b"$") and b"\n" not in heard
        return None if waiting else b""
    size = int(head[1])
    if size > LONGEST:
        return b""
    return heard[head.end() : head.end() + size] if len(heard) >= head.end() + size else None


def info(text: bytes) -> Mapping[str, bytes]:
    """The fields of INFO."""
    pairs = (line.partition(b":") for line in text.split(b"\r\n") if not line.startswith(b"#"))
    return {key.decode("ascii", "replace"): value for key, colon, value in pairs if colon}
