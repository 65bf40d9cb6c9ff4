"""JSON: it loads back equal, fits the published schema, and is the same text every time."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import iotscan.report
from iotscan.errors import UsageError
from iotscan.model import Confidence, Device, Fact, Observation, Proof, Report, Severity
from iotscan.report import Options, render
from iotscan.report.json import dumps, loads
from iotscan.report.schema import published

SCHEMA = Path(iotscan.report.__file__).parent / "schema.json"
ADDRESSES = st.ip_addresses()
# Lone surrogates are no text; whatever else a file may hold must come through.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FACTS = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), TEXTS, st.lists(TEXTS, max_size=3).map(tuple),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@pytest.mark.parametrize("name", ["home", "secure", "empty"])
def test_a_report_in_pieces_is_the_same_text(
    name: str, samples: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = replace(getattr(samples, name)(), blind_spots=("Kühlschrank 冷蔵庫 🧊 \u2028 door",))
    whole = dumps(report)
    # No character of more than one byte fits into such a piece.
    monkeypatch.setattr(iotscan.report.json, "_PIECE", 1)
    assert dumps(report) == whole
    assert "冷蔵庫 🧊 \\u2028" in whole
    out = io.StringIO()
    render(report, "json", out, Options())
    assert out.getvalue() == whole


@pytest.mark.parametrize("name", ["home", "secure", "empty"])
def test_report_loads_back_equal(name: str, samples: ModuleType) -> None:
    report = getattr(samples, name)()
    assert loads(dumps(report)) == report


def test_hostile_words_load_back_equal_and_touch_no_terminal(samples: ModuleType) -> None:
    for text in samples.HOSTILE:
        report = samples.hostile(text)
        written = dumps(report)
        assert loads(written) == report
        assert not set(written) & set("\x1b\x07\x9b\x85\u2028\u202e\u2066\u200f")


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    facts=st.dictionaries(TEXTS, FACTS, max_size=5),
    address=ADDRESSES,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    names=st.lists(TEXTS, max_size=3),
    turns=st.lists(st.integers(0, 2**31), max_size=3),
)
def test_any_value_loads_back_equal(
    samples: ModuleType,
    facts: dict[str, Fact],
    address: str,
    severity: Severity,
    confidence: Confidence,
    names: list[str],
    turns: list[int],
) -> None:
    base: Report = samples.home()
    where = ip_address(address)
    report = replace(
        base,
        devices=(Device("k", (where,), names=tuple(names)),),
        observations=(Observation("x", facts, where, None, (Proof("c1", tuple(turns)),)),),
        findings=(replace(base.findings[0], severity=severity, confidence=confidence),),
    )
    back = loads(dumps(report))
    assert back == report
    kinds = {name: type(fact) for name, fact in back.observations[0].facts.items()}
    assert kinds == {name: type(fact) for name, fact in facts.items()}


def test_report_fits_the_published_schema(samples: ModuleType) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    for report in (samples.home(), samples.empty(), samples.hostile("\x1b[31m")):
        validator.validate(json.loads(dumps(report)))


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"mood": "good"}, {"complete": "yes"}, {"duration": None}]
)
def test_schema_refuses_what_loading_refuses(
    change: dict[str, object], samples: ModuleType
) -> None:
    tree = json.loads(dumps(samples.home())) | change
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert not validator.is_valid(tree)
    with pytest.raises(UsageError):
        loads(json.dumps(tree))


def test_published_schema_is_not_stale(golden: bool) -> None:
    if golden:
        SCHEMA.write_text(published(), "utf-8")
    assert SCHEMA.read_text("utf-8") == published(), "write it anew: pytest tests/report --golden"


def test_enumerations_are_words_and_mappings_are_sorted(samples: ModuleType) -> None:
    tree = json.loads(dumps(samples.home()))
    first = tree["findings"][1]
    assert (first["severity"], first["confidence"]) == ("critical", "confirmed")
    assert tree["scope"]["impact"] == "login"
    assert list(first["crosswalk"]) == sorted(first["crosswalk"])
    assert list(tree)[:3] == ["format", "version", "rules"]


def test_order_in_which_facts_were_learned_does_not_show(samples: ModuleType) -> None:
    base = samples.home()
    facts = base.observations[0].facts
    turned = replace(base.observations[0], facts=dict(reversed(facts.items())))
    assert dumps(replace(base, observations=(turned,))) == dumps(base)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", "[" * 100_000, b"\xff", '{"format": 1}', "{\x00}"]
)
def test_text_that_is_no_report_is_refused_with_a_reason(text: str | bytes) -> None:
    with pytest.raises(UsageError, match="not an iotscan report"):
        loads(text)


def test_unknown_field_deep_inside_is_refused(samples: ModuleType) -> None:
    tree = json.loads(dumps(samples.home()))
    tree["devices"][1]["services"][0]["endpoint"]["mood"] = "good"
    with pytest.raises(UsageError, match="mood"):
        loads(json.dumps(tree))


def test_report_of_a_later_format_names_both(samples: ModuleType) -> None:
    with pytest.raises(UsageError, match="format 2, and this iotscan reads format 1"):
        loads(dumps(replace(samples.home(), format=2)))


def test_what_is_not_a_number_is_not_written_as_one(samples: ModuleType) -> None:
    tree = json.loads(dumps(replace(samples.home(), duration=math.pi)))
    assert tree["duration"] == math.pi


def test_renderer_writes_what_dumps_gives(samples: ModuleType) -> None:
    out = io.StringIO()
    render(samples.home(), "json", out, Options(width=20, colour=True))
    assert out.getvalue() == dumps(samples.home())


def test_unknown_format_names_the_known_ones(samples: ModuleType) -> None:
    with pytest.raises(UsageError, match=r"'pdf'; formats are: .*json, .*terminal"):
        render(samples.home(), "pdf", io.StringIO(), Options())
