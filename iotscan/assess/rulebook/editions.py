"""Editions: a framework whose provisions another edition has taken over speaks through that one.

Rules and evidence name the provisions of the current edition only. Which provisions of an older one
they speak to, and what a scan can see of those, follows from the numbers that the older one's file
gives; where the wording changed so that this would be wrong, the file says its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from iotscan.assess.rulebook.rules import FOR, WAYS, Crosswalk, Framework, Observability, Provision


def taken_over(framework: Framework, frameworks: Mapping[str, Framework]) -> Framework:
    """With what a scan can see of each provision, where only the edition it follows says so."""
    current = frameworks.get(framework.follows)
    if current is None:
        return framework
    provisions = {
        name: provision
        if provision.observability
        else replace(provision, observability=_weakest(_successors(provision, current)))
        for name, provision in framework.provisions.items()
    }
    return replace(framework, provisions=provisions)


def through(crosswalk: Crosswalk, framework: Framework) -> Crosswalk:
    """With the provisions of the framework whose successors the crosswalk names."""
    named = set(crosswalk.get(framework.follows, ()))
    found = tuple(
        name
        for name, provision in framework.provisions.items()
        if named & set(provision.related.get(framework.follows, ()))
    )
    return {**crosswalk, framework.id: found} if found else crosswalk


def _successors(provision: Provision, current: Framework) -> list[Provision]:
    numbers = provision.related.get(current.id, ())
    return [current.provisions[number] for number in numbers if number in current.provisions]


def _weakest(successors: Sequence[Provision]) -> Observability | None:
    """What holds for all of them: seen in any way, and worth as little as of the least of them."""
    sights = [provision.observability for provision in successors if provision.observability]
    if not sights:
        return None
    return Observability(
        by=tuple(way for way in WAYS if any(way in sight.by for sight in sights)),
        against=min(sight.against for sight in sights),
        evidence_for=min((sight.evidence_for for sight in sights), key=FOR.index),
        note=" ".join(dict.fromkeys(sight.note for sight in sights)),
    )
