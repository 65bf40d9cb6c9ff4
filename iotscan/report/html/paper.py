"""Templates to pages: everything escaped, one style, and a policy that forbids all else.

The policy names the style by its hash, so that not even a style could come from a device's text.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from iotscan.report import words
from iotscan.report.html import netmap, page, symbols
from iotscan.text import clean

_LONGEST = 4000


def write(template: str, out: TextIO, **values: object) -> None:
    """Write a page of ``templates/``; ``style`` and ``policy`` are known in each."""
    for piece in environment().get_template(template).generate(**values):
        out.write(piece)


@cache
def environment() -> Environment:
    """The templates with the words and drawings that they use."""
    env = Environment(
        loader=PackageLoader("iotscan.report.html"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_shown,
    )
    env.globals |= {
        "style": Markup(stylesheet()),  # noqa: S704 - a file of ours
        "policy": policy(),
        "symbols": symbols,
        "netmap": netmap,
        "words": words,
        "crosswalk": page.crosswalk,
        "state_of": page.state,
        "tone": page.tone,
        "states": page.STATES,
    }
    env.filters |= {"count": words.count, "right": words.right}
    return env


@cache
def stylesheet() -> str:
    """The one style of all pages."""
    return files("iotscan.report.html").joinpath("templates", "style.css").read_text("utf-8")


def policy() -> str:
    """A content security policy under which a page is shown and does nothing at all."""
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _shown(value: Any) -> Any:
    """Text is cleaned once more: a report may come from a file of someone else's."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    # What is printable has nothing to clean, and there may be megabytes of it.
    return value if value.isprintable() and len(value) <= _LONGEST else clean(value, _LONGEST)
