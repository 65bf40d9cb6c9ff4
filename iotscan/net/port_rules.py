"""Port rules: what may be done at ports where an ordinary request does harm, as data.

Safety is tied to the port and not to the probe: a fallback probe that nobody thought of is how
printers came to print pages for other scanners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from iotscan.model import Endpoint, Transport


@dataclass(frozen=True, slots=True)
class PortRule:
    """What may be done at some ports.

    ``may_write`` False: connect and close, not a byte. ``may_greet_unknown`` False: only the
    protocols named in ``protocols`` may speak there before the service has been recognised.
    ``connections`` at one time and ``requests`` per connection, 0 for no limit of its own;
    ``gap``: seconds between two connections.
    """

    name: str
    transports: tuple[Transport, ...] = ("tcp", "udp")
    ports: frozenset[int] = frozenset()
    may_write: bool = True
    may_greet_unknown: bool = True
    protocols: tuple[str, ...] = ()
    connections: int = 0
    requests: int = 0
    gap: float = 0.0
    reason: str = ""
    source: str = ""

    def lets_greet(self, protocol: str, recognised: bool) -> bool:
        """Whether a probe of this protocol may write to the service."""
        return self.may_write and (
            self.may_greet_unknown or recognised or protocol in self.protocols
        )


ORDINARY = PortRule("ordinary")


def rule_for(endpoint: Endpoint) -> PortRule:
    """The rule of the endpoint's port; ``ORDINARY`` for a port without one."""
    return _table().get((endpoint.transport, endpoint.port), ORDINARY)


def rules() -> tuple[PortRule, ...]:
    """Every rule, in the order of the file."""
    return tuple(dict.fromkeys(_table().values()))


def parse_rules(tree: Any) -> Iterator[PortRule]:
    """The rules of a parsed ``port_rules.yaml``. Raises ValueError that names the faulty rule."""
    for entry in tree["rules"]:
        yield _rule(entry)


@cache
def _table() -> Mapping[tuple[str, int], PortRule]:
    text = files("iotscan.net").joinpath("port_rules.yaml").read_text("utf-8")
    table: dict[tuple[str, int], PortRule] = {}
    for rule in parse_rules(yaml.safe_load(text)):
        for transport in rule.transports:
            for port in rule.ports:
                if table.setdefault((transport, port), rule) is not rule:
                    raise ValueError(f"port {port}/{transport} has two rules: {rule.name}")
    return table


def _rule(entry: Mapping[str, Any]) -> PortRule:
    unknown = set(entry) - set(PortRule.__dataclass_fields__)
    missing = {"name", "ports", "reason", "source"} - set(entry)
    if unknown or missing:
        raise ValueError(f"port rule {entry.get('name', '?')}: check {sorted(unknown | missing)}")
    listed = {key: tuple(entry[key]) for key in ("transports", "protocols") if key in entry}
    return PortRule(**{**entry, **listed, "ports": frozenset(_ports(entry["ports"]))})


def _ports(listed: Sequence[int | str]) -> Iterator[int]:
    for item in listed:
        first, _, last = str(item).partition("-")
        yield from range(int(first), int(last or first) + 1)
