"""Standard output and error: for any console, and where nobody takes what is written."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import TypeGuard

# What an operating system says where there is no room, or no place, for what is written.
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EBADF})
_NEAREST = "iotscan.nearest"
_PLAIN = {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "·": "-",
    "─": "-",
    "–": "-",
    "…": "...",
    "→": "->",
}


def prepare() -> None:
    """Let both streams take any text; a console of an old code page shows the nearest sign of ASCII
    for our own quotes, dots and lines, and a mark for what else it lacks.

    Where whoever started us closed standard output, writing to it says so instead of crashing.
    """
    codecs.register_error(_NEAREST, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_NEAREST)
    if sys.stdout is None:
        sys.stdout = _Closed()


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """An error handler of ``codecs``: what to write for the part that a code page lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in lacking), error.end


def is_unwritable(error: BaseException) -> TypeGuard[OSError]:
    """Whether an error says that there is no room, or no place, for what was written."""
    return isinstance(error, OSError) and error.errno in _UNWRITABLE


def drop() -> None:
    """Write no more: Python would complain at its end of what nobody took."""
    if sys.stdout is not None and not isinstance(sys.stdout, _Closed):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Closed(io.TextIOBase):
    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "standard output is closed")
