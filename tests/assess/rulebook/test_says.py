"""Sentences: what is unknown is left out or said to be unknown, and no value is a template."""

from __future__ import annotations

from ipaddress import ip_address

from iotscan.assess.rulebook.says import faults, say
from iotscan.model import Endpoint

HERE = ip_address("192.168.1.5")
AT = Endpoint(HERE, "tcp", 23)


def test_facts_and_places_are_filled_in() -> None:
    told = say(
        "{endpoint}: {a} {b} {c} {d}", {"a": True, "b": 2.50, "c": ("x", "y"), "d": "z"}, HERE, AT
    )
    assert told == "192.168.1.5:23/tcp: yes 2.5 x, y z"


def test_a_part_in_brackets_needs_all_its_facts() -> None:
    template = "open[ in {a}][ with {a} and {b}]."
    assert say(template, {"a": "v"}, HERE, None) == "open in v."
    assert say(template, {}, HERE, None) == "open."


def test_a_missing_fact_outside_brackets_is_said_to_be_unknown() -> None:
    assert say("{a} at {port}", {}, HERE, None) == "(unknown) at (none)"


def test_values_are_never_read_as_templates() -> None:
    hostile = "{endpoint} [x] {b} %s {0.__class__}"
    assert say("{a}[ {a}]", {"a": hostile, "b": "secret"}, HERE, AT) == f"{hostile} {hostile}"


def test_long_values_and_lists_are_cut() -> None:
    told = say("{a} {b}", {"a": "x" * 500, "b": tuple("abcdefghij")}, HERE, AT)
    assert told == "x" * 119 + "… a, b, c, d, e, f and 4 more"


def test_faults_name_what_is_wrong() -> None:
    assert faults("{a} {endpoint}[ {b}]", ["a", "b"]) == []
    assert faults("{c}", ["a"]) == ["there is no fact c"]
    assert (
        len(faults("{a", ["a"])) == len(faults("[{a}", ["a"])) == len(faults("{a.b}", ["a"])) == 1
    )
    assert len(faults("{a!r} {}", ["a"])) == 1
