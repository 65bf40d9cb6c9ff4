"""What is seen in captures made by others, against their labels: nothing missing, nothing extra."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan.capture.reader import Reader
from iotscan.model import Transcript
from iotscan.plugins import probes

# Type of finding in the labels, and the kind of observation that decides it.
DECIDED = {
    "snmp-community-seen": "snmp.overheard",
    "dns-cleartext": "dns.overheard",
    "natpmp-port-mapping-requested": "natpmp.overheard",
    "upnp-port-mapping-requested": "upnp.overheard",
}
Place = tuple[str, int | None]


@cache
def labels(folder: Path) -> Any:
    return yaml.safe_load((folder / "labels.yaml").read_text(encoding="utf-8"))


def observed(path: Path, kind: str) -> tuple[dict[Place, set[int]], set[int]]:
    """Where the kind was observed in a capture, with the frames that prove it; and every frame
    that readers got to see.
    """
    readers = [probe for probe in probes() if any(one.name == kind for one in probe.emits)]
    found: dict[Place, set[int]] = {}
    delivered: set[int] = set()

    def listen(talk: Transcript) -> None:
        delivered.update(turn.frame for turn in talk.turns if turn.frame)
        for seen in (seen for reader in readers for seen in reader.read(talk)):
            if seen.kind == kind:
                port = seen.endpoint.port if seen.endpoint else None
                turns = [turn for proof in seen.proofs for turn in proof.turns]
                frames = {frame for turn in turns if (frame := talk.turns[turn].frame)}
                found.setdefault((str(seen.address), port), set()).update(frames)

    Reader({}, listen, lambda packet: None, lambda sighting: None).read(path)
    return found, delivered


@pytest.mark.shared
@pytest.mark.parametrize("sort", DECIDED)
def test_captures_show_what_their_labels_say(shared: Path, sort: str) -> None:
    folder = shared / "captures"
    for capture in labels(folder)["captures"]:
        found, delivered = observed(folder / capture["file"], DECIDED[sort])
        wanted = [finding for finding in capture["findings"] if finding["type"] == sort]
        for finding in wanted:
            place = (finding["host"], finding["port"])
            if not finding.get("optional") and finding["frame"] in delivered:
                assert finding["frame"] in found.get(place, ()), (capture["file"], finding)
        if capture["exhaustive"]:
            assert set(found) <= {(one["host"], one["port"]) for one in wanted}, capture["file"]
