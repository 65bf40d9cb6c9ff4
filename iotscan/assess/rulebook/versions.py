"""Which of two firmware versions is older, where that can be told at all.

Makers write versions in schemes of their own ("V1.04b12", "5.20(ABUH.3)C0", "3.0.0.4.386_42643").
Numbers are compared with numbers in their order. Where letters differ, or one text simply goes on
where the other ends, only the maker knows, and the answer is that it is not known.
"""

from __future__ import annotations

import re

_PREFIX = re.compile(r"(?:(?:firmware|fw|version|ver|v)\b[\s.:]*|v(?=\d))+", re.IGNORECASE)
_TOKEN = re.compile(r"\d+|[a-z]+")
_DOTTED = re.compile(r"\d+(?:\.\d+)*")
# Dates and build numbers begin with a number like this, release numbers do not: the two are not
# compared with each other.
_COUNTED = 1000


def compare(one: str, other: str) -> int | None:
    """Negative, zero or positive as the first is older, the same or newer; None: not known."""
    one, other = _bare(one), _bare(other)
    left, right = _TOKEN.findall(one), _TOKEN.findall(other)
    if not (left and right and left[0].isdecimal() and right[0].isdecimal()):
        return None
    if (int(left[0]) >= _COUNTED) != (int(right[0]) >= _COUNTED):
        return None
    for mine, theirs in zip(left, right, strict=False):
        if mine.isdecimal() and theirs.isdecimal():
            if int(mine) != int(theirs):
                return int(mine) - int(theirs)
        elif mine != theirs:
            return None
    return _rest(one, other, left[len(right) :], right[len(left) :])


def _rest(one: str, other: str, left: list[str], right: list[str]) -> int | None:
    """What comes after an equal beginning: of plain dotted numbers what is missing is zero."""
    if not left and not right:
        return 0
    if not (_DOTTED.fullmatch(one) and _DOTTED.fullmatch(other)):
        return None
    return sum(map(int, left)) - sum(map(int, right))


def _bare(text: str) -> str:
    text = text.strip().lower()
    found = _PREFIX.match(text)
    return text[found.end() :].strip() if found else text
