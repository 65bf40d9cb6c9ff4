"""Rules applied to observations: what holds becomes a finding, once for each place it holds at."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from iotscan.assess.derived.derive import EXPOSURE
from iotscan.assess.inventory import about_itself, endpoint_order, owner_of
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.conditions import holds
from iotscan.assess.rulebook.rules import OF_CONVERSATIONS, Case, Crosswalk, Rule
from iotscan.assess.rulebook.says import say
from iotscan.model import Device, Endpoint, Finding, Observation, Proof

CWE = "cwe"
MOST_PROOFS = 24


@dataclass(frozen=True, slots=True)
class _Hit:
    """A rule that holds for an observation of a device, by one of its cases."""

    rule: Rule
    case: Case
    device: Device
    seen: Observation

    @property
    def endpoint(self) -> Endpoint | None:
        return None if self.rule.per == "device" else self.seen.endpoint

    @property
    def spot(self) -> str:
        """Where on the device, or at which server that it talked to; the same in the next scan."""
        endpoint = self.endpoint
        if endpoint is None:
            return "device"
        return f"{endpoint.transport}/{endpoint.port}" if about_itself(self.seen) else str(endpoint)

    @property
    def place(self) -> str:
        """What tells this hit's finding from others of its rule on the device."""
        words = {"peer": ("peer",), "login": ("peer", "username")}.get(self.rule.per)
        facts = self.seen.facts
        if words is None or "peer" not in facts:
            return self.spot
        return " ".join((str(self.seen.address), self.spot, *(repr(facts.get(w)) for w in words)))


def judge(
    observations: Sequence[Observation], devices: Sequence[Device], book: Rulebook
) -> tuple[Finding, ...]:
    """The findings, the worst first. ``observations``: in canonical order (see ``where``).

    Observations of one rule at one port of a device make one finding with all their proofs, over
    IPv4 and IPv6 alike (see ``Rule.per`` for other ways). A finding that another one covers (see
    ``Rule.covers``) is left out.
    """
    owners = owner_of(devices)
    hits: dict[tuple[str, str, str], list[_Hit]] = defaultdict(list)
    for seen in observations:
        device = owners.get(seen.address)
        for rule, case in book.about(seen.kind) if device else ():
            if device is None or (rule.per not in OF_CONVERSATIONS and not about_itself(seen)):
                continue
            if holds(case.when, seen.facts):
                hit = _Hit(rule, case, device, seen)
                hits[rule.id, device.key, hit.place].append(hit)
    exposed = _exposed(observations)
    spots = {(hit.rule.id, hit.device.key, hit.spot) for group in hits.values() for hit in group}
    kept = (group for group in hits.values() if not _covered(group, spots, book))
    found = [_finding(group, exposed) for group in kept]
    return tuple(sorted(found, key=_rank))


def fingerprint(rule: str, device: str, place: str) -> str:
    """The same for the same problem in the next scan: no time, no id of a recording's own."""
    return hashlib.sha256("\n".join((rule, device, place)).encode()).hexdigest()


def _covered(hits: Sequence[_Hit], spots: Set[tuple[str, str, str]], book: Rulebook) -> bool:
    first = hits[0]
    return any(
        first.rule.id in stronger.covers
        and (stronger.id, first.device.key, first.spot) in spots
        and book.reports(stronger.id)
        for stronger in book.rules.values()
    )


def _exposed(observations: Sequence[Observation]) -> frozenset[Endpoint]:
    """The endpoints whose reach from the internet is confirmed, not just likely."""
    return frozenset(
        seen.endpoint
        for seen in observations
        if seen.kind == EXPOSURE.name and seen.facts["reach"] == "confirmed" and seen.endpoint
    )


def _finding(hits: Sequence[_Hit], exposed: frozenset[Endpoint]) -> Finding:
    first = hits[0]
    rule, device, seen = first.rule, first.device, first.seen
    open_to_all = any(hit.seen.endpoint in exposed for hit in hits)
    crosswalk = _merged(rule.crosswalk, rule.crosswalk_if_internet_reachable if open_to_all else {})
    return Finding(
        rule=rule.id,
        title=rule.title,
        principle=rule.principle,
        severity=rule.severity_if_internet_reachable if open_to_all else rule.severity,
        confidence=max(hit.case.confidence for hit in hits),
        relation=rule.relation,
        device=device.key,
        address=seen.address,
        endpoint=first.endpoint,
        detail=_detail(hits),
        plain=rule.plain_language,
        remedy=rule.remediation,
        does_not_prove=rule.does_not_prove,
        crosswalk={name: ids for name, ids in crosswalk.items() if name != CWE},
        cwe=crosswalk.get(CWE, ()),
        proofs=_proofs(hits),
        fingerprint=fingerprint(rule.id, device.key, first.place),
        login=next((str(h.seen.facts["login"]) for h in hits if h.seen.facts.get("login")), ""),
        facts=seen.facts,
    )


def _detail(hits: Sequence[_Hit]) -> str:
    said = dict.fromkeys(
        say(hit.case.says, hit.seen.facts, hit.seen.address, hit.seen.endpoint) for hit in hits
    )
    sentence = next(iter(said))
    return sentence if len(said) == 1 else f"{sentence} ({len(said) - 1} more like it.)"


def _proofs(hits: Sequence[_Hit]) -> tuple[Proof, ...]:
    return earliest(proof for hit in hits for proof in hit.seen.proofs)[:MOST_PROOFS]


def earliest(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """Each proof once, those of a capture in the order of its frames: the first is looked for."""
    return tuple(sorted(dict.fromkeys(proofs), key=lambda proof: (proof.file, proof.frames[:1])))


def _merged(one: Crosswalk, other: Crosswalk) -> Crosswalk:
    names = sorted({*one, *other})
    return {
        name: tuple(dict.fromkeys((*one.get(name, ()), *other.get(name, ())))) for name in names
    }


def _rank(finding: Finding) -> tuple[object, ...]:
    place = endpoint_order(finding.endpoint or Endpoint(finding.address, "tcp", 0))
    return (-finding.severity.rank, place, finding.rule, finding.device)
