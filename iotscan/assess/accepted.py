"""Risks that were accepted: read from a file that people review, and marked in a report. Pure.

A finding stays where it is and says that it was accepted, by whom, why and until when. The day that
counts is the one on which the scan began, so that a report says the same whenever it is made.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.yamltree import Tree, parse
from iotscan.errors import RuleError, RulePackError, unreadable
from iotscan.model import Acceptance, Device, Finding, Report

EVERY = "*"
_PORT = re.compile(r"[0-9]{1,5}/(tcp|udp)")


def read_acceptances(path: str | Path) -> tuple[Acceptance, ...]:
    """The entries of a file. Raises RulePackError with every fault, UsageError without a file."""
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    tree, faults = parse(text, str(path))
    found: list[Acceptance] = []
    if tree is not None:
        top = Fields(tree, str(path), faults)
        for item in top.items("accepted", required=True):
            if left := _left_open(item):
                why = f"{left} left open: fill in, or take the entry out"
                faults.append(RuleError(str(path), item.line, why))
                continue
            fields = Fields(item, str(path), faults)
            risk = Acceptance(
                rule=fields.text("rule"),
                device=fields.text("device"),
                reason=fields.text("reason"),
                owner=fields.text("owner"),
                expires=fields.text("expires"),
                port=fields.text("port", ""),
            )
            fields.close()
            faults += [RuleError(str(path), item.line, wrong) for wrong in wrongs(risk)]
            found.append(risk)
        top.close()
    if faults:
        raise RulePackError(faults)
    return tuple(found)


def _left_open(item: Tree) -> str:
    """The keys of an entry under which nothing stands yet, as a draft leaves them; "" if none."""
    given = item.value if isinstance(item.value, dict) else {}
    empty = [key for key, tree in given.items() if not tree.text.strip() and not tree.value]
    return f"{', '.join(empty)} {'is' if len(empty) == 1 else 'are'}" if empty else ""


def wrongs(risk: Acceptance) -> list[str]:
    """What is wrong with an entry whose texts are all there."""
    found = []
    try:
        date.fromisoformat(risk.expires)
    except ValueError:
        found.append(f"expires is a day such as 2027-01-31, not {risk.expires!r}")
    if risk.port and not _PORT.fullmatch(risk.port):
        found.append(f"port is as in 23/tcp, not {risk.port!r}")
    return found


def accept(
    report: Report, risks: Sequence[Acceptance], titles: Mapping[str, str] | None = None
) -> Report:
    """The report with accepted findings marked, and the expired entries that would have applied.

    ``titles``: what the user calls a device, by its key. Of several entries for a finding the first
    that has not expired counts.
    """
    day = report.started[:10]
    names = {
        device.key: _names(device, (titles or {}).get(device.key)) for device in report.devices
    }
    by_rule: dict[str, list[Acceptance]] = defaultdict(list)
    for risk in risks:
        by_rule[risk.rule].append(risk)
    expired: dict[Acceptance, None] = {}

    def judged(finding: Finding) -> Finding:
        fitting = [
            risk
            for risk in by_rule[finding.rule]
            if _fits(risk, finding, names.get(finding.device))
        ]
        valid = next((risk for risk in fitting if risk.expires >= day), None)
        if valid is None:
            expired.update(dict.fromkeys(fitting))
        return replace(finding, accepted=valid)

    return replace(report, findings=tuple(map(judged, report.findings)), expired=tuple(expired))


def _names(device: Device, title: str | None) -> frozenset[str]:
    words = (device.key, device.mac, title, *map(str, device.addresses), *device.names)
    return frozenset(word.lower() for word in words if word)


def _fits(risk: Acceptance, finding: Finding, names: frozenset[str] | None) -> bool:
    here = risk.device == EVERY or risk.device.lower() in (names or {finding.device.lower()})
    endpoint = finding.endpoint
    port = f"{endpoint.port}/{endpoint.transport}" if endpoint else ""
    return here and risk.port in ("", port)
