"""What about this machine limits what can be seen from it: a container, radio links. Nothing is
sent; files of the system are looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from iotscan.net.interfaces import InterfaceNote, describe_interfaces

# Files that container engines put into every container they start.
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
_INTERFACES = Path("/sys/class/net")


@dataclass(frozen=True, slots=True)
class Machine:
    """``wireless``: interface → whether it is Wi-Fi, None where the system does not tell.

    ``left_out``: interfaces with networks that a scan takes only when they are named.
    """

    container: bool = False
    wireless: dict[str, bool | None] | None = None
    left_out: tuple[InterfaceNote, ...] = ()


def this_machine(names: Iterable[str]) -> Machine:
    """The facts, of these interfaces."""
    left_out = (note for note in describe_interfaces() if not note.default)
    return Machine(
        in_container(),
        {name: is_wireless(name) for name in names},
        tuple(note for note in left_out if note.attachment.addresses),
    )


def in_container(marks: Iterable[str] = _CONTAINER_MARKS) -> bool:
    return any(Path(mark).exists() for mark in marks)


def is_wireless(name: str, interfaces: Path = _INTERFACES) -> bool | None:
    """Whether an interface is Wi-Fi; None where the system does not tell."""
    if sys.platform != "linux" or not interfaces.is_dir():
        return None
    place = interfaces / name
    return (place / "wireless").exists() or (place / "phy80211").exists()
