"""The virtual home, watched for real while devices come and go, with a real receiver."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from iotscan.api import scan
from iotscan.cli import main
from iotscan.demo.home import VirtualHome
from iotscan.model import Report
from iotscan.settings import Settings

# A home of its own, beside those of other tests.
NETWORK = IPv4Network("127.20.7.0/27")
ROUTER, CAMERA, HUB = 1, 2, 4


@dataclass
class Homes:
    """Stands in for ``iotscan.api``: the real scan, of a home with other devices each time."""

    evenings: list[tuple[int, ...]]
    rules: Callable[[Settings], None] = field(default=lambda settings: None)

    async def scan(self, settings: Settings, *, progress: Any, stop: asyncio.Event) -> Report:
        home = VirtualHome(NETWORK)
        there = [NETWORK.network_address + number for number in self.evenings.pop(0)]
        home.devices = {address: home.devices[address] for address in there}
        async with home:
            return await scan(settings, progress=progress, stop=stop)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_devices_that_come_and_go_are_told_once(
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    evenings: list[tuple[int, ...]] = [(ROUTER, HUB), (ROUTER, HUB), (ROUTER, HUB, CAMERA)]
    monkeypatch.setitem(sys.modules, "iotscan.api", Homes(evenings))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path)
    addresses = [str(NETWORK.network_address + number) for number in (ROUTER, CAMERA, HUB)]
    told = []
    while evenings:
        code = main(
            [
                *("watch", *addresses, "--once", "--quiet"),
                *("--ports", "23,80,554,1883", "--notify", f"json://127.0.0.1:{server.port}/"),
            ]
        )
        out, err = capfd.readouterr()
        assert (code, err) == (0, "")
        told.append(out)
    first, quiet, news = told
    assert "Message hub lets anybody in without a login (MQTT) (high): Hub" in first
    assert quiet == ""
    assert "New device: Front camera" in news
    assert "New finding: Camera's pictures travel unencrypted (RTSP) (medium): Front camera" in news
    assert "Hub" not in news
    assert [message["title"] for message in server.heard][:1] == ["iotscan: watching 2 devices"]
    assert len(server.heard) == 2
    assert "New device: Front camera" in server.heard[1]["message"]
