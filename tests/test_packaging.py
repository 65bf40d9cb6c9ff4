"""A wheel holds every module, rule and data file: a hand-written list would drop new ones."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names inside a wheel built from the files git knows."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


@pytest.mark.parametrize(
    ("folder", "inside"),
    [("iotscan", "iotscan"), ("probes", "iotscan/probes"), ("rules", "iotscan/rules")],
)
def test_the_wheel_holds_every_module_and_data_file(
    wheel: set[str], folder: str, inside: str
) -> None:
    wanted = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for suffix in ("*.py", "*.yaml", "*.json", "*.j2", "*.css", "py.typed")
        for path in (ROOT / folder).rglob(suffix)
        if "__pycache__" not in path.parts
    }
    assert wanted
    assert sorted(wanted - wheel) == []


def test_nothing_installs_outside_the_package(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    assert tops == {"iotscan"}
