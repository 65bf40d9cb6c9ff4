"""``iotscan accepted``: the risks that somebody decided to live with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINE
from iotscan.cli.scans import config_option, opened, report_of, store_option

if TYPE_CHECKING:
    from iotscan.model import Acceptance, Report
    from iotscan.store import Store


@click.group()
def accepted() -> None:
    """Write, check and list accepted risks."""


@accepted.command("draft", short_help="Begin a file from the findings of a scan.")
@click.argument("scan", metavar="[SCAN]", default="latest")
@store_option
@config_option
def draft(scan: str, store: str | None, config: str | None) -> int:
    """Write a file that accepts every finding of a scan, for a person to cut down and fill in.

    Reason, owner and expiry are left open, and a file with open places is refused.
    """
    with opened(store, config) as kept:
        found = report_of(scan, kept)
    _write(_open_places(found))
    return FINE


@accepted.command("list", short_help="Write what the history has accepted.")
@store_option
@config_option
def list_accepted(store: str | None, config: str | None) -> int:
    """Write the risks accepted in the history as a file that --accept reads."""
    with opened(store, config) as kept:
        found = list(_kept(kept))
    _write(found)
    return FINE


@accepted.command("check", short_help="Tell every fault of such files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: tuple[str, ...]) -> int:
    """Read files of accepted risks, and tell every fault with its line (exit code 2)."""
    from iotscan.assess.accepted import read_acceptances

    for file in files:
        found = read_acceptances(file)
        last = min((risk.expires for risk in found), default="")
        click.echo(f"{file}: {len(found)} accepted risks" + (f"; first ends {last}" * bool(last)))
    return FINE


def _open_places(report: Report) -> Iterator[Acceptance]:
    from iotscan.model import Acceptance

    for finding in report.findings:
        port = finding.endpoint
        place = f"{port.port}/{port.transport}" if port else ""
        risk = finding.accepted or Acceptance(finding.rule, finding.device, "", "", "", place)
        yield risk


def _kept(store: Store) -> Iterator[Acceptance]:
    from iotscan.model import Acceptance

    keys = {device.id: device.key for device in store.devices()}
    for risk in store.acceptances():
        device = "*" if risk.device is None else keys[risk.device]
        yield Acceptance(risk.rule, device, risk.reason, risk.owner, risk.expires, risk.port)


def _write(risks: Iterable[Acceptance]) -> None:
    """YAML in the form that --accept reads; texts quoted as in JSON, which YAML reads alike."""
    sys.stdout.write("accepted:\n")
    for risk in dict.fromkeys(risks):
        mark = "-"
        for name in ("rule", "device", "port", "reason", "owner", "expires"):
            value = getattr(risk, name)
            if name == "port" and not value:
                continue
            sys.stdout.write(f"  {mark} {name}: {json.dumps(value)}\n")
            mark = " "
