"""How to mend a finding on a device, step by step: read from ``rules/remedies``.

A task says what helps against which findings; a door says how to get to the settings of a device.
Both are told by the device's maker, family and kind, as far as these are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.yamltree import Tree, parse
from iotscan.errors import RuleError, RulePackError
from iotscan.model import Device, Identity

_FOLDER = "remedies"


@dataclass(frozen=True, slots=True)
class Guide:
    """Steps for the devices it fits: of one of the makers, families and kinds, where it names any.

    ``source``: the public page that tells the menus of a maker.
    """

    steps: tuple[str, ...]
    vendors: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    source: str = ""

    def fits(self, identity: Identity) -> bool:
        return (
            _named(self.vendors, identity.vendor)
            and _named(self.families, identity.family)
            and _named(self.kinds, identity.kind)
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What helps against findings of some rules (patterns) or, failing that, principles."""

    id: str
    title: str
    rules: tuple[str, ...]
    principles: tuple[str, ...]
    settings: bool
    guides: tuple[Guide, ...]


@dataclass(frozen=True, slots=True)
class Remedies:
    """All tasks and doors, in the order in which they are tried."""

    tasks: tuple[Task, ...]
    doors: tuple[Guide, ...]

    def task(self, rule: str, principle: str) -> Task | None:
        """The task for a finding; None for a principle of somebody's own rule pack."""
        for task in self.tasks:
            if any(fnmatchcase(rule, pattern) for pattern in task.rules):
                return task
        return next((task for task in self.tasks if principle in task.principles), None)

    def steps(self, task: Task, device: Device | None) -> tuple[str, ...]:
        """What to do on this device, or on any, when None."""
        identity = device.identity if device else Identity()
        guides = [_first(self.doors, identity)] if task.settings else []
        guides.append(_first(task.guides, identity))
        address = str(device.addresses[0]) if device and device.addresses else "its address"
        if ":" in address:
            address = f"[{address}]"
        return tuple(step.replace("{address}", address) for guide in guides for step in guide.steps)


@cache
def load() -> Remedies:
    """The built-in remedies. Raises RulePackError with every fault of their files."""
    faults: list[RuleError] = []
    doors = tuple(_guide(fields) for fields in _entries("doors", faults))
    tasks = tuple(_task(fields, faults) for fields in _entries("tasks", faults))
    if faults:
        raise RulePackError(faults)
    return Remedies(tasks, doors)


def _entries(name: str, faults: list[RuleError]) -> Iterator[Fields]:
    path = f"iotscan/rules/{_FOLDER}/{name}.yaml"
    text = files("iotscan.rules").joinpath(_FOLDER, f"{name}.yaml").read_text("utf-8")
    tree, found = parse(text, path)
    faults += found
    fields = Fields(tree if tree is not None else Tree({}, 0), path, faults)
    for item in fields.items(name, required=True):
        entry = Fields(item, path, faults)
        yield entry
        entry.close()
    fields.close()


def _task(fields: Fields, faults: list[RuleError]) -> Task:
    guides = []
    for item in fields.items("on"):
        entry = Fields(item, fields.path, faults)
        guides.append(_guide(entry))
        entry.close()
    return Task(
        id=fields.text("id"),
        title=fields.text("title"),
        rules=fields.texts("rules"),
        principles=fields.texts("principles"),
        settings=fields.choice("settings", ("true", "false")) == "true",
        guides=(*guides, Guide(fields.texts("steps"))),
    )


def _guide(fields: Fields) -> Guide:
    return Guide(
        steps=fields.texts("steps"),
        vendors=fields.texts("vendors"),
        families=fields.texts("families"),
        kinds=fields.texts("kinds"),
        source=fields.text("source", ""),
    )


def _named(names: tuple[str, ...], name: str) -> bool:
    return not names or name.casefold() in (word.casefold() for word in names)


def _first(guides: tuple[Guide, ...], identity: Identity) -> Guide:
    """The last of them names nothing, and so fits every device."""
    return next(guide for guide in guides if guide.fits(identity))
