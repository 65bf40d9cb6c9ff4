"""MUD files on disk: those that a capture is to be held against, and drafts made from one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from iotscan.assess.profiles import Profiles, deeds, draft
from iotscan.errors import Malformed, UsageError, unreadable
from iotscan.model import Device, Report
from iotscan.protocols.mud.codec import build, parse
from iotscan.protocols.mud.profile import Profile

SUFFIXES = (".json", ".mud")


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile of a device in a capture; ``name`` is that of its file."""

    device: Device
    name: str
    data: bytes


def load(given: Sequence[str]) -> Profiles:
    """The profiles of files, folders, and of ``MAC=FILE`` or ``ADDRESS=FILE``.

    A file belongs to the devices that announce its URL, and to the one whose MAC or address it is
    called by, as drafts are. Raises UsageError where one cannot be read, or is no MUD file.
    """
    by_device: dict[str, tuple[str, Profile]] = {}
    by_url: dict[str, tuple[str, Profile]] = {}
    single: list[str] = []
    for text in given:
        key, _, rest = text.partition("=")
        owner = _device(key) if rest else ""
        path = Path(rest if owner else text)
        for file in _files(path):
            known = file.name, _read(file)
            by_url.setdefault(known[1].url, known)
            whose = owner or _device(file.stem.replace("-", ":"))
            if whose:
                by_device.setdefault(whose, known)
        single += [] if path.is_dir() else [path.name]
    return Profiles(by_device, by_url, tuple(dict.fromkeys(single)))


def drafts(report: Report) -> Iterator[Draft]:
    """A draft for each device of a capture that did anything, dated by the capture's end."""
    ended = report.started
    if ended:
        ended = (
            datetime.fromisoformat(ended) + timedelta(seconds=int(report.duration))
        ).isoformat()
    for device in report.devices:
        did = deeds(device, report.observations)
        if did:
            profile = draft(device, did, ended)
            name = f"{(device.mac or device.key).replace(':', '-')}.json"
            yield Draft(device, name, build(profile))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    if not found:
        raise UsageError(f"{path} holds no MUD file ({' or '.join(SUFFIXES)})")
    return found


def _read(path: Path) -> Profile:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except Malformed as error:
        raise UsageError(f"{path} is {error}") from error


def _device(text: str) -> str:
    """A MAC or an address in its usual form; "" for anything else."""
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    digits = text.replace("-", ":").lower().split(":")
    good = len(digits) == 6 and all(len(d) == 2 and not d.strip("0123456789abcdef") for d in digits)
    return ":".join(digits) if good else ""
