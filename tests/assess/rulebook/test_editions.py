"""Editions: an older one stands as its successor does, and no better."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import read_packs
from iotscan.assess.rulebook.rules import Observability
from iotscan.errors import RulePackError
from iotscan.model import Kind, Relation

OLD = """
id: old-rules
name: Rules of the house, first edition
publisher: the owner
version: '0'
use: rule
measured: on-request
follows: etsi-en-303-645
provisions:
  - {id: a, title: As it is now, v3: ['1-1']}
  - {id: b, title: Two in one, v3: ['1-1', '1-6']}
  - {id: c, title: Differs, v3: ['1-1'],
     observability: {by: [], evidence_against: 'no', evidence_for: 'no', note: Of old.}}
  - {id: d, title: Dropped}
  - {id: e, title: Strong and hinted, v3: ['1-1', '1-2']}
"""
KINDS = {
    "lamp.state": Kind(
        "lamp.state",
        {"open": bool, "version": str, "bits": int, "ratio": float, "names": tuple, "login": str},
        "",
    ),
    "lamp.guard": Kind("lamp.guard", {"locked": bool}, ""),
}
NOW = "etsi-en-303-645"


@pytest.fixture
def both(pack: Path) -> Path:
    """The pack with its framework under a name that older editions know, and one of these."""
    for file in pack.rglob("*.yaml"):
        file.write_text(file.read_text().replace("house-rules", NOW))
    (pack / "frameworks" / "old-rules.yaml").write_text(OLD)
    return pack


def sight(book: Rulebook, name: str) -> Observability | None:
    provision = book.provision("old-rules", name)
    assert provision is not None
    return provision.observability


def test_what_is_seen_of_a_provision_is_what_is_seen_of_its_successors(both: Path) -> None:
    book = read_packs([both], KINDS)
    now = book.provision(NOW, "1-1")
    assert now is not None
    assert sight(book, "a") == now.observability
    assert sight(book, "d") is None


def test_of_several_successors_the_least_counts_and_every_way(both: Path) -> None:
    found = sight(read_packs([both], KINDS), "b")
    assert found is not None
    assert found.by == ("active", "passive")
    weak = sight(read_packs([both], KINDS), "e")
    assert weak is not None
    assert (weak.against, weak.evidence_for) == (Relation.SUGGESTS, "weak")


def test_words_of_its_own_are_kept(both: Path) -> None:
    found = sight(read_packs([both], KINDS), "c")
    assert found == Observability((), Relation.INFORMS, "no", "Of old.")


def test_rules_and_evidence_speak_through_the_successor(both: Path) -> None:
    book = read_packs([both], KINDS)
    old = book.frameworks["old-rules"]
    through = book.through(old)
    assert book.speaking_to("old-rules", "a") == ()
    assert [rule.id for rule in through.speaking_to("old-rules", "a")] == [
        rule.id for rule in book.speaking_to(NOW, "1-1")
    ]
    assert through.speaking_to("old-rules", "d") == ()
    for entry in through.evidence.values():
        named = set(entry.crosswalk.get(NOW, ()))
        assert ("a" in entry.crosswalk.get("old-rules", ())) is ("1-1" in named)
    assert book.through(book.frameworks[NOW]) is book


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (f"follows: {NOW}", "follows: new-rules", "follows: there is no framework new-rules"),
        ("1-6", "9-9", f"there is no provision 9-9 in {NOW}"),
    ],
)
def test_a_successor_that_is_not_there_is_told(
    both: Path, right: str, wrong: str, reason: str
) -> None:
    (both / "frameworks" / "old-rules.yaml").write_text(OLD.replace(right, wrong))
    with pytest.raises(RulePackError) as caught:
        read_packs([both], KINDS)
    assert reason in " ".join(map(str, caught.value.faults))
