"""Whether what a capture of a device's scan says is true of the device, by the lab's own truth."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from houses import devices, truth


@cache
def known() -> dict[str, Any]:
    """The rules of ``overheard.yaml``."""
    path = Path(__file__).with_suffix(".yaml")
    tree: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return tree


@cache
def addresses() -> dict[str, str]:
    """Device → its address."""
    return {name: address for name, address, *_ in devices()}


def reason(device: str, finding: str) -> str:
    """Why a finding of a capture, as "address rule place", is right; "" if nothing explains it."""
    address, rule, *place = finding.split()
    if rule in known()["of_the_scan"]:
        return str(known()["of_the_scan"][rule])
    if address != addresses()[device]:
        return ""
    true = truth()[device]["findings"]
    said = " ".join([rule, *place])
    excused = known()["exceptions"].get(device, {})
    if said in excused:
        return str(excused[said])
    for live in (rule, *known()["explained"].get(rule, ())):
        if " ".join([live, *place]) in true:
            return str(live)
    return ""


def unseen(device: str, findings: Iterable[str]) -> list[str]:
    """What is true of the device, at places of which the capture says nothing of the kind."""
    reasons = {(reason(device, one), *one.split()[2:]) for one in findings}
    return [
        live
        for live in truth()[device]["findings"]
        if tuple(live.split()) not in {tuple(filter(None, entry)) for entry in reasons}
    ]
