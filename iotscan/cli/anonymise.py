"""``iotscan anonymise``: captures and recordings that can be shared."""

from __future__ import annotations

from pathlib import Path

import click

from iotscan.errors import UsageError


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
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
    help="Keep payload that no reader understands, encrypted content and pictures, too: only what "
    "is known from elsewhere is replaced in it.",
)
@click.option("--overwrite", is_flag=True, help="Write OUT even if it is there already.")
def anonymise(
    source: Path,
    target: Path,
    key: str | None,
    keep_vendor: bool,
    keep_payload: bool,
    overwrite: bool,
) -> int:
    """Write a capture or recording that can be shared.

    IN is a capture (pcap or pcapng, also compressed) or a recording. OUT becomes a pcapng file,
    packed if its name ends in .gz or .zst, or a recording. Either may be -, for standard input and
    output; what comes from there is kept in a temporary file until all is read.

    Replaced by the like, the same by the same everywhere: addresses (those with a common prefix
    still have one as long), MACs, names of hosts and devices, user names, passwords, tokens, e-mail
    addresses, places. Payload that no reader understands, encrypted content and pictures become
    zeroes.

    NOT replaced: times, sizes and order; ports, and whatever heads tell of systems; products,
    versions and public keys; what people wrote, beyond what is said above. Look into OUT before you
    publish it.
    """
    from iotscan.anonymise import files, job, recordings
    from iotscan.anonymise.wish import Wish
    from iotscan.capture.files import is_capture
    from iotscan.capture.recording import is_recording

    if source != files.STANDARD and target.exists() and target.samefile(source):
        raise UsageError("OUT is IN: give another file, so that nothing is lost")
    wish = Wish((key or "").encode(), keep_vendor, keep_payload)
    with files.given(source) as read, files.taken(target, overwrite=overwrite) as written:
        if is_recording(read):
            done = recordings.anonymise(read, written, wish)
        elif is_capture(read):
            done = job.anonymise(read, written, wish)
        else:
            name = "standard input" if source == files.STANDARD else str(source)
            raise UsageError(f"{name} is neither a capture nor a recording of iotscan")
    _tell(done.counts, done.doubts, err=target == files.STANDARD)
    return 0


def _tell(counts: dict[str, int], doubts: list[str], *, err: bool) -> None:
    """What was changed and what was not; to standard error where the output has the other one."""
    click.echo(
        "Replaced, or made zeroes (of addresses and MACs, how many different ones):", err=err
    )
    for sort, count in counts.items():
        click.echo(f"  {count:>11,}  {sort}", err=err)
    click.echo("Not anonymised, or only in part:", err=err)
    for doubt in doubts:
        click.echo(f"  - {doubt}", err=err)
