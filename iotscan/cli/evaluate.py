"""``iotscan evaluate``: how good the reading of captures is, measured against labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iotscan.cli.exits import FINDINGS, FINE
from iotscan.errors import UsageError

if TYPE_CHECKING:
    from iotscan.scoring import Score, Tally

_WIDTH = 44  # of the column with types and files


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--labels",
    required=True,
    metavar="LABELS.yaml",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The truth: vocabulary, and for each capture its findings, devices and services.",
)
@click.option("--only", metavar="PATTERN", help="Only captures whose path fits, as in 'mqtt/*'.")
@click.option("--rules", multiple=True, metavar="FOLDER", help="Add rules of your own. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as JSON.")
def evaluate(
    folder: Path, labels: Path, only: str | None, rules: tuple[str, ...], as_json: bool
) -> int:
    """Score the reports on labelled captures: precision, recall, misses and extras.

    FOLDER holds the captures that LABELS.yaml names. The exit code is 1 when a finding was missed
    or one too many was reported, for continuous integration.
    """
    from iotscan import scoring
    from iotscan.assess.rulebook.packs import load_rulebook
    from iotscan.labels import load
    from iotscan.offline import report_on

    vocabulary, truths = load(labels)
    chosen = [truth for truth in truths if fnmatch(truth.file, only or "*")]
    if not chosen:
        raise UsageError(f"{labels} names no capture" + (f" that fits {only}" if only else ""))
    book = load_rulebook(rules)
    scores = {}
    for truth in chosen:
        report = report_on([folder / truth.file], book)
        if truth.sha256 not in ("", report.inputs[0].sha256):
            click.echo(f"{truth.file} is not the file that was labelled (its SHA-256)", err=True)
        scores[truth.file] = scoring.score(truth, report, vocabulary)
    whole = scoring.Score()
    for score in scores.values():
        whole.add(score)
    if as_json:
        click.echo(json.dumps(_tree(whole, scores), indent=2, ensure_ascii=False))
    else:
        for line in _lines(whole, scores):
            click.echo(line)
    return FINDINGS if whole.findings.missed or whole.findings.extra else FINE


def _lines(whole: Score, scores: dict[str, Score]) -> Iterator[str]:
    yield from _table("type", sorted(whole.types.items()))
    yield ""
    yield from _table("capture", [(name, score.findings) for name, score in scores.items()])
    parts = {
        "all findings": whole.findings,
        "devices (MAC)": whole.macs,
        "addresses": whole.addresses,
        "names": whole.names,
        "services (TCP)": whole.services,
    }
    for what, tally in parts.items():
        yield ""
        yield _row(what, tally)
        yield from (f"  missed  {words}" for words in tally.missed)
        yield from (f"  extra   {words}" for words in tally.extra)


def _table(what: str, rows: Iterable[tuple[str, Tally]]) -> Iterator[str]:
    yield f"{what:{_WIDTH}} {'found':>5} {'missed':>6} {'extra':>5} {'precision':>9} {'recall':>6}"
    yield from starmap(_row, rows)


def _row(name: str, tally: Tally) -> str:
    return (
        f"{name:{_WIDTH}} {tally.found:5} {len(tally.missed):6} {len(tally.extra):5} "
        f"{tally.precision:9.3f} {tally.recall:6.3f}"
    )


def _tree(whole: Score, scores: dict[str, Score]) -> dict[str, Any]:
    return {
        "captures": len(scores),
        "findings": _counts(whole.findings),
        "devices": _counts(whole.macs),
        "addresses": _counts(whole.addresses),
        "names": _counts(whole.names),
        "services": _counts(whole.services),
        "types": {name: _counts(tally) for name, tally in sorted(whole.types.items())},
        "by_capture": {name: _counts(score.findings) for name, score in scores.items()},
    }


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "found": tally.found,
        "missed": tally.missed,
        "extra": tally.extra,
        "precision": round(tally.precision, 4),
        "recall": round(tally.recall, 4),
    }
