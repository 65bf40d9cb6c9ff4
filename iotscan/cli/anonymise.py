"""``iotscan anonymise``: captures and recordings that can be shared."""

from __future__ import annotations

from pathlib import Path

import click

from iotscan.errors import UsageError


@click.command()
@click.argument("source", metavar="IN", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    metavar="TEXT",
    help="Replace the same by the same in every file that is given this key. Keep it secret: "
    "whoever has it can find out what was replaced. Random if not given.",
)
@click.option("--keep-vendor", is_flag=True, help="Keep the half of MACs that tells the maker.")
@click.option(
    "--keep-payload",
    is_flag=True,
    help="Keep payload that nobody could read, encrypted content and pictures, too.",
)
def anonymise(
    source: Path, target: Path, key: str | None, keep_vendor: bool, keep_payload: bool
) -> int:
    """Write a capture or recording in which addresses, names and logins are replaced.

    IN is a capture (pcap or pcapng, also compressed) or a recording. OUT becomes a pcapng file,
    packed if its name ends in .gz or .zst, or a recording. Look into OUT before you share it.
    """
    from iotscan.anonymise import job, recordings
    from iotscan.capture.files import is_capture
    from iotscan.capture.recording import is_recording

    if target.exists() and target.samefile(source):
        raise UsageError("OUT is IN: give another file, so that nothing is lost")
    wish = job.Wish((key or "").encode(), keep_vendor, keep_payload)
    if is_recording(source):
        done = recordings.anonymise(source, target, wish)
    elif is_capture(source):
        done = job.anonymise(source, target, wish)
    else:
        raise UsageError(f"{source} is neither a capture nor a recording of iotscan")
    click.echo("Replaced or left out:")
    for sort, count in done.counts.items():
        click.echo(f"  {count:>9,}  {sort}")
    click.echo("What nobody can vouch for:")
    for doubt in done.doubts:
        click.echo(f"  - {doubt}")
    return 0
