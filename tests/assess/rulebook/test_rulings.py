"""Single rules read alone judge as the whole rulebook does."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rulings import Rulings


def test_every_rule_says_the_same_of_its_own_examples() -> None:
    rulings = Rulings()
    for rule in load_rulebook().rules.values():
        found = rulings.get(rule.id)
        assert found is not None, rule.id
        assert found.covers == rule.covers
        kinds = [case.about for case in rule.cases]
        assert [about for about, _ in found.cases] == kinds
        for case in rule.cases if len(set(kinds)) == len(kinds) else ():
            examples = case.examples
            for answer, group in (
                (True, examples.hit), (False, examples.miss), (None, examples.unknown)
            ):  # fmt: skip
                for facts in group:
                    assert found.holds(case.about, facts) is answer, (rule.id, facts)
        assert found.holds("no.such", {}) is None


@pytest.mark.parametrize("name", ["no-such", "", "../principles", "/etc/passwd", "a b", "A"])
def test_what_is_no_rule_is_not_there(name: str) -> None:
    assert Rulings().get(name) is None


@pytest.mark.parametrize("text", ["", "- a", "about: x", "about: x\nwhen: 3", "a: [", "about: []"])
def test_rule_that_cannot_be_read_is_not_there(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    assert Rulings([tmp_path]).get("mine") is None
    assert Rulings([tmp_path]).get("bytes") is None


@pytest.mark.parametrize("below", ["", "findings"])
def test_rules_of_the_users_own_are_found(below: str, tmp_path: Path) -> None:
    (tmp_path / below).mkdir(exist_ok=True)
    (tmp_path / below / "mine.yaml").write_text("about: x\nwhen: {open: true}\n", "utf-8")
    found = Rulings([tmp_path]).get("mine")
    assert found is not None
    assert (found.holds("x", {"open": True}), found.holds("x", {})) == (True, None)
