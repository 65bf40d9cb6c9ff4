"""SASL mechanisms that carry a password readably: which user name, and that there was a password.

RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), RFC 4422 section 3 (who says what).
"""

from __future__ import annotations

import base64
import binascii

# RFC 4954 section 4: a line of an exchange has at most 12,288 characters.
_LONGEST = 12_288


def unwrapped(text: bytes) -> bytes | None:
    """The bytes behind a line of base64; None if it is none. "=" is an empty response."""
    if text == b"=":
        return b""
    if len(text) > _LONGEST:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def plain_user(response: bytes) -> bytes | None:
    """The user name of a PLAIN response with a password in it; None if it is none."""
    parts = response.split(b"\0")
    if len(parts) != 3 or not parts[1] or not parts[2]:
        return None
    return parts[1]
