"""``iotscan mud``: draft MUD profiles from captures."""

from __future__ import annotations

from pathlib import Path

import click

from iotscan.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option("--to", metavar="DIR", help="Write one file per device into this folder.")
@click.option("--device", metavar="MAC|ADDRESS", help="Only for this device.")
def mud(files: tuple[str, ...], to: str | None, device: str | None) -> int:
    """Draft a MUD profile (RFC 8520) for each device in a capture, from what it did.

    Read a draft before you use it: it allows all that the device did while the capture was taken,
    and nothing that it does at other times.
    """
    from iotscan.api import replay
    from iotscan.mudfiles import drafts

    report = replay(files)
    if report.source != "capture":
        raise UsageError("a recording of a scan holds no traffic of devices: give a capture")
    found = [
        one
        for one in drafts(report)
        if device is None or device.lower() in (one.device.mac, *map(str, one.device.addresses))
    ]
    if not found:
        who = f" of {device}" if device else " of any device"
        raise UsageError(f"there is no traffic{who} in what was given")
    if to is None:
        for one in found:
            click.echo(one.data, nl=False)
        return 0
    if Path(to).is_file():
        raise UsageError(f"{to} is a file: name a folder for the profiles")
    try:
        Path(to).mkdir(parents=True, exist_ok=True)
        for one in found:
            (Path(to) / one.name).write_bytes(one.data)
    except OSError as error:
        raise UsageError(f"profiles cannot be written to {to}: {error.strerror}") from error
    click.echo(f"{len(found)} profiles were written to {to}.", err=True)
    return 0
