"""Fingerprints: those built in, what is refused in a file, and what is ambiguous."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.assess.rulebook.fingerprints import Fingerprint, Fingerprints
from iotscan.assess.rulebook.packs import known_kinds, load_rulebook, read_packs
from iotscan.assess.signals import SIGNALS
from iotscan.errors import RulePackError

BUILT_IN = load_rulebook().fingerprints
GOOD = """about: Lamps.
fingerprints:
  - id: lampco-title
    signal: http.title
    match: 'Lampco (?P<model>L-\\d+)'
    gives: {vendor: Lampco, kind: bulb}
    examples: [{text: Lampco L-1, model: L-1}]
  - id: lampco-words
    signal: [mdns.types, ports]
    words: [_lamp._tcp]
    gives: {vendor: Lampco}
    weight: 9
    examples: [{text: _http._tcp _lamp._tcp}]
"""
FILE = "fingerprints/lamps.yaml"


def written(pack: Path, text: str) -> Fingerprints:
    (pack / "fingerprints").mkdir(exist_ok=True)
    (pack / FILE).write_text(text)
    return read_packs([pack], {}).fingerprints


def read(tmp_path: Path, text: str) -> Fingerprints:
    return written(tmp_path, text)


def test_those_built_in_are_many_and_none_is_ambiguous() -> None:
    assert len(BUILT_IN.entries) >= 300
    assert len(BUILT_IN.vendors()) >= 120
    assert list(map(str, BUILT_IN.ambiguities())) == []


@pytest.mark.parametrize("entry", BUILT_IN.entries.values(), ids=lambda entry: entry.id)
def test_every_example_comes_out_as_it_says(entry: Fingerprint) -> None:
    assert entry.examples
    for example in entry.examples:
        assert entry.read(example.text) == {**entry.gives, **example.values}
        assert (
            entry.read(f"no {example.text} here") is None
            or entry.match.words
            or (entry.match.pattern is not None and ".*" in entry.match.pattern.pattern)
        )


def test_every_signal_is_heard_by_a_reader() -> None:
    kinds = known_kinds()
    everywhere = {fact for kind in kinds.values() for fact in kind.facts}
    for name, source in SIGNALS.items():
        for fact in source.facts:
            kind, _, word = fact.rpartition(".")
            assert word in (kinds[kind].facts if kind else everywhere), (name, fact)


def test_a_file_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    title, words = found.entries.values()
    assert title.read("LAMPCO L-22") == {"vendor": "Lampco", "kind": "bulb", "model": "L-22"}
    assert title.read("Lampco L-22 and more") is None
    assert title.weights == {"http.title": SIGNALS["http.title"].weight}
    assert words.weights == {"mdns.types": 9, "ports": 9}
    assert [entry.id for entry, _ in found.reading("ports", "tcp/80 _lamp._tcp")] == [words.id]
    assert found.reading("http.title", "Campco L-1") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("id: lampco-title", "id: Lampco!", 3, "an id is of small letters"),
        ("id: lampco-words", "id: lampco-title", 8, "there is another fingerprint lampco-title"),
        ("signal: http.title", "signal: smell", 3, "no signal is called smell"),
        ("signal: http.title", "odour: http.title", 3, "the key signal is missing"),
        ("L-\\d+)", "L-\\d+", 5, "match: missing )"),
        ("L-\\d+)", "(?:L-\\d+)+)", 5, "may take very long"),
        ("L-\\d+)", ".*-.*-.*)", 5, "may take very long"),
        ("?P<model>", "?P<colour>", 3, "a group catches vendor"),
        ("kind: bulb", "kind: lantern", 3, "no kind of device called lantern"),
        ("kind: bulb", "hue: red", 3, "gives: vendor"),
        ("{vendor: Lampco, kind: bulb}", "{vendor: ''}", 3, "vendor must be a text"),
        ("model: L-1", "model: L-2", 7, "gives {'model': 'L-1'}, not {'model': 'L-2'}"),
        ("text: Lampco L-1", "text: Campco L-1", 7, "does not fit"),
        ("[{text: Lampco L-1, model: L-1}]", "[]", 3, "at least one example"),
        ("words: [_lamp._tcp]", "exact: []", 8, "one of exact"),
        ("weight: 9", "weight: 99", 12, "weight is a number from 1 to 10"),
        ("weight: 9", "mood: 9", 12, "the key mood is not known"),
        ("gives: {vendor: Lampco}", "gives: {vendor: lampco}", 8, "is written Lampco elsewhere"),
        ("gives: {vendor: Lampco}", "gives: {}", 8, "it gives nothing"),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in GOOD
    with pytest.raises(RulePackError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    found = [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]
    assert any(each.startswith(f"{FILE}:{line}: ") and reason in each for each in found), found


def test_every_fault_comes_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("kind: bulb", "kind: lantern").replace("weight: 9", "weight: 0")
    with pytest.raises(RulePackError) as caught:
        read(tmp_path, text)
    assert [fault.line for fault in caught.value.faults] == [3, 12]


def test_two_that_differ_on_a_text_are_ambiguous_unless_one_is_surer(tmp_path: Path) -> None:
    other = """  - id: other-title
    signal: http.title
    match: 'Lampco .*'
    gives: {vendor: Other}
    examples: [{text: Lampco L-9}]
"""
    found = [str(each) for each in read(tmp_path, GOOD + other).ambiguities()]
    assert len(found) == 1
    assert "lampco-title and other-title" in found[0]
    assert "the vendor of 'Lampco L-1' (http.title)" in found[0]
    surer = read(tmp_path, GOOD + other.replace("gives:", "weight: 7\n    gives:"))
    assert list(surer.ambiguities()) == []
    # The surer one speaks for its field, the other for the rest.
    said = {
        name: value
        for _, told in surer.reading("http.title", "Lampco L-1")
        for name, value in told.items()
    }
    assert said == {"vendor": "Other", "kind": "bulb", "model": "L-1"}


def test_the_hash_is_of_the_content_alone(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        written(tmp_path, text)
        return read_packs([tmp_path], {}).hash

    plain = digest(GOOD)
    assert digest(f"# a remark\n{GOOD}") == plain
    assert digest(GOOD.replace("kind: bulb", "kind: plug")) != plain
    assert digest(GOOD.replace("weight: 9", "weight: 8")) != plain
