"""Where imported feeds lie: one file each in the user's own data folder, private to the user."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from iotscan.assess.rulebook.feeds import Feeds, Listed, gathered
from iotscan.errors import UsageError
from iotscan.feeds.importing import Taken
from iotscan.model import Feed
from iotscan.settings import Settings
from iotscan.settings.folders import data_folder

FORMAT = 1
_SUFFIX = ".feed.json"
_NAME = re.compile(r"[0-9a-z][0-9a-z.-]*")


@dataclass(frozen=True, slots=True)
class _Kept:
    """One feed as it lies on disk."""

    format: int
    note: Feed
    flaws: tuple[Listed, ...]
    exploited: tuple[str, ...]


def default_folder() -> Path:
    """The folder in which feeds lie when no other is named."""
    return data_folder() / "feeds"


def folder_of(settings: Settings) -> Path:
    """The folder that the settings name, or the user's own."""
    return Path(settings.feeds) if settings.feeds else default_folder()


def keep(taken: Taken, folder: Path) -> None:
    """Keep a feed in place of an earlier one of its name.

    Raises UsageError where the folder cannot be written, or the one that is there is of a later
    date.
    """
    there = next((kept.note for kept in _all(folder) if kept.note.name == taken.note.name), None)
    if there is not None and there.date > taken.note.date:
        raise UsageError(
            f"the {there.name} that is there is of {there.date}, this one of {taken.note.date}; to "
            f"go back, run: iotscan feeds remove {there.name}"
        )
    kept = _Kept(FORMAT, taken.note, tuple(taken.flaws), tuple(taken.exploited))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(kept))
        Path(temporary).replace(_file(folder, taken.note.name))
    except OSError as error:
        raise UsageError(f"the feed cannot be kept in {folder}: {error.strerror}") from error


def load(folder: Path) -> Feeds:
    """All feeds of the folder, as data. Raises UsageError where one is damaged."""
    return gathered((kept.note, kept.flaws, kept.exploited) for kept in _all(folder))


def remove(name: str, folder: Path) -> None:
    """Forget a feed. Raises UsageError where there is none of this name."""
    path = _file(folder, name)
    if not _NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(kept.note.name for kept in _all(folder)) or "none"
        raise UsageError(f"there is no feed {name}; there are: {known}")
    try:
        path.unlink()
    except OSError as error:
        raise UsageError(f"{path} cannot be removed: {error.strerror}") from error


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}{_SUFFIX}"


def _all(folder: Path) -> Iterator[_Kept]:
    for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ():
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(
                f"{path} is damaged ({error}). Remove the file, and import the feed again."
            ) from error
        if kept.format != FORMAT:
            raise UsageError(
                f"{path} was written by another version of iotscan. Remove the file, and import "
                "the feed again."
            )
        yield kept
