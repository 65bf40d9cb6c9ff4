"""Which device of a later scan is which of an earlier one, and by what evidence.

A mark counts while exactly one device on each side shows it. Two registered MACs that differ are
two devices, whatever else they share; an address or a name alone is taken as evidence only where
nothing speaks against it, and then said to be unsure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from iotscan.compare.marks import MAC, NAME, RANDOM_MAC, SERIAL, STRONG, UPNP

# Evidence that is not in a report: the history has known both as one device.
HISTORY = "history"
_ADDRESS = "address"
# Marks that a device does not change: if both sides have them and none is shared, it is another.
_LASTING = (MAC, SERIAL, UPNP)


@dataclass(frozen=True, slots=True)
class Profile:
    """A device as far as recognising it goes. ``key`` is whatever the caller calls it by.

    ``network``: weak evidence counts between profiles of one network only, for other networks use
    the same private addresses.
    """

    key: int
    marks: frozenset[tuple[str, str]]
    addresses: frozenset[str] = frozenset()
    vendor: str = ""
    kind: str = ""
    network: str = ""

    def of(self, mark: str) -> frozenset[str]:
        return frozenset(value for name, value in self.marks if name == mark)


@dataclass(frozen=True, slots=True)
class Match:
    """Two profiles that are one device, and what says so; not ``sure``: only weak evidence."""

    earlier: int
    later: int
    because: tuple[str, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """The matches, and for later profiles without one why those that look alike were not taken."""

    matches: tuple[Match, ...]
    doubts: dict[int, str] = field(default_factory=dict)


def match(earlier: Sequence[Profile], later: Sequence[Profile]) -> Matching:
    """Every device that is on both sides, by its strongest evidence."""
    work = _Work(list(earlier), list(later))
    for mark in (HISTORY, *STRONG):
        work.join(mark, _strong_conflict, sure=True)
    for word in (NAME, _ADDRESS):
        work.join(word, _weak_conflict, sure=False)
    return Matching(tuple(sorted(work.matches, key=lambda found: found.later)), work.doubts)


class _Work:
    def __init__(self, earlier: Sequence[Profile], later: Sequence[Profile]) -> None:
        self._earlier, self._later = earlier, later
        self._gone: set[int] = set()
        self._done: set[int] = set()
        self.matches: list[Match] = []
        self.doubts: dict[int, str] = {}

    def join(self, what: str, conflict: Callable[[Profile, Profile], str], *, sure: bool) -> None:
        """Match what shares a mark of this sort that nobody else on either side has."""
        before, after = _alone(self._earlier, what), _alone(self._later, what)
        for word in sorted(before.keys() & after.keys()):
            one, other = before[word], after[word]
            if one.key in self._gone or other.key in self._done:
                continue
            if reason := conflict(one, other):
                self.doubts.setdefault(other.key, f"the same {what}, but {reason}")
                continue
            self._gone.add(one.key)
            self._done.add(other.key)
            self.doubts.pop(other.key, None)
            self.matches.append(Match(one.key, other.key, tuple(_evidence(one, other)), sure))


def _alone(profiles: Iterable[Profile], what: str) -> dict[str, Profile]:
    """The values that one profile alone has."""
    users: dict[str, list[Profile]] = defaultdict(list)
    for profile in profiles:
        for value in profile.addresses if what == _ADDRESS else profile.of(what):
            users[value].append(profile)
    return {value: found[0] for value, found in users.items() if len(found) == 1}


def _strong_conflict(one: Profile, other: Profile) -> str:
    return "another MAC" if _differ(one.of(MAC), other.of(MAC)) else ""


def _weak_conflict(one: Profile, other: Profile) -> str:
    """What speaks against one device; "" if nothing does."""
    for mark in _LASTING:
        if _differ(one.of(mark), other.of(mark)):
            return f"another {mark}"
    if one.network != other.network:
        return "in another network"
    link = frozenset({MAC, RANDOM_MAC})
    had, has = ({v for m, v in side.marks if m in link} for side in (one, other))
    shares_name = bool(one.of(NAME) & other.of(NAME))
    if _differ(had, has) and not shares_name:
        return "another MAC"
    if _differ({one.vendor} - {""}, {other.vendor} - {""}):
        return "another maker"
    return "another kind of device" if _differ({one.kind} - {""}, {other.kind} - {""}) else ""


def _differ(one: Iterable[str], other: Iterable[str]) -> bool:
    had, has = set(one), set(other)
    return bool(had) and bool(has) and not had & has


def _evidence(one: Profile, other: Profile) -> Iterator[str]:
    """All that both share, strongest first, as people read it."""
    shared = one.marks & other.marks
    for mark in (*STRONG, NAME):
        for value in sorted(value for name, value in shared if name == mark):
            yield f"{mark} {value}"
    for address in sorted(one.addresses & other.addresses):
        yield f"address {address}"
    if any(mark == HISTORY for mark, _ in shared):
        yield "known as one device from scans in between"
