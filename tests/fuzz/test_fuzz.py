"""A short run of every fuzz target, and every input that once broke one.

``make fuzz`` runs longer; see ``__main__``.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from fuzz_mutation import mutated
from fuzz_seeds import corpus
from fuzz_talks import packed, unpacked
from fuzz_targets import PLUGINS, Target, targets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CASES = Path(__file__).resolve().parent / "cases"
TARGETS = {target.name: target for target in targets()}
# For each target; the whole run stays within tens of seconds.
EXAMPLES = 40


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Seeds after small changes, and bytes that are nothing."""
    seeds = st.sampled_from(list(target.seeds))
    changed = st.builds(
        lambda seed, number: mutated(seed, target.seeds, Random(number)),
        seeds,
        st.integers(0, 1 << 32),
    )
    return seeds | changed | changed | st.binary(max_size=200)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=inputs(target))
    def run(data: bytes) -> None:
        target.run(data)

    run()


@pytest.mark.parametrize(
    "case", sorted(CASES.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_what_once_broke_a_target_does_not_any_more(case: Path) -> None:
    TARGETS[case.parent.name].run(case.read_bytes())


def test_codecs_probes_and_discoverers_are_found_by_themselves() -> None:
    wanted = {f"probes.{name}.read" for name in PLUGINS.probes}
    wanted |= {f"discovery.{name}.read" for name in PLUGINS.discoverers}
    wanted |= {
        "capture.file",
        "capture.frames",
        "files.recording",
        "protocols.industrial.modbus.decode",
        "protocols.mqtt.codec.Splitter",
        "protocols.http.talk.exchanges",
    }
    assert wanted <= set(TARGETS)


def test_the_corpus_reaches_inside() -> None:
    """Most readers have at least one conversation in the captures that they understand."""
    everything = len(corpus().talks)
    served = [t for t in TARGETS.values() if t.name.endswith(".read") and "probes" in t.name]
    assert sum(len(target.seeds) < everything for target in served) > len(served) / 3


def test_conversations_survive_the_way_into_bytes_and_back() -> None:
    probe = PLUGINS.probes["http"]
    for talk in corpus().talks[:50]:
        said = [(turn.sender, turn.data) for turn in unpacked(packed(talk), probe).turns]
        assert said == [(turn.sender, turn.data) for turn in talk.turns[:300]]
