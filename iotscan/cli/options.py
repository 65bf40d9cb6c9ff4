"""Flags that several commands share, and the way from flags to settings.

A flag hands its text on as typed: the settings check it, so that every fault is told at once and
in the same words wherever a value came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from iotscan.errors import UsageError
from iotscan.settings import Settings
from iotscan.settings.loader import load

_F = TypeVar("_F", bound=Callable[..., Any])

# Flag → keys of the settings that it sets.
_KEYS = {
    "exclude": ("exclude",),
    "interface": ("interfaces",),
    "impact": ("impact",),
    "ports": ("ports",),
    "sweep": ("sweep",),
    "authorisation": ("authorisation",),
    "discovery_time": ("discovery_time",),
    "listen": ("listen",),
    "record": ("record",),
    "output": ("outputs",),
    "fail_on": ("fail_on",),
    "show_passwords": ("show_passwords",),
    "support_periods": ("support_periods",),
    "rules": ("rule_folders",),
    "policy": ("policy",),
    "accept": ("accept",),
    "store": ("store",),
    "baseline": ("baseline",),
    "fail_on_new": ("fail_on_new",),
    "notify": ("notify",),
    "rate": ("limits.packets_per_second", "limits.connections_per_second"),
    "timeout": ("limits.connect_timeout", "limits.read_timeout"),
    "targets": ("targets",),
}
# A comma separates addresses and names, but may stand in the name of a folder or file.
_SPLIT = ("targets", "exclude", "interface")


def settings_of(flags: Mapping[str, Any], config: str | None) -> Settings:
    """The settings of this run. Raises SettingsError, UsageError for flags that exclude others."""
    given: dict[str, str | bool | list[str] | None] = {}
    for flag, value in _plain(flags).items():
        if isinstance(value, tuple):
            value = _words(flag, value) or None
        given |= dict.fromkeys(_KEYS[flag], value)
    return load(given, Path(config) if config is not None else None)


def _plain(flags: Mapping[str, Any]) -> dict[str, Any]:
    """With a setting for each flag: --no-store is a store, --fail-on new[:SEVERITY] is two."""
    plain = dict(flags)
    if plain.pop("no_store", False):
        if plain.get("store"):
            raise UsageError("--store and --no-store exclude each other")
        plain["store"] = "none"
    new, _, severity = (plain.get("fail_on") or "").partition(":")
    if new.strip().lower() == "new":
        plain |= {"fail_on": severity or None, "fail_on_new": "true"}
    return plain


def _words(flag: str, values: tuple[str, ...]) -> list[str]:
    if flag not in _SPLIT:
        return list(values)
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


# Where to look and how far to go.
_LOOKING = (
    click.option(
        "--exclude", multiple=True, metavar="NETWORK", help="Never touch this. Repeatable."
    ),
    click.option(
        "--interface", multiple=True, metavar="NAME", help="Use only this one. Repeatable."
    ),
    click.option(
        "--impact",
        metavar="listen|greet|login",
        help="The most that is done to a device: listen to announcements, greet its services, or "
        "also try a few well-known logins (default).",
    ),
    click.option("--ports", metavar="PORTS", help="TCP ports to try, such as 23,1883,8000-8100."),
    click.option("--sweep", metavar="connect|nmap", help="How open ports are found."),
    click.option(
        "--rate", metavar="NUMBER", help="At most so many packets and connections a second."
    ),
    click.option("--timeout", metavar="SECONDS", help="How long to wait for each answer."),
    click.option(
        "--discovery-time",
        metavar="SECONDS",
        help="How long to wait for devices to announce themselves.",
    ),
    click.option(
        "--listen",
        metavar="SECONDS",
        help="Only listen for so long, and send nothing at all: what devices announce by "
        "themselves.",
    ),
    click.option(
        "--authorisation",
        metavar="FILE",
        help="A file that names the public networks you may scan. Others are refused.",
    ),
)
# How it is judged, where it is kept.
_JUDGING = (
    click.option(
        "--policy",
        metavar="NAME|FILE",
        help="Report what this policy takes, as it weighs it: home, office, etsi-baseline, "
        "uk-psti, cra-annex-i, or a file.",
    ),
    click.option(
        "--accept",
        multiple=True,
        metavar="FILE",
        help="A file of accepted risks: such findings are shown as accepted, and do not "
        "count. Repeatable.",
    ),
    click.option(
        "--store",
        metavar="STORE",
        help="Where the finished scan is kept: sqlite, a file, or a postgresql:// address.",
    ),
    click.option(
        "--support-periods",
        is_flag=True,
        default=None,
        help="Say also of which devices no support period or contact is known.",
    ),
    click.option(
        "--rules",
        multiple=True,
        metavar="FOLDER",
        help="Add rules of your own. Repeatable.",
    ),
    click.option(
        "--config", metavar="FILE", help="Read settings from this file, not from your own."
    ),
    click.option("--quiet", is_flag=True, help="Show no progress."),
)
# What becomes of the report.
_REPORTING = (
    click.option(
        "--output",
        multiple=True,
        metavar="FORMAT[:FILE]",
        help="How and where the report is written: terminal (default), html, json, sarif "
        "and others, into a file as in html:report.html. Repeatable.",
    ),
    click.option(
        "--fail-on",
        metavar="[new:]SEVERITY",
        help="Exit with 1 for findings from here on: info, low (default), medium, high, "
        "critical. With new or new:SEVERITY, only for those that an earlier scan had not.",
    ),
    click.option(
        "--baseline",
        metavar="SCAN",
        help="What --fail-on new compares with: a stored scan or a JSON report. Otherwise "
        "the last stored scan of the same scope.",
    ),
    click.option("--no-store", is_flag=True, help="Do not keep the scan."),
    click.option(
        "--show-passwords",
        is_flag=True,
        default=None,
        help="Show the passwords that worked. They are masked otherwise.",
    ),
)


def looking_options(command: _F) -> _F:
    """The flags of every command that scans networks."""
    return _with(command, _LOOKING)


def judging_options(command: _F) -> _F:
    """The flags of every command that judges and keeps what it saw."""
    return _with(command, _JUDGING)


def report_options(command: _F) -> _F:
    """The flags of every command that ends in a report."""
    return _with(command, (*_REPORTING, *_JUDGING))


def _with(command: _F, options: Sequence[Callable[[_F], _F]]) -> _F:
    for option in reversed(options):
        command = option(command)
    return command
