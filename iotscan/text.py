"""Cleaning of text that devices control, once, where it enters.

Terminals, browsers and spreadsheets act on bytes that a device chose; everything that goes into
an observation, a sighting or a report passes through :func:`clean` first.
"""

from __future__ import annotations

import unicodedata

LONGEST = 256
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(raw: bytes | str, longest: int = LONGEST) -> str:
    """Readable text of at most ``longest`` characters, on one line.

    Bytes are UTF-8, else shown escaped. Control characters become spaces; bidirectional marks,
    surrogates and unassigned characters are shown as ``\\u202e``; a cut text ends in an ellipsis.
    """
    if isinstance(raw, bytes):
        raw = raw[: longest * 8].decode("utf-8", "backslashreplace")
    text = raw[: longest * 8]
    if not text.isprintable():  # nearly all is, and then no character of it would be changed
        text = "".join(map(_safe, text))
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _safe(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc" or category in ("Zl", "Zp"):
        return " "
    if character in _BIDI or category in ("Cs", "Cn", "Co"):
        return f"\\u{ord(character):04x}"
    return character
