"""The borders that import-linter cannot see, and gates on what every room must have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODECS = "iotscan.protocols"
ALLOWED_IN_PROBES = (
    "iotscan.probe_api",
    "iotscan.model",
    "iotscan.errors",
    "iotscan.text",
    "iotscan.protocols",
)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", sorted((ROOT / "probes").glob("*.py")), ids=lambda p: p.stem)
def test_a_probe_imports_only_what_plug_in_authors_may(path: Path) -> None:
    ours = [name for name in imports(path) if name.split(".")[0] == "iotscan"]
    assert [name for name in ours if not name.startswith(ALLOWED_IN_PROBES)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "probes").glob("*.py")), ids=lambda p: p.stem)
def test_a_probe_neither_dials_nor_sleeps_nor_rolls_dice(path: Path) -> None:
    forbidden = {"socket", "ssl", "random", "secrets", "time", "datetime", "threading"}
    assert forbidden.isdisjoint(name.split(".")[0] for name in imports(path))


def core_files() -> list[Path]:
    return sorted((ROOT / "iotscan").rglob("*.py"))


def test_the_core_names_no_probe() -> None:
    modules = {f"iotscan.probes.{path.stem}" for path in (ROOT / "probes").glob("*.py")}
    named = {
        str(path.relative_to(ROOT)): modules.intersection(imports(path)) for path in core_files()
    }
    assert {path: names for path, names in named.items() if names} == {}


def test_no_module_outside_probes_branches_on_a_probe_name() -> None:
    """The engine's floors treat all probes alike: no comparison with a probe's name."""
    names = {path.stem for path in (ROOT / "probes").glob("*.py")} - {"__init__"}
    floors = [ROOT / "iotscan" / "api.py"]
    for room in ("engine", "net"):
        floors += sorted((ROOT / "iotscan" / room).glob("*.py"))
    assert len(floors) > 10
    found = []
    for path in floors:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                literals = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
                found += [f"{path.name}: {lit}" for lit in literals if lit in names]
    assert found == []


def test_only_screens_print() -> None:
    rooms = ("cli", "report", "demo")
    talkers = [
        str(path.relative_to(ROOT))
        for path in core_files()
        if path.relative_to(ROOT / "iotscan").parts[0] not in rooms
        and any(
            isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert talkers == []


def codec_imports(path: Path) -> Iterator[str]:
    """Modules of iotscan.protocols that a file imports, dotted, either way of writing it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(CODECS):
            room = str(node.module)
            yield from (room, *(f"{room}.{alias.name}" for alias in node.names))


def test_every_codec_is_tested() -> None:
    """A module that parses bytes from strangers is imported by a test, or by a probe, which all
    have tests, or by such a module.
    """
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in (ROOT / "iotscan" / "protocols").rglob("*.py")
        if path.stem != "__init__"
    }
    reached: set[str] = set()
    coming = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "probes").glob("*.py")]
    coming += (ROOT / "iotscan" / "discovery").glob("*.py")
    while coming:
        found = set(codec_imports(coming.pop())) & files.keys() - reached
        reached |= found
        coming += [files[name] for name in found]
    assert sorted(files.keys() - reached) == []
