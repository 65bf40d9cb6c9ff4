"""The web page of 1,000 devices and 20,000 findings: written, and opened in Chromium

Opened: from the call to the second frame that the browser has drawn, in a tab of its own.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.reports import synthetic
from iotscan.model import Report
from iotscan.report import Options, render

SIZES = ((15, 60), (300, 3_000), (1_000, 20_000))
_RUNS = 5
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def missing() -> str:
    if shutil.which("chromium") is None:
        return "not installed: chromium"
    return "" if importlib.util.find_spec("playwright") else "not installed: playwright"


def run() -> None:
    from playwright.sync_api import sync_playwright

    print(f"{'devices':>8}{'findings':>10}{'written':>9}{'MB':>7}{'opened':>8}{'elements':>10}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for devices, findings in SIZES:
            file = Path(folder) / f"{devices}.html"
            took = _write(synthetic(devices, findings), file)
            opened = []
            for _ in range(_RUNS):
                page = browser.new_page()
                began = time.monotonic()
                page.goto(file.as_uri())
                page.evaluate(_DRAWN)
                opened.append(time.monotonic() - began)
                elements = page.evaluate("() => document.querySelectorAll('*').length")
                page.close()
            size = file.stat().st_size / 1e6
            print(
                f"{devices:8,}{findings:10,}{took:9.2f}{size:7.2f}"
                f"{statistics.median(opened):8.2f}{elements:10,}"
            )
        browser.close()


def _write(report: Report, file: Path) -> float:
    began = time.monotonic()
    with file.open("w", encoding="utf-8") as out:
        render(report, "html", out, Options())
    return time.monotonic() - began
