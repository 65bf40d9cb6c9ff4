"""``iotscan scan``."""

from __future__ import annotations

from typing import Any

import click

from iotscan.cli.options import report_options, settings_of


@click.command(
    epilog="Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong use, 3 incomplete: "
    "something could not be looked at. Ctrl-C once stops with a report of what is known."
)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--exclude", multiple=True, metavar="NETWORK", help="Never touch this. Repeatable.")
@click.option("--interface", multiple=True, metavar="NAME", help="Use only this one. Repeatable.")
@click.option(
    "--impact",
    metavar="listen|greet|login",
    help="The most that is done to a device: listen to announcements, greet its services, or also "
    "try a few well-known logins (default).",
)
@click.option("--ports", metavar="PORTS", help="TCP ports to try, such as 23,1883,8000-8100.")
@click.option("--sweep", metavar="connect|nmap", help="How open ports are found.")
@click.option("--rate", metavar="NUMBER", help="At most so many packets and connections a second.")
@click.option("--timeout", metavar="SECONDS", help="How long to wait for each answer.")
@click.option(
    "--discovery-time",
    metavar="SECONDS",
    help="How long to wait for devices to announce themselves.",
)
@click.option(
    "--listen",
    metavar="SECONDS",
    help="Only listen for so long, and send nothing at all: what devices announce by themselves.",
)
@click.option(
    "--authorisation",
    metavar="FILE",
    help="A file that names the public networks you may scan. Others are refused.",
)
@click.option("--record", metavar="FILE", help="Keep all that was said, for iotscan replay.")
@click.option("--yes", is_flag=True, help="Do not ask before scanning the attached networks.")
@report_options
def scan(targets: tuple[str, ...], yes: bool, quiet: bool, config: str | None, **flags: Any) -> int:
    """Find the devices on a network, and check what they expose.

    TARGET is an address, a network such as 192.168.1.0/24, or a name. Without one, the private
    networks that this machine is attached to are scanned, after asking.
    """
    settings = settings_of({"targets": targets, **flags}, config)
    from iotscan.cli.keeping import keeper
    from iotscan.cli.outputs import checked

    outputs = checked(settings.outputs, settings.record, settings.rule_folders)
    with keeper(settings, quiet) as kept:
        if not settings.targets:
            from iotscan.cli.consent import agree

            agree(settings, yes)
        from iotscan.api import scan as look
        from iotscan.cli.progress import shown
        from iotscan.cli.running import run

        with shown(quiet) as progress:
            report = run(lambda stop: look(settings, progress=progress, stop=stop))
        return kept.finish(report, outputs)
