"""Every setting a user can give: its name, what it may be, the flag and variable that set it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from iotscan.model import Impact, Severity

PREFIX = "IOTSCAN_"


class Form(Protocol):
    """What the value of a key may be. ``read`` and ``from_text`` raise ValueError."""

    @property
    def allowed(self) -> str: ...

    def read(self, value: object) -> Any: ...

    def from_text(self, text: str) -> object: ...


@dataclass(frozen=True, slots=True)
class Word:
    words: tuple[str, ...]
    noun: type[Impact] | type[Severity] | type[str] = str

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.words)

    def read(self, value: object) -> Any:
        if value not in self.words:
            raise ValueError
        return self.noun(value)

    def from_text(self, text: str) -> object:
        return text.strip().lower()


@dataclass(frozen=True, slots=True)
class Number:
    lowest: float
    highest: float
    whole: bool = False

    @property
    def allowed(self) -> str:
        kind = "whole number" if self.whole else "number"
        return f"a {kind} from {self.lowest:g} to {self.highest:.10g}"

    def read(self, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            raise ValueError
        if not self.lowest <= value <= self.highest:
            raise ValueError
        return value if self.whole else float(value)

    def from_text(self, text: str) -> object:
        return int(text) if self.whole else float(text)


@dataclass(frozen=True, slots=True)
class Switch:
    allowed: str = "true or false"

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    def from_text(self, text: str) -> object:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
            text.strip().lower()
        )


@dataclass(frozen=True, slots=True)
class FilePath:
    allowed: str = "the path of a file"

    def read(self, value: object) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise ValueError
        return _expanded(value)

    def from_text(self, text: str) -> object:
        return text


@dataclass(frozen=True, slots=True)
class StoreName:
    allowed: str = "none, sqlite, the path of a file, or a postgresql:// address"

    def read(self, value: object) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise ValueError
        return "" if value.strip().lower() == "none" else _expanded(value)

    def from_text(self, text: str) -> object:
        return text


@dataclass(frozen=True, slots=True)
class Texts:
    allowed: str
    paths: bool = False
    # In a variable; None is any white space.
    separator: str | None = ","

    def read(self, value: object) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        texts = [item for item in items if isinstance(item, str) and item and "\0" not in item]
        if len(texts) != len(items):
            raise ValueError
        return tuple(_expanded(text) if self.paths else text for text in texts)

    def from_text(self, text: str) -> object:
        separator = os.pathsep if self.paths else self.separator
        return [part.strip() for part in text.split(separator) if part.strip()]


@dataclass(frozen=True, slots=True)
class Ports:
    allowed: str = "port numbers from 1 to 65535 and ranges such as 8000-8100"

    def read(self, value: object) -> tuple[int, ...]:
        items = value if isinstance(value, list) else [value]
        return tuple(sorted({port for item in items for port in self._ports(item)}))

    def from_text(self, text: str) -> object:
        return [part.strip() for part in text.split(",") if part.strip()]

    def _ports(self, item: object) -> Iterable[int]:
        if isinstance(item, bool) or not isinstance(item, int | str):
            raise ValueError
        first, dash, last = str(item).partition("-")
        ports = range(int(first), int(last if dash else first) + 1)
        if not ports or ports[0] < 1 or ports[-1] > 65535:
            raise ValueError
        return ports


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted name in TOML, what it may be, the flag that sets it, what it does."""

    name: str
    form: Form
    doc: str
    flag: str = ""
    # Its value is never shown.
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper().replace(".", "_")


_IMPACTS = tuple(impact.value for impact in Impact)
_SEVERITIES = tuple(severity.value for severity in Severity)
_NETWORKS = "a list of addresses, networks or names"

KEYS = (
    Key("targets", Texts(_NETWORKS), "what to scan; empty: the attached private networks"),
    Key("exclude", Texts(_NETWORKS), "what is never touched; wins over targets", "--exclude"),
    Key("interfaces", Texts("a list of interface names"), "use only these", "--interface"),
    Key("impact", Word(_IMPACTS, Impact), "the most that may be done to a device", "--impact"),
    Key("ports", Ports(), "TCP ports to try; empty: the built-in list", "--ports"),
    Key("sweep", Word(("connect", "nmap")), "how open ports are found", "--sweep"),
    Key(
        "authorisation",
        FilePath(),
        "a file that names public networks you may scan",
        "--authorisation",
    ),
    Key(
        "discovery_time",
        Number(0, 600),
        "seconds to wait for devices to announce themselves",
        "--discovery-time",
    ),
    Key(
        "listen",
        Number(0, 86_400),
        "only listen, for so many seconds, and send nothing; 0: a scan as usual",
        "--listen",
    ),
    Key("record", FilePath(), "where the recording is written", "--record"),
    Key("outputs", Texts("a list of FORMAT or FORMAT:FILE"), "reports to write", "--output"),
    Key("fail_on", Word(_SEVERITIES, Severity), "findings from here on give exit 1", "--fail-on"),
    Key("show_passwords", Switch(), "show passwords that worked", "--show-passwords"),
    Key(
        "rule_folders",
        Texts("a list of folders", paths=True),
        "folders with rules of your own",
        "--rules",
    ),
    Key(
        "feeds",
        FilePath("the path of a folder"),
        "the folder of imported lists of flaws; empty: your own",
    ),
    Key(
        "support_periods",
        Switch(),
        "say also of which devices no support period or contact is known",
        "--support-periods",
    ),
    Key(
        "policy",
        FilePath("a policy's name or the path of its file"),
        "which rules are reported, and how much each weighs",
        "--policy",
    ),
    Key(
        "accept",
        Texts("a list of files", paths=True),
        "files that say which risks were accepted",
        "--accept",
    ),
    Key("store", StoreName(), "where finished scans are kept", "--store"),
    Key("keep_days", Number(0, 36_500, True), "days that a scan is kept; 0: for ever"),
    Key("keep_scans", Number(0, 1_000_000, True), "scans kept of each scope; 0: all"),
    Key(
        "baseline",
        FilePath("the id of a stored scan, latest, previous, or the path of a JSON report"),
        "what tells which findings are new; empty: the scan before of the same scope",
        "--baseline",
    ),
    Key(
        "fail_on_new",
        Switch(),
        "only new findings give exit 1, from fail_on on",
        "--fail-on",
    ),
    Key(
        "notify",
        Texts("a list of Apprise addresses", separator=None),
        "where `iotscan watch` sends what changed",
        "--notify",
        secret=True,
    ),
    Key(
        "limits.packets_per_second",
        Number(1, 100_000),
        "packets a second, in total",
        "--rate",
    ),
    Key(
        "limits.connections_per_second",
        Number(1, 100_000),
        "connections a second, in total",
        "--rate",
    ),
    Key("limits.connections_per_host", Number(1, 64, True), "connections at a time to one device"),
    Key("limits.host_connections_per_second", Number(0.1, 1000), "connections a second, a device"),
    Key("limits.connect_timeout", Number(0.05, 60), "seconds for a connection", "--timeout"),
    Key("limits.read_timeout", Number(0.05, 60), "seconds for an answer", "--timeout"),
    Key("limits.conversation_timeout", Number(1, 600), "seconds for one whole conversation"),
    Key("limits.conversation_bytes", Number(1024, 16 << 20, True), "bytes in one conversation"),
    Key("limits.conversation_connections", Number(1, 256, True), "connections in a conversation"),
    Key("limits.logins_per_account", Number(0, 10, True), "passwords tried for one account"),
    Key("limits.logins_per_service", Number(0, 50, True), "passwords tried at one service"),
    Key(
        "limits.logins_per_device",
        Number(0, 50, True),
        "passwords tried at the services of a device that share accounts",
    ),
    Key("limits.login_pause", Number(0, 60), "seconds between two tries"),
)
BY_NAME = {key.name: key for key in KEYS}


def _expanded(path: str) -> str:
    return str(Path(path).expanduser()) if path.startswith("~") else path
