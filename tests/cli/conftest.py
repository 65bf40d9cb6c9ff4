"""A library that answers with a report made by hand, so that the command line is tested alone."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from iotscan.cli import main
from iotscan.model import Progress, Report
from iotscan.settings import Settings

SAMPLES = Path(__file__).parent.parent / "report" / "samples.py"
# A process of its own: the command line over a library of a few lines.
_STAGE = """
import asyncio, importlib.util, sys, types
spec = importlib.util.spec_from_file_location("samples", {samples!r})
samples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(samples)
library = types.ModuleType("iotscan.api")
sys.modules["iotscan.api"] = library
{body}
from iotscan.cli import main
sys.exit(main({arguments!r}))
"""


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., list[str]]:
    """The command that runs ``iotscan ARGUMENTS`` in a process where ``body`` is the library."""

    def make(body: str, *arguments: str) -> list[str]:
        script = tmp_path / "stage.py"
        script.write_text(
            _STAGE.format(samples=str(SAMPLES), body=body, arguments=list(arguments)), "utf-8"
        )
        return [sys.executable, str(script)]

    return make


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """The reports made by hand for the tests of the renderers."""
    spec = importlib.util.spec_from_file_location("samples", SAMPLES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Library:
    """Stands in for ``iotscan.api``: remembers how it was called, returns ``report``."""

    report: Report
    asked: list[Settings] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    error: BaseException | None = None
    steps: Sequence[Progress] = ()

    async def scan(
        self,
        settings: Settings,
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: asyncio.Event | None = None,
    ) -> Report:
        self.asked.append(settings)
        for step in self.steps:
            assert progress is not None
            progress(step)
        return self._answer()

    def replay(
        self,
        paths: Sequence[Path],
        settings: Settings | None = None,
        *,
        evidence: str | None = None,
        mud: Sequence[str] = (),
    ) -> Report:
        self.files += paths
        self.asked.append(settings or Settings())
        return self._answer()

    def _answer(self) -> Report:
        if self.error is not None:
            raise self.error
        return self.report


@pytest.fixture
def library(samples: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library(samples.home())
    monkeypatch.setitem(sys.modules, "iotscan.api", found)
    return found


@pytest.fixture(autouse=True)
def own_settings(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No settings and no history of whoever runs the tests; the working folder is a fresh one."""
    for name in [name for name in os.environ if name.startswith("IOTSCAN_")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "config")
    data = tmp_path_factory.mktemp("data")
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: data / name)
    monkeypatch.chdir(tmp_path)


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command line in this process."""

    def run(*arguments: str) -> Outcome:
        code = main(arguments)
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    return run
