"""Where the user's own files lie. platformdirs is loaded when asked: help pages need none of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from iotscan.errors import UsageError

_NAME = "iotscan"


def config_folder() -> Path:
    """The folder of the settings file. Raises UsageError where the user has no home."""
    from platformdirs import user_config_path

    return _of(user_config_path)


def data_folder() -> Path:
    """The folder of the history and of imported lists. Raises UsageError as above."""
    from platformdirs import user_data_path

    return _of(user_data_path)


def _of(folder: Callable[[str], Path]) -> Path:
    try:
        return folder(_NAME)
    except RuntimeError as error:  # a user id that the system does not know, as in containers
        raise UsageError(
            "this user has no home folder: set HOME (or XDG_CONFIG_HOME and XDG_DATA_HOME) to one"
        ) from error
