"""Writes a report in a format. Every module of this folder that ends in ``RENDERER = …`` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TextIO

from iotscan.errors import UsageError
from iotscan.model import Report


@dataclass(frozen=True, slots=True)
class Options:
    """How to write. ``width`` in columns and ``colour``: None lets the output decide."""

    width: int | None = None
    colour: bool | None = None
    show_passwords: bool = False


Renderer = Callable[[Report, TextIO, Options], None]


@cache
def renderers() -> dict[str, Renderer]:
    """Every format by name, found by listing this folder: a new file is all a format takes."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "RENDERER"):
            found[info.name] = module.RENDERER
    return found


def renderer(name: str) -> Renderer:
    """The renderer of that name. Raises UsageError that lists the formats there are."""
    try:
        return renderers()[name]
    except KeyError:
        known = ", ".join(sorted(renderers()))
        raise UsageError(f"there is no output format {name!r}; formats are: {known}") from None


def render(report: Report, name: str, out: TextIO, options: Options) -> None:
    """Write the report to ``out``. Passwords that worked are shown only when ``options`` say so."""
    write = renderer(name)
    if options.show_passwords:
        from iotscan.report.reveal import revealed

        report = revealed(report)
    write(report, out, options)
