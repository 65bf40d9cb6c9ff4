"""The rulebook: every fault of every file at once, each with its line; one hash for one content."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook, read_packs
from iotscan.errors import RulePackError, UsageError
from iotscan.model import Kind, Relation, Severity

KINDS = {
    "lamp.state": Kind(
        "lamp.state",
        {"open": bool, "version": str, "bits": int, "ratio": float, "names": tuple, "login": str},
        "",
    ),
    "lamp.guard": Kind("lamp.guard", {"locked": bool}, ""),
}
FILE = "findings/lamp-open.yaml"


def faults(pack: Path) -> list[str]:
    with pytest.raises(RulePackError) as caught:
        read_packs([pack], KINDS)
    return [str(fault).removeprefix(f"{pack}/") for fault in caught.value.faults]


def edit(pack: Path, old: str, new: str, file: str = FILE) -> None:
    text = (pack / file).read_text()
    assert old in text
    (pack / file).write_text(text.replace(old, new))


def line_of(pack: Path, text: str, file: str = FILE) -> int:
    lines = (pack / file).read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


def test_a_good_pack_is_read(book: Rulebook) -> None:
    rule = book.rules["lamp-open"]
    assert (rule.severity, rule.relation) == (Severity.HIGH, Relation.CONTRADICTS)
    assert rule.crosswalk["house-rules"] == ("1-1", "1-2", "1-3")
    assert [rule.id for rule, _ in book.about("lamp.state")] == sorted(book.rules)
    assert [rule.id for rule in book.speaking_to("house-rules", "1-7")] == ["lamp-default"]
    provision = book.provision("house-rules", "1-2")
    assert provision is not None
    assert provision.observability is not None
    assert provision.observability.against is Relation.SUGGESTS
    assert book.provision("house-rules", "9-9") is None


@pytest.mark.parametrize(
    ("old", "new", "at", "reason"),
    [
        ("severity: high", "severity: terrible", "terrible", "severity is one of"),
        ("severity: high", "severity: high\nseverety: low", "severety", "severety is not known"),
        ("principle: light", "principle: dark", "", "no principle dark"),
        ("about: lamp.state", "about: lamp.nothing", "", "no reader emits the kind lamp.nothing"),
        ("when: {open: true}", "when: {shut: true}", "when:", "lamp.state has no fact shut"),
        ("when: {open: true}", "when: {open: 1}", "when:", "open must be true or false"),
        ("when: {open: true}", "when: {version: 3}", "when:", "version must be a text"),
        ("when: {open: true}", "when: {bits: {below: x}}", "when:", "bits must be a number"),
        ("when: {open: true}", "when: {open: {below: 3}}", "when:", "open is not a number"),
        ("when: {open: true}", "when: {open: {near: 3}}", "when:", "near is not a comparison"),
        ("when: {open: true}", "when: {open: {present: false}}", "when:", "present is always true"),
        ("when: {open: true}", "when: {bits: {contains: a}}", "when:", "neither a text nor a list"),
        ("when: {open: true}", "when: {version: {any_of: []}}", "when:", "a list of values"),
        ("when: {open: true}", "when: {either: 5}", "when:", "a list of conditions"),
        ("when: {open: true}", "when: {}", "when:", "a condition is a mapping"),
        ("when: {open: true}", "when: [open]", "when:", "a condition is a mapping"),
        ("house-rules: ['1-1'", "house-rules: ['9-9'", "9-9", "has no provision 9-9"),
        ("cwe: [CWE-306]", "owasp: [I1]", "owasp", "no framework owasp"),
        ("  unknown: [{}]", "", "", "there is no unknown"),
        ("  unknown: [{}]", "  unknown: []", "unknown: []", "a list of examples"),
        ("  unknown: [{}]", "  unknown: [{}]\n  maybe: [{}]", "maybe", "not maybe"),
        ("hit: [{open: true}]", "hit: [{open: false}]", "hit:", "is no hit but a miss"),
        ("miss: [{open: false}]", "miss: [{}]", "miss:", "is no miss but a unknown"),
        ("hit: [{open: true}]", "hit: [{open: true, shut: 1}]", "hit:", "no fact shut"),
        ("hit: [{open: true}]", "hit: [{open: true, names: x}]", "hit:", "a list of texts"),
        ("in version {version}", "in version {verse}", "", "says: there is no fact verse"),
        ("title: The lamp is open", "title: ''", "title", "title must be a text"),
        ("title: The lamp is open", "", "", "the key title is missing"),
        ("covers: [lamp-ajar]", "covers: [lamp-none]", "", "there is no rule lamp-none"),
        ("status: stable", "status: stable\nstatus: draft", "status: draft", "stands twice"),
        ("relation: contradicts", "relation: [a]", "relation", "relation must be a text"),
        ("crosswalk: {house", "crosswalk: {}\nxwalk: {house", "", "the crosswalk is empty"),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(
    pack: Path, old: str, new: str, at: str, reason: str
) -> None:
    edit(pack, old, new)
    found = [fault for fault in faults(pack) if reason in fault]
    assert found
    assert found[0].startswith(f"{FILE}:{line_of(pack, at)}" if at else FILE)


def test_all_faults_of_all_files_come_at_once(pack: Path) -> None:
    edit(pack, "severity: high", "severity: terrible")
    edit(pack, "principle: light", "principle: dark")
    edit(pack, "by: active", "by: magic", "evidence/locked.yaml")
    edit(pack, "evidence_against: indicative", "evidence_against: huge", "frameworks/house.yaml")
    (pack / "findings" / "bad.yaml").write_text("a: [")
    (pack / "findings" / "latin.yaml").write_bytes(b"\xff\xfe")
    files = [fault.split(":")[0] for fault in faults(pack)]
    assert files == sorted(files)
    assert set(files) == {
        "evidence/locked.yaml",
        "findings/bad.yaml",
        "findings/lamp-open.yaml",
        "findings/latin.yaml",
        "frameworks/house.yaml",
    }


def test_an_id_stands_for_one_rule(pack: Path) -> None:
    (pack / "findings" / "z.yaml").write_text((pack / FILE).read_text())
    assert faults(pack) == ["findings/z.yaml:2: there is another rule lamp-open"]


def test_evidence_is_tried_on_its_examples_too(pack: Path) -> None:
    edit(pack, "miss: [{lamp.guard: {locked: false}}]", "miss: [{}]", "evidence/locked.yaml")
    assert "is no miss but a unknown" in faults(pack)[0]


def test_the_hash_is_of_the_content_not_of_its_form(pack: Path, book: Rulebook) -> None:
    text = (pack / FILE).read_text()
    (pack / FILE).unlink()
    (pack / "findings" / "renamed.yaml").write_text("# a remark\n" + text.replace("  ", "   "))
    assert read_packs([pack], KINDS).hash == book.hash
    (pack / "findings" / "renamed.yaml").write_text(text.replace("Close it.", "Shut it."))
    assert read_packs([pack], KINDS).hash != book.hash


def test_a_draft_is_listed_but_judges_nothing(pack: Path) -> None:
    edit(pack, "status: stable", "status: draft")
    book = read_packs([pack], KINDS)
    assert "lamp-open" in book.rules
    assert "lamp-open" not in {rule.id for rule, _ in book.about("lamp.state")}
    assert "lamp-open" not in {rule.id for rule in book.speaking_to("house-rules", "1-1")}


def test_a_rule_may_hold_in_several_ways(pack: Path) -> None:
    also = (
        "also:\n  - about: lamp.guard\n    when: {locked: false}\n    says: '{endpoint}'\n"
        "    examples: {hit: [{locked: false}], miss: [{locked: true}], unknown: [{}]}\n"
    )
    (pack / FILE).write_text((pack / FILE).read_text() + also)
    book = read_packs([pack], KINDS)
    assert [rule.id for rule, _ in book.about("lamp.guard")] == ["lamp-open"]
    edit(pack, "miss: [{locked: true}]", "miss: [{locked: false}]")
    assert "is no miss but a hit" in faults(pack)[0]


def test_a_users_folder_adds_rules_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        load_rulebook([tmp_path / "none"])
    mine = tmp_path / "mine"
    mine.mkdir()
    builtin = load_rulebook()
    source = Path(__file__).parents[3] / "rules" / "findings" / "many-open-services.yaml"
    text = source.read_text().replace("id: many-open-services", "id: my-own")
    (mine / "my-own.yaml").write_text(text)
    book = load_rulebook([mine])
    assert set(book.rules) - set(builtin.rules) == {"my-own"}
    assert book.hash != builtin.hash
    (mine / "my-own.yaml").write_text(text.replace("id: my-own", "id: many-open-services"))
    other = tmp_path / "other"
    mine.rename(other)
    with pytest.raises(RulePackError, match="there is another rule many-open-services"):
        load_rulebook([str(other)])
