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
    """How to write. ``width`` in columns and ``colour``: None lets the output decide.

    ``argument``: what stands behind the name of a format that takes an argument; ``form``: the
    ending of the file, without its dot, "" on a screen; ``rule_folders``: rule packs of the user's.
    """

    width: int | None = None
    colour: bool | None = None
    show_passwords: bool = False
    argument: str = ""
    form: str = ""
    rule_folders: tuple[str, ...] = ()


Renderer = Callable[[Report, TextIO, Options], None]


@dataclass(frozen=True, slots=True)
class Argued:
    """A renderer of a format with an argument, which is called ``argument`` in messages.

    ``check`` raises UsageError when it cannot be written so, before a scan begins.
    """

    write: Renderer
    argument: str
    check: Callable[[Options], None]


@cache
def renderers() -> dict[str, Renderer | Argued]:
    """Every format by name, found by listing this folder: a new file is all a format takes."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "RENDERER"):
            found[info.name] = module.RENDERER
    return found


def renderer(name: str) -> Renderer | Argued:
    """The renderer of that name. Raises UsageError that lists the formats there are."""
    try:
        return renderers()[name]
    except KeyError:
        known = ", ".join(sorted(renderers()))
        raise UsageError(f"there is no output format {name!r}; formats are: {known}") from None


def render(report: Report, name: str, out: TextIO, options: Options) -> None:
    """Write the report to ``out``. Passwords that worked are shown only when ``options`` say so."""
    found = renderer(name)
    write = found.write if isinstance(found, Argued) else found
    if options.show_passwords:
        from iotscan.report.reveal import revealed

        report = revealed(report)
    write(report, out, options)
