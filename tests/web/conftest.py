"""A site with two stored scans of the samples, and a scanner that only pretends."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from iotscan.model import Identity, Progress, Report, Severity
from iotscan.settings import Settings
from iotscan.store import Store, open_store
from iotscan.web.app import build
from iotscan.web.rates import Rates
from iotscan.web.scans import Scans
from iotscan.web.sessions import Sessions
from iotscan.web.site import Site

HOST = "127.0.0.1:8642"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@dataclass
class Scanner:
    """What is asked of the scanner; it finds the report that it was given."""

    report: Report
    asked: list[Settings] = field(default_factory=list)
    hold: bool = False

    async def __call__(
        self, settings: Settings, *, progress: Callable[[Progress], None], stop: asyncio.Event
    ) -> Report:
        self.asked.append(settings)
        progress(Progress("discover", "done"))
        progress(Progress("probe", "service", address="10.0.0.9", service="telnet"))
        if self.hold:
            await stop.wait()
        return self.report


@dataclass
class Web:
    """The site, a browser for it, and what is behind it."""

    browser: TestClient
    store: Store
    scanner: Scanner
    site: Site

    def form(self, path: str, at: str = "/", **fields: str) -> Any:
        """Send a form as the page at ``at`` would."""
        text = self.browser.get(at).text
        token = text.partition('name="token" value="')[2].partition('"')[0]
        return self.browser.post(path, data={"token": token, **fields})


@pytest.fixture
def report() -> Report:
    """The sample home, with a device that calls itself something that a page might obey."""
    path = Path(__file__).parent.parent / "report" / "samples.py"
    spec = importlib.util.spec_from_file_location("samples", path)
    assert spec is not None
    assert spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)
    home: Report = samples.home()
    hostile = replace(
        home.devices[0], names=(HOSTILE,), identity=Identity(HOSTILE, HOSTILE, HOSTILE, "camera")
    )
    return replace(home, devices=(hostile, *home.devices[1:]))


@pytest.fixture
def web(tmp_path: Path, report: Report) -> Iterator[Web]:
    yield from serving(tmp_path, report)


@pytest.fixture
def locked(tmp_path: Path, report: Report) -> Iterator[Web]:
    """The site as it is when it does not listen on loopback."""
    yield from serving(tmp_path, report, "correct horse")


@contextmanager
def at_a_port(site: Site) -> Iterator[str]:
    """The site on a port of loopback; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        # One site belongs to one event loop.
        own = replace(site, scans=Scans(site.scans._look, site.scans._keep))
        server = uvicorn.Server(uvicorn.Config(build(own, [host]), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://{host}"
        finally:
            server.should_exit = True
            thread.join(20)


def serving(folder: Path, report: Report, password: str = "") -> Iterator[Web]:
    with open_store(str(folder / "history.db")) as store:
        worse = tuple(f for f in report.findings if f.severity is not Severity.CRITICAL)
        store.add(replace(report, findings=worse, started="2026-01-01T00:00:00+00:00"))
        store.add(report)
        scanner = Scanner(replace(report, started="2026-01-03T00:00:00+00:00"))
        site = Site(
            store,
            Scans(scanner, lambda found: str(store.add(found))),
            Sessions(password),
            Rates(1000, 1000, lambda: 0.0),
            Settings(targets=("127.0.0.0/30",)),
            lambda: "2026-01-02",
        )
        with TestClient(
            build(site, [HOST]), base_url=f"http://{HOST}", follow_redirects=True
        ) as browser:
            yield Web(browser, store, scanner, site)
