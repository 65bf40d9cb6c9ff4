"""YAML trees: lines are true, and what is no plain data is refused."""

from __future__ import annotations

import pytest

from iotscan.assess.rulebook.yamltree import parse


def faults(text: str) -> list[str]:
    return [str(fault) for fault in parse(text, "r.yaml")[1]]


def test_every_tree_knows_its_line_and_scalars_keep_their_writing() -> None:
    tree, found = parse("a: 1\nb:\n  - x\n  - 5.10\nc: {d: true}\n", "r.yaml")
    assert not found
    assert tree is not None
    assert tree.plain() == {"a": 1, "b": ["x", 5.1], "c": {"d": True}}
    assert isinstance(tree.value, dict)
    items = tree.value["b"].value
    assert isinstance(items, list)
    assert [(item.line, item.text) for item in items] == [(3, "x"), (4, "5.10")]


def test_dates_stay_text() -> None:
    tree, found = parse("a: 2024-09-01\n", "r.yaml")
    assert tree is not None
    assert (tree.plain(), found) == ({"a": "2024-09-01"}, [])


def test_both_of_two_faults_are_told_with_their_lines() -> None:
    assert faults("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n") == [
        "r.yaml:2: the key a stands twice",
        "r.yaml:5: the key c stands twice",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1\n", "not YAML"),
        ("", "empty"),
        ("a: &x [1]\nb: *x\n", "anchors"),
        ("? [1]\n: 2\n", "a key must be a word"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("\x00", "not YAML"),
        ("a: " + "[" * 60 + "]" * 60, "deep nesting"),
        ("a: !!python/object/apply:os.getcwd []\n", ""),
    ],
)
def test_what_is_no_plain_document_is_refused(text: str, reason: str) -> None:
    found = faults(text)
    assert not reason or any(reason in fault for fault in found), found


def test_tags_build_nothing() -> None:
    tree, _ = parse("a: !!python/name:os.getcwd ''\n", "r.yaml")
    assert tree is not None
    assert tree.plain() == {"a": ""}


def test_a_laughing_file_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    assert any("anchors" in fault for fault in faults("\n".join(lines)))
