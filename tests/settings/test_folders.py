"""Where the user's files lie, and what is said where there is no such place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from iotscan.errors import UsageError
from iotscan.settings.folders import config_folder, data_folder


@pytest.mark.parametrize(
    ("variable", "folder"), [("XDG_CONFIG_HOME", config_folder), ("XDG_DATA_HOME", data_folder)]
)
def test_who_has_no_home_is_told_how_to_give_one(
    variable: str, folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A container may run as a user id that nobody gave a home."""

    def nowhere(path: str) -> str:
        return path  # what it does to "~" where it finds no home

    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", nowhere)
    with pytest.raises(UsageError, match="set HOME"):
        folder()
    monkeypatch.setenv(variable, str(tmp_path))
    assert folder() == tmp_path / "iotscan"
