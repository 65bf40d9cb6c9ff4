"""The pages in a real browser: a scan from consent to report, nothing obeyed, nobody kept out."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from iotscan.cli.web import _demo
from iotscan.model import Report
from iotscan.settings import Settings
from iotscan.store import open_store
from iotscan.web.rates import Rates
from iotscan.web.scans import Scans
from iotscan.web.sessions import Sessions
from iotscan.web.site import Site

from .conftest import Web, at_a_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
PAGES = ("/", "/scans", "/scans/2", "/devices", "/devices/1", "/risks", "/compare?before=1&after=2")
WIDTHS = {"wide": 1200, "phone": 390}
# Milliseconds; a scan of the virtual home takes most of a minute where the machine is full.
PATIENCE = 300_000


class Watched:
    """A page that must not run a device's words, ask others for anything, or say an error."""

    def __init__(self, browser: Browser, base: str, width: int = 1200, scheme: str = "light"):
        self.base = base
        self.wrong: list[str] = []
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.page.set_default_timeout(PATIENCE)
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error {error}"))
        self.page.on("console", lambda said: self.wrong.append(f"console {said.text}"))
        self.page.on("request", lambda asked: self._asked(asked.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.wrong.append(f"request {url}")


@pytest.fixture
def watched(browser: Browser, web: Web) -> Iterator[Watched]:
    with at_a_port(web.site) as base:
        found = Watched(browser, base)
        yield found
        found.page.close()
        assert found.wrong == []


def test_no_page_obeys_what_a_device_calls_itself(watched: Watched) -> None:
    for path in PAGES:
        watched.page.goto(watched.base + path)
        assert watched.page.title()
    watched.page.goto(f"{watched.base}/devices")
    assert watched.page.get_by_text("<script>alert(1)</script>").count() >= 1


def test_what_is_wrong_stands_on_the_first_screen_of_a_phone(browser: Browser, web: Web) -> None:
    """Formats and standards, which few ask for, are folded away above it."""
    with at_a_port(web.site) as base:
        seen = Watched(browser, base, WIDTHS["phone"])
        seen.page.goto(f"{base}/scans/2")
        box = seen.page.locator("h1").bounding_box()
        assert box is not None
        assert box["y"] < 300
        seen.page.get_by_text("Save it, or measure it").click()
        assert seen.page.get_by_role("link", name="sarif").is_visible()
        seen.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_no_barrier_and_nothing_sticks_out(
    browser: Browser, web: Web, width: int, scheme: str
) -> None:
    with at_a_port(web.site) as base:
        seen = Watched(browser, base, width, scheme)
        for path in PAGES:
            seen.page.goto(base + path)
            found = Axe().run(seen.page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], path
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, path
        seen.page.close()


def test_everything_can_be_done_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    page.goto(f"{watched.base}/devices/1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.focus("#name")
    page.keyboard.type("Front door")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == "Front door"
    assert page.is_checked("input[name=known]")


def test_the_virtual_home_is_scanned_watched_read_and_compared(
    browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From consent to comparison, as somebody does it who sees the page for the first time."""
    look, settings = _demo()
    seen_alive = threading.Event()

    async def lasting(settings: Settings, **told: Any) -> Report:
        """A scan that does not end before the page has shown it."""
        report: Report = await look(settings, **told)
        await asyncio.to_thread(seen_alive.wait)
        return report

    with open_store(str(tmp_path / "history.db")) as store, ExitStack() as stack:
        stack.callback(seen_alive.set)
        site = Site(
            store,
            Scans(lasting, lambda report: str(store.add(store.judged(report)))),
            Sessions(),
            Rates(1000, 1000, lambda: 0.0),
            settings,
            lambda: "2026-01-02",
            fixed=True,
        )
        with at_a_port(site) as base:
            seen = Watched(browser, base)
            page = seen.page
            _scan(page, base)
            page.wait_for_selector(".host:nth-child(12)")
            page.wait_for_selector(".host.done")
            _picture(request, page, "web-scan.png")
            seen_alive.set()
            page.wait_for_url(re.compile(r"/scans/1$"))
            assert "need" in page.inner_text("h1")
            page.click("text=Devices >> nth=0")
            page.click(".device-link >> nth=0")
            page.click("summary >> nth=0")
            page.fill("input[name=reason]", "Behind a wall")
            page.fill("input[name=owner]", "Me")
            page.fill("input[name=expires]", "2099-12-31")
            page.click("text=Accept the risk")
            page.wait_for_selector("main >> text=Behind a wall")
            _scan(page, base)
            page.wait_for_url(re.compile(r"/scans/2$"))
            page.click("text=compared with scan 1")
            page.wait_for_selector("h1:text-is('What changed')")
            _picture(request, page, "web-compare.png")
            page.close()
            assert seen.wrong == []
        accepted = [finding for finding in store.report(2).findings if finding.accepted]
        assert [finding.accepted.owner for finding in accepted if finding.accepted] == ["Me"]


def _scan(page: Page, base: str) -> None:
    page.goto(base)
    page.check("input[name=consent]")
    page.click("text=Begin the scan")
    page.wait_for_url(re.compile("/scans/live$"))


def _picture(request: pytest.FixtureRequest, page: Page, name: str) -> None:
    """Taken at every run, so that it can be; kept when pictures are written anew."""
    picture = page.screenshot()
    assert len(picture) < 300_000
    if request.config.getoption("--golden", default=False):
        (IMAGES / name).write_bytes(picture)


def test_a_locked_page_asks_and_opens(browser: Browser, locked: Web) -> None:
    with at_a_port(locked.site) as base:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{base}/devices")
        page.fill("input[name=password]", "wrong")
        page.click("text=Open")
        page.wait_for_selector("main >> text=not the token")
        page.fill("input[name=password]", "correct horse")
        page.click("text=Open")
        page.wait_for_url(f"{base}/")
        page.close()


def test_settings_of_the_demo_name_no_target_of_the_user() -> None:
    assert _demo()[1] == Settings()
