"""Probes and discoverers are found by themselves; two of one name are an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan import plugins
from iotscan.errors import UsageError
from iotscan.probe_api import Discoverer, Probe

ROOT = Path(__file__).resolve().parent.parent
MINE = """
from iotscan.model import Impact

class Mine:
    name = {name!r}
    openings = ()
    impact = Impact.GREET
    emits = ()
    def recognises(self, heard): return False
    def handles(self, service): return False
    async def converse(self, service, net, logins): return None
    def read(self, talk): return iter(())

PROBE = Mine()
"""


def test_every_file_of_the_folder_is_a_probe() -> None:
    files = [path for path in (ROOT / "probes").glob("*.py") if not path.stem.startswith("_")]
    assert len(plugins.probes()) == len(files)
    assert all(isinstance(probe, Probe) for probe in plugins.probes())


def test_discoverers_are_found_and_are_what_they_say() -> None:
    names = [found.name for found in plugins.discoverers()]
    assert {"arp", "mdns", "ssdp", "neighbours"} <= set(names)
    assert names == sorted(names)
    assert all(isinstance(found, Discoverer) for found in plugins.discoverers())


def test_a_users_own_folder_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE.format(name="mine"), encoding="utf-8")
    assert "mine" in [probe.name for probe in plugins.probes(tmp_path)]


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE.format(name="telnet"), encoding="utf-8")
    with pytest.raises(UsageError, match="telnet: rename or remove one"):
        plugins.probes(tmp_path)


def test_kinds_are_declared_once() -> None:
    sources: list[Probe | Discoverer] = [*plugins.probes(), *plugins.discoverers()]
    declared: dict[str, object] = {}
    for source in sources:
        for kind in source.emits:
            assert declared.setdefault(kind.name, kind) == kind, f"{kind.name} means two things"
    assert plugins.kinds().keys() == declared.keys()
