"""``iotscan doctor``: what this machine can and cannot see, and how to change that.

Nothing is sent: a packet socket is opened and closed again, the rest is asked of the system.
"""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import click

from iotscan.cli.exits import FINE, INCOMPLETE
from iotscan.errors import IotscanError
from iotscan.net.interfaces import InterfaceNote, describe_interfaces
from iotscan.net.machine import in_container
from iotscan.net.raw import Frames
from iotscan.report import Options
from iotscan.report.page import Page
from iotscan.report.words import count
from iotscan.version import __version__


class State(Enum):
    """``LIMIT``: a scan sees less than it could. ``NOTE``: worth knowing, no loss by itself."""

    FINE = "fine"
    LIMIT = "limit"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing about this machine, and how to mend it where that is needed."""

    state: State
    what: str
    fix: str = ""


@click.command()
def doctor() -> int:
    """Say what this machine can and cannot see, and how to change that.

    Exit code 0 when nothing stands in the way, 3 when a scan would see less than it could.
    """
    page = Page(sys.stdout, Options())
    page.line(f"iotscan {__version__}, Python {platform.python_version()}, {platform.system()}")
    checks = [check for look in CHECKS for check in look()]
    for check in checks:
        style = {State.FINE: "green", State.LIMIT: "yellow", State.NOTE: ""}[check.state]
        page.line()
        page.line(f"{check.state.value.upper()}: {check.what}", style, hang=6)
        page.labelled("To change it:", check.fix, 14, indent=6)
    page.flush()
    return INCOMPLETE if any(check.state is State.LIMIT for check in checks) else FINE


def interfaces() -> Iterator[Check]:
    """The interfaces and their networks, and those that a scan leaves out."""
    for note in describe_interfaces():
        yield _interface(note)


def reach() -> Iterator[Check]:
    """What a scan without targets would take, and where broadcasts end."""
    from iotscan.net.interfaces import attachments
    from iotscan.net.scope import resolve_targets
    from iotscan.settings import Settings

    try:
        networks = resolve_targets(Settings(), attachments()).scope.allow
    except IotscanError as error:
        yield Check(State.LIMIT, _first(error))
    else:
        yield Check(State.FINE, f"a scan without TARGET takes {', '.join(map(str, networks))}")
    yield Check(
        State.NOTE,
        "broadcasts end at the router: guest networks, VLANs and networks behind another router "
        "are not seen from here",
        "run iotscan on a machine in them, or name their addresses as TARGET",
    )


def _interface(note: InterfaceNote) -> Check:
    attachment = note.attachment
    own = zip(attachment.addresses, attachment.prefixes, strict=True)
    networks = ", ".join(f"{address}/{prefix}" for address, prefix in own) or "no address"
    words = f"{attachment.name}: {networks}"
    if note.reason:
        fix = "name its network as TARGET to scan it" if attachment.addresses else ""
        return Check(State.NOTE, f"{words}, left out: {note.reason}", fix)
    if not attachment.multicast:
        return Check(
            State.LIMIT,
            f"{words}, without multicast: devices cannot be asked to announce themselves",
            "use an interface that does multicast",
        )
    return Check(State.FINE, f"{words}, one broadcast domain")


def raw_frames() -> Iterator[Check]:
    """Whether devices can be found by ARP, which even silent ones answer."""
    able = [
        note.attachment for note in describe_interfaces() if note.default and note.attachment.mac
    ]
    if not able:
        return
    try:
        Frames(able[0], lambda *_: None).close()
    except PermissionError:
        yield Check(
            State.LIMIT,
            "no permission for raw frames: devices are found by announcements, connections and "
            "the system's own table, which silent ones may escape",
            "run it as root, or in a container with the capability NET_RAW",
        )
    except OSError as error:
        yield Check(
            State.LIMIT,
            f"no raw frames here ({error}): devices are found by announcements, connections and "
            "the system's own table",
            "run iotscan on Linux to find silent devices as well",
        )
    else:
        yield Check(State.FINE, "raw frames can be sent: ARP finds devices that stay silent")


def containers() -> Iterator[Check]:
    """Whether this runs behind a container bridge, where only the gateway would be seen."""
    if in_container():
        yield Check(
            State.NOTE,
            "this is a container: if its network is a bridge, only the bridge is seen",
            "start the container with the host's network (docker run --network host, on Linux)",
        )


def tools() -> Iterator[Check]:
    """Programs that are used when they are there."""
    found = shutil.which("nmap")
    if found:
        yield Check(State.FINE, f"nmap is there ({found}): --sweep nmap can be used")
    else:
        yield Check(
            State.NOTE,
            "nmap is not installed; iotscan finds open ports itself, only --sweep nmap needs it",
            "install nmap if you want it",
        )


def settings_file() -> Iterator[Check]:
    """Whether the user's own settings can be read."""
    from iotscan.settings.loader import default_config, load

    try:
        path = default_config()
        load()
    except IotscanError as error:
        yield Check(State.LIMIT, f"the settings cannot be used: {_first(error)}", "mend them")
    else:
        there = "is read" if path.exists() else "is not there, so the defaults are used"
        yield Check(State.FINE, f"the settings file {path} {there}")


def rules() -> Iterator[Check]:
    """Whether the built-in rules are whole."""
    from iotscan.assess.rulebook.packs import load_rulebook

    try:
        book = load_rulebook()
    except IotscanError as error:
        yield Check(State.LIMIT, f"the rules cannot be used: {_first(error)}", "install it again")
    else:
        yield Check(State.FINE, f"{count(len(book.rules), 'rule')} can be used")


def _first(error: IotscanError) -> str:
    """The first line of an error, and how many more there are."""
    first, *more = str(error).splitlines()
    return f"{first} (and {count(len(more), 'further line')})" if more else first


CHECKS: Sequence[Callable[[], Iterator[Check]]] = (
    interfaces,
    reach,
    raw_frames,
    containers,
    tools,
    settings_file,
    rules,
)
