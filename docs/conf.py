"""The documents as web pages: ``make docs``, then open ``build/docs/index.html``.

Pages that say what the code does (protocols and rules) are written from it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from sphinx.application import Sphinx

from iotscan.version import __version__

HERE = Path(__file__).resolve().parent

project = "iotscan"
author = "the authors of iotscan"
copyright = "the authors of iotscan, MIT licence"
version = release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"iotscan {__version__}"
html_static_path: list[str] = []
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
exclude_patterns = ["examples", "images/README.md"]
# Code that names a shell session or a file format that Pygments does not know is shown plain.
suppress_warnings = ["misc.highlighting_failure"]


def setup(app: Sphinx) -> None:
    """Write the pages that come from the code before Sphinx lists the sources."""
    app.connect("builder-inited", _generate)


def _generate(app: Sphinx) -> None:
    spec = importlib.util.spec_from_file_location("docs_generate", HERE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, page in module.PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
