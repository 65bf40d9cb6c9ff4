"""``iotscan devices``: who was ever seen, what they are called, and who belongs here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import FINE
from iotscan.cli.scans import config_option, opened, store_option
from iotscan.errors import UsageError

if TYPE_CHECKING:
    from iotscan.report.page import Page
    from iotscan.store import KnownDevice, Store


@click.group(invoke_without_command=True)
@click.pass_context
def devices(ctx: click.Context) -> int | None:
    """List every device that was ever seen, name them, and say which belong here."""
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_devices))
    return None


@devices.command("list", short_help="Every device, the last seen first.")
@click.option("--unknown", is_flag=True, help="Only those that nobody marked as known.")
@click.option("--json", "as_json", is_flag=True, help="Write all that is known of each, as JSON.")
@store_option
@config_option
def list_devices(
    unknown: bool = False,
    as_json: bool = False,
    store: str | None = None,
    config: str | None = None,
) -> int:
    """Every device of every kept scan, the last seen first, with what it is recognised by."""
    with opened(store, config) as kept:
        found = [device for device in kept.devices() if not (unknown and device.known)]
    from iotscan.report import Options
    from iotscan.report.json import dumps
    from iotscan.report.page import Page

    if as_json:
        sys.stdout.write(dumps(found))
        return FINE
    page = Page(sys.stdout, Options())
    for device in found:
        _line(page, device)
    if not found:
        which = "No other device" if unknown else "No device"
        page.line(f"{which} was seen yet. `iotscan scan` keeps what it finds.")
    page.flush()
    return FINE


@devices.command("name", short_help="Give a device a name of your own.")
@click.argument("device", metavar="DEVICE")
@click.argument("name", metavar="NAME")
@store_option
@config_option
def name_device(device: str, name: str, store: str | None, config: str | None) -> int:
    """Call DEVICE (an id, MAC, address or name) by NAME from now on; "" takes the name away."""
    with opened(store, config) as kept:
        kept.name_device(_found(device, kept), name)
    return FINE


@devices.command("known")
@click.argument("devices", nargs=-1, required=True, metavar="DEVICE...")
@click.option("--no", "strange", is_flag=True, help="Take the mark away.")
@store_option
@config_option
def mark_known(
    devices: tuple[str, ...], strange: bool, store: str | None, config: str | None
) -> int:
    """Mark each DEVICE as one that belongs here."""
    with opened(store, config) as kept:
        for number in [_found(device, kept) for device in devices]:
            kept.mark_known(number, not strange)
    return FINE


def _found(wanted: str, store: Store) -> int:
    """The id of the one device that goes by this id, key, MAC, address or name."""
    known = store.devices()
    if wanted.isdecimal():
        fitting = [device for device in known if device.id == int(wanted)]
    else:
        word = wanted.lower()
        fitting = [device for device in known if word in {name.lower() for name in _names(device)}]
    if len(fitting) == 1:
        return fitting[0].id
    if fitting:
        ids = ", ".join(str(device.id) for device in fitting)
        raise UsageError(f"several devices go by {wanted!r}: name one by its id ({ids})")
    raise UsageError(f"there is no device {wanted!r}; `iotscan devices` lists them")


def _names(device: KnownDevice) -> tuple[str, ...]:
    told = (value for mark, value in device.marks if mark == "name")
    words = (device.name, device.key, device.mac, *device.addresses, *told)
    return tuple(filter(None, words))


def _line(page: Page, device: KnownDevice) -> None:
    from iotscan.report.words import count, listed, safe, when

    make = " ".join(filter(None, (device.kind, device.vendor, device.model, device.firmware)))
    known = "" if device.known else " (not marked as known)"
    page.labelled(str(device.id), f"{safe(device.title, 80)}{known}", 6)
    seen = f"seen {when(device.first_seen)}"
    if device.first_seen != device.last_seen:
        seen += f" to {when(device.last_seen)}, in {count(device.scans, 'scan')}"
    random = " (random)" if device.randomised else ""
    marks = [
        f"{mark} {value}{random if value == device.mac else ''}" for mark, value in device.marks
    ]
    doubt = f"only probably the same as before: by no more than {listed(device.because)}"
    notes = (
        safe(make, 120),
        listed(device.addresses, 3),
        seen,
        f"told by {listed(marks, 3)}" if marks else "nothing but its address tells it from others",
        "" if device.sure else doubt,
    )
    page.line("; ".join(safe(note) for note in notes if note) + ".", "dim", indent=6)
