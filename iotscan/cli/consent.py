"""Shows what a scan without targets is going to do, and asks."""

from __future__ import annotations

import sys

import click

from iotscan.errors import UsageError
from iotscan.net.interfaces import attachments
from iotscan.net.scope import resolve_targets
from iotscan.report.plan import plan
from iotscan.settings import Settings


def agree(settings: Settings, yes: bool) -> None:
    """Return when the user agrees to scan the attached networks.

    Raises UsageError when nobody can be asked, when there is no such network, or when the networks
    changed while the question stood; click.Abort when the answer is no.
    """
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "name what to scan, or add --yes: without a terminal nobody can be asked whether the "
            "attached networks may be scanned"
        )
    attached = attachments()
    scope = resolve_targets(settings, attached).scope
    for line in plan(settings, scope.allow, scope.deny, attached):
        click.echo(line, err=True)
    if yes:
        return
    if not click.confirm("Are these networks yours to scan, and shall it begin?", err=True):
        raise click.Abort
    if resolve_targets(settings, attachments()).scope != scope:
        raise UsageError("the networks of this machine have changed meanwhile: start again")
