"""``iotscan demo`` as a command: what it scans, how, and that it exits with 0."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from iotscan.model import Impact
from iotscan.settings import Limits


class VirtualHome:
    network = "127.77.0.0/24"

    async def __aenter__(self) -> VirtualHome:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("iotscan.demo.home")
    monkeypatch.setattr(module, "VirtualHome", VirtualHome, raising=False)
    monkeypatch.setitem(sys.modules, "iotscan.demo.home", module)


def test_demo_scans_the_virtual_home_alone_and_finding_things_is_exit_0(
    library: Any, command: Callable[..., Any]
) -> None:
    ran = command("demo", "--record", "demo.jsonl", "--quiet")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Of 5 devices, 2 need attention now")
    (settings,) = library.asked
    assert settings.targets == ("127.77.0.0/24",)
    assert settings.record == "demo.jsonl"


def test_demo_shows_everything_whatever_is_set_for_real_networks(
    library: Any, command: Callable[..., Any]
) -> None:
    Path("c.toml").write_text(
        'impact = "listen"\nexclude = ["127.0.0.0/8"]\ninterfaces = ["eth7"]\n'
        "[limits]\nlogins_per_account = 0\n"
    )
    command("demo", "--config", "c.toml", "--output", "json:out.json")
    (settings,) = library.asked
    assert settings.impact is Impact.LOGIN
    assert settings.exclude == settings.interfaces == ()
    assert settings.limits == Limits()
    assert Path("out.json").exists()
