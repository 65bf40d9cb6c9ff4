"""The sentence of a finding: a rule's template filled with the facts of the case.

``{fact}`` is replaced; a part in ``[square brackets]`` is left out unless all facts in it are
known. ``{endpoint}``, ``{address}`` and ``{port}`` are always there. Values are put in once and
never read as a template, so text from a device cannot pull in anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from iotscan.model import Address, Endpoint, Fact

PLACES = frozenset({"endpoint", "address", "port"})
_FIELD = re.compile(r"\{([a-z0-9_]+)\}")
_PART = re.compile(r"\[([^\[\]]*)\]")
_LONGEST, _MOST = 120, 6


def say(
    template: str, facts: Mapping[str, Fact], address: Address, endpoint: Endpoint | None
) -> str:
    """The sentence. A fact that is not known stands as "(unknown)" outside of brackets."""
    words = {name: _text(value) for name, value in facts.items()}
    words["address"] = str(address)
    words["endpoint"] = str(endpoint) if endpoint else str(address)
    words["port"] = str(endpoint.port) if endpoint else "(none)"

    def optional(part: re.Match[str]) -> str:
        return part[1] if all(name in words for name in _FIELD.findall(part[1])) else ""

    kept = _PART.sub(optional, template)
    return _FIELD.sub(lambda field: words.get(field[1], "(unknown)"), kept)


def faults(template: str, known: Iterable[str]) -> list[str]:
    """What is wrong with a template for a kind with these facts."""
    names = set(known) | PLACES
    found = [f"there is no fact {name}" for name in _FIELD.findall(template) if name not in names]
    rest = _FIELD.sub("", _PART.sub(r"\1", template))
    if set(rest) & set("{}[]"):
        found.append("a bracket is not closed, or holds something else than one fact's name")
    return found


def _text(value: Fact) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        more = f" and {len(value) - _MOST} more" if len(value) > _MOST else ""
        return ", ".join(_text(item) for item in value[:_MOST]) + more
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
