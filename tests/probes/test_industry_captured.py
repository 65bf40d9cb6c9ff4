"""The readers of buildings and industry on captures made by others, every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan import plugins
from iotscan.model import Observation, Transcript
from iotscan.testing import conversations_in

# Kind of observation → the type of finding that the labels call it by.
TYPES = {
    "modbus.overheard": "modbus-unauthenticated",
    "bacnet.overheard": "bacnet-unauthenticated",
    "s7.overheard": "s7-unauthenticated",
    "dnp3.overheard": "dnp3-unauthenticated",
    "opcua.overheard": "opcua-security-none",
    "enip.overheard": "enip-unauthenticated",
    "hartip.overheard": "hartip-unauthenticated",
    "fins.overheard": "omron-fins-unauthenticated",
    "iec104.overheard": "iec104-unauthenticated",
    "knxnetip.overheard": "knxip-unauthenticated",
}
SHARED = Path(__file__).resolve().parents[3] / "shared" / "captures"
CAPTURES: list[dict[str, Any]] = (
    yaml.safe_load((SHARED / "labels.yaml").read_text(encoding="utf-8"))["captures"]
    if SHARED.is_dir()
    else []
)
NAMES = ("modbus", "bacnet", "s7comm", "dnp3", "opcua", "enip", "hartip", "fins", "iec104",
         "knxnetip")  # fmt: skip
PROBES = [probe for probe in plugins.probes() if probe.name in NAMES]

pytestmark = pytest.mark.shared


def overheard(path: Path) -> Iterator[tuple[Observation, Transcript]]:
    for talk in conversations_in(path):
        for probe in PROBES:
            for seen in probe.read(talk):
                yield seen, talk


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: str(capture["file"]))
def test_what_is_labelled_is_overheard_and_nothing_else(capture: dict[str, Any]) -> None:
    labels = [f for f in capture["findings"] if f["type"] in TYPES.values()]
    known = {(f["type"], f["host"], f["port"]) for f in labels}
    required = {(f["type"], f["host"], f["port"]) for f in labels if not f.get("optional")}
    found = set()
    for seen, _ in overheard(SHARED / capture["file"]):
        assert seen.endpoint is not None
        found.add((TYPES[seen.kind], str(seen.address), seen.endpoint.port))
    assert found <= known, "an extra finding"
    assert required <= found, "a finding is missing"


def test_the_first_proof_is_the_frame_that_the_labels_name() -> None:
    """BACnet's first frame of one host is broken and proves nothing, so that one is left out."""
    wanted, frames = [], set()
    for capture in CAPTURES:
        cited = [
            (TYPES[seen.kind], str(seen.address), talk.turns[seen.proofs[0].turns[0]].frame)
            for seen, talk in overheard(SHARED / capture["file"])
        ]
        for label in capture["findings"]:
            if label["type"] in TYPES.values() and label["type"] != "bacnet-unauthenticated":
                wanted.append((capture["file"], label["type"], label["host"], label["frame"]))
        frames |= {(capture["file"], *one) for one in cited}
    assert [one for one in wanted if one not in frames] == []


def test_nothing_that_our_own_questions_show_is_said_of_others_talk() -> None:
    for capture in CAPTURES:
        for seen, _ in overheard(SHARED / capture["file"]):
            assert seen.kind in TYPES
            assert seen.facts["peer"]
