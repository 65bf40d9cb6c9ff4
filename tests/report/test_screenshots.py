"""The pictures of the documents: taken anew with --golden, of the report that the tests know."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iotscan.model import Report
from iotscan.report import Options, render

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Name → width and height of the window, dark or not, and where the picture begins.
PICTURES = {
    "report-light": (1200, 1080, False, ""),
    "report-dark": (1200, 1080, True, ""),
    "report-phone": (390, 844, False, ""),
    "report-finding": (1200, 900, False, "#devices"),
    "requirements": (1200, 900, False, "main"),
}
_LARGEST = 300_000


def size(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG (RFC 2083, section 4.1.1)."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_of_the_right_size_and_small(
    name: str, recorded: Report, browser: Browser, tmp_path: Path, golden: bool
) -> None:
    width, height, dark, place = PICTURES[name]
    out = io.StringIO()
    if name == "requirements":
        render(recorded, name, out, Options(argument="etsi-en-303-645", form="html"))
    else:
        render(recorded, "html", out, Options())
    page = tmp_path / "report.html"
    page.write_text(out.getvalue(), "utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    context.set_default_timeout(300_000)  # milliseconds, for machines that are full
    tab = context.new_page()
    tab.goto(page.as_uri())
    if place:
        tab.evaluate(
            "place => document.querySelector(place).scrollIntoView({behavior: 'instant'})", place
        )
    taken = tab.screenshot()
    context.close()
    file = IMAGES / f"{name}.png"
    if golden:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(taken)
    assert size(taken) == size(file.read_bytes()) == (width, height)
    assert file.stat().st_size < _LARGEST
