"""What to say about a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from iotscan.errors import UsageError


def unknown(what: str, name: str, known: Iterable[str], command: str) -> UsageError:
    """The error, with the nearest names there are and the command that lists all."""
    near = difflib.get_close_matches(name, list(known), 3)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return UsageError(f"there is no {what} {name!r}; {hint}`{command}` lists them")
