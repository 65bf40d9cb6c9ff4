"""Writes what reports say of ``captures/``: ``expected.yaml`` of every case, README of recordings.

``python tests/lab/judge_captures.py [CASE …]``. What is written for a device of the lab is held
against the lab's own truth, and refused where that does not explain it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from houses import devices
from lan import SCANNER
from overheard import reason, unseen

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.model import Report
from iotscan.offline import report_on

CAPTURES = Path(__file__).resolve().parent.parent.parent / "captures"


def main(names: list[str]) -> int:
    """1 when a report says what is not true."""
    book, wrong = load_rulebook(), 0
    for path in sorted(CAPTURES.rglob("input.*")):
        folder = path.parent
        if names and folder.name not in names:
            continue
        said = expectation(report_on([path], book))
        text = yaml.safe_dump(said, sort_keys=True, allow_unicode=True)
        (folder / "expected.yaml").write_text(text, "utf-8")
        if folder.name.startswith("lab-"):
            wrong += describe(folder, said["findings"])
    return 1 if wrong else 0


def expectation(report: Report) -> dict[str, Any]:
    """What a test holds a later report against: findings, devices, and where reading stopped."""
    said: dict[str, Any] = {
        "complete": report.complete,
        "findings": findings(report),
        "devices": sorted(
            " ".join([device.mac or "-", *map(str, device.addresses), *sorted(device.names)])
            for device in report.devices
        ),
    }
    (given,) = report.inputs
    stopped = [given.stopped] if given.stopped else []
    if stopped or given.unread:
        said["unread"] = [*stopped, *given.unread]
    return said


def findings(report: Report) -> list[str]:
    """Each finding as "address rule port/transport"."""
    return sorted(
        {
            f"{finding.address} {finding.rule}"
            + (f" {place.port}/{place.transport}" if (place := finding.endpoint) else "")
            for finding in report.findings
        }
    )


def describe(folder: Path, found: list[str]) -> int:
    """Write the README of a recorded device; how many findings nothing explains."""
    name = folder.name.removeprefix("lab-")
    address, start = next((at, start) for device, at, _, start in devices() if device == name)
    words = (start.__doc__ or name).strip().splitlines()[0].rstrip(".")
    lines = [
        f"# {folder.name}",
        "",
        f"The lab's device `{name}` at {address}: {words[:1].lower()}{words[1:]}. Scanned by",
        f"`iotscan scan` from {SCANNER}; recorded by `tests/lab/record_captures.py`.",
    ]
    reasons = {one: reason(name, one) for one in found}
    if reasons:
        lines += [
            "",
            "What listening to it shows, and what is true of the device that explains it:",
            "",
        ]
        lines += [f"- `{one}`: {why or 'NOTHING'}" for one, why in reasons.items()]
    if hidden := unseen(name, found):
        lines += ["", "True as well, and shown only to whoever asks or compares:", ""]
        lines += [f"- `{one}`" for one in hidden]
    (folder / "README.md").write_text("\n".join([*lines, ""]), "utf-8")
    unexplained = [one for one, why in reasons.items() if not why]
    for one in unexplained:
        print(f"{folder.name}: nothing explains {one}")
    return len(unexplained)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
