"""Where the page listens: nobody is sent there before it does, and a refusal says what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iotscan.errors import UsageError
from iotscan.settings import Settings
from iotscan.store import open_store
from iotscan.web.serve import Place, serve


def nobody(*_: object, **__: object) -> Any:
    raise AssertionError


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Place], str]:
    """What is said where nobody can listen."""

    def of(place: Place) -> str:
        with open_store(str(tmp_path / "a.sqlite")) as store, pytest.raises(UsageError) as caught:
            serve(place, store, nobody, Settings(), today=nobody, tell=nobody)
        return str(caught.value)

    return of


def test_a_port_in_use_is_told_before_anybody_is_sent_there(
    refused: Callable[[Place], str], capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        said = refused(Place("127.0.0.1", busy.getsockname()[1]))
    assert "Take another --port" in said
    assert capfd.readouterr() == ("", "")


def test_an_address_of_another_machine_is_told(refused: Callable[[Place], str]) -> None:
    assert "no such address" in refused(Place("192.0.2.77", 8642))
