"""The root command. It names its commands and imports one only when it runs.

Nearly all that iotscan is made of takes longer to import than a help page may take to appear.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import click

from iotscan.version import __version__

COMMANDS = {
    "scan": ("iotscan.cli.scan:scan", "Find the devices on a network, and check them."),
    "demo": ("iotscan.cli.demo:demo", "Scan a virtual home on this machine, to see how it works."),
    "replay": ("iotscan.cli.replay:replay", "Make the report of captures, or of a recording."),
    "watch": ("iotscan.cli.watch:watch", "Scan on a schedule, and tell only what changed."),
    "history": ("iotscan.cli.history:history", "List the scans that were kept."),
    "report": ("iotscan.cli.report:report", "Write the report of a kept scan, in any format."),
    "diff": ("iotscan.cli.diff:diff", "Say what changed from one scan to another."),
    "devices": ("iotscan.cli.devices:devices", "List, name and mark the devices ever seen."),
    "accepted": ("iotscan.cli.accepted:accepted", "Write, check and list accepted risks."),
    "db": ("iotscan.cli.db:db", "Make the history's tables ready, or forget old scans."),
    "web": ("iotscan.cli.web:web", "Show a page to scan from, and to read reports."),
    "token": ("iotscan.cli.token:token", "Make and revoke tokens for the page's HTTP API."),
    "evaluate": ("iotscan.cli.evaluate:evaluate", "Score the reading of captures against labels."),
    "anonymise": (
        "iotscan.cli.anonymise:anonymise",
        "Write a capture or recording that can be shared.",
    ),
    "mud": ("iotscan.cli.mud:mud", "Draft MUD profiles of the devices in captures."),
    "export": ("iotscan.cli.export:export", "Write tables of a report: CSV, JSON lines, Parquet."),
    "rules": ("iotscan.cli.rules:rules", "List, show or check the rules."),
    "fingerprints": (
        "iotscan.cli.fingerprints:fingerprints",
        "List or check what devices are told by.",
    ),
    "feeds": ("iotscan.cli.feeds:feeds", "Import public lists of known flaws."),
    "principles": (
        "iotscan.cli.principles:principles",
        "Browse requirements, and which rules speak to them.",
    ),
    "doctor": ("iotscan.cli.doctor:doctor", "Say what this machine can and cannot see."),
}


@dataclass
class Run:
    """What the root command knows of this run."""

    debug: bool = False


class LazyGroup(click.Group):
    """A group of commands given as ``{name: ("module:attribute", "short help")}``."""

    def __init__(self, commands: dict[str, tuple[str, str]], **attributes: Any) -> None:
        super().__init__(**attributes)
        self._lazy = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self._lazy, 1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in self._lazy.items()])


def _debug(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Run).debug = value


root = LazyGroup(
    COMMANDS,
    name="iotscan",
    help="Finds the devices on your network, checks what they expose without harm, and says what "
    "to do about it.",
    epilog="Scan only networks that are yours, or whose owner allows it. "
    "Try it without touching any network: iotscan demo",
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_debug,
            help="Print where in the code a fault is.",
        )
    ],
    callback=lambda: None,
)
click.version_option(__version__, prog_name="iotscan", message="%(prog)s %(version)s")(root)
