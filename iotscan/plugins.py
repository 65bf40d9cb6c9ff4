"""Finds probes and discoverers: the built-in folders, entry points, a user's own folder.

Nobody else imports a probe by its module path, so a new file is all that a new probe takes.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from iotscan.errors import UsageError
from iotscan.model import Kind
from iotscan.probe_api import Discoverer, Probe

_T = TypeVar("_T", Probe, Discoverer)


@cache
def probes(folder: Path | None = None) -> tuple[Probe, ...]:
    """Every probe, by name: built-in ones, those of the entry-point group ``iotscan.probes``, and
    the files of ``folder``. Raises UsageError when two carry one name.
    """
    modules = [*_modules("iotscan.probes"), *(_files(folder) if folder else ())]
    found = [module.PROBE for module in modules if hasattr(module, "PROBE")]
    found += [entry.load() for entry in entry_points(group="iotscan.probes")]
    return _by_name(found)


@cache
def discoverers() -> tuple[Discoverer, ...]:
    """Every way of finding devices, by name."""
    modules = _modules("iotscan.discovery")
    found = [module.DISCOVERER for module in modules if hasattr(module, "DISCOVERER")]
    found += [entry.load() for entry in entry_points(group="iotscan.discovery")]
    return _by_name(found)


def kinds(folder: Path | None = None) -> dict[str, Kind]:
    """The words that readers use: every kind of observation any plug-in emits, by name."""
    sources: Sequence[Probe | Discoverer] = (*probes(folder), *discoverers())
    return {kind.name: kind for source in sources for kind in source.emits}


def _modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda info: info.name):
        yield importlib.import_module(f"{package}.{info.name}")


def _files(folder: Path) -> Iterator[ModuleType]:
    for path in sorted(folder.glob("*.py")):
        name = f"iotscan_user_probe_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise UsageError(f"{path} cannot be loaded as a probe")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        yield module


def _by_name(found: list[_T]) -> tuple[_T, ...]:
    names = [plugin.name for plugin in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two plug-ins carry the name {', '.join(twice)}: rename or remove one")
    return tuple(sorted(found, key=lambda plugin: plugin.name))
