"""The whole house: every family of devices that stands in house/, found by itself.

A family is two files: ``house/NAME.py`` with ``DEVICES``, and ``house/NAME.yaml`` with what is true
of each of them. Addresses are 10.77.0.1 to 10.77.0.254 without the scanner's .2, and for IPv6 those
of fd77::/64 with the same last number; nobody shares one.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import yaml
from lan import SCANNER, SCANNER6, Device, Host, Lan, ip

HOUSE = Path(__file__).resolve().parent / "house"


def devices(*families: str) -> tuple[Device, ...]:
    """Every device of these families, of all when none is named."""
    found: list[Device] = []
    for path in sorted(HOUSE.glob("*.py")):
        if families and path.stem not in families:
            continue
        spec = importlib.util.spec_from_file_location(f"house_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        found += module.DEVICES
    return tuple(found)


def truth() -> dict[str, Any]:
    """What is true of each device: ``findings``, ``gaps`` and ``also`` addresses, by its name."""
    merged: dict[str, Any] = {}
    for path in sorted(HOUSE.glob("*.yaml")):
        merged |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return merged


def build(network: Lan, *families: str) -> Host:
    """Plug in and start every device of these families, of all when none is named; the scanner's
    host.
    """
    scanner = network.add("scanner", SCANNER, "02:00:00:00:00:02")
    ip("-n", scanner.namespace, "addr", "add", f"{SCANNER6}/64", "dev", "lan0")
    for name, address, mac, start in devices(*families):
        start(network.add(name, address, mac))
    return scanner
