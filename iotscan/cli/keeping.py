"""What happens to a finished report before anybody sees it: accepted risks are marked, the scan is
kept, and what is new in it is found out.

Everything that can be wrong with files and stores is found before the scan begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from iotscan.cli.exits import of_report
from iotscan.cli.outputs import Output, write_all
from iotscan.cli.scans import side_of
from iotscan.errors import StoreError, UsageError
from iotscan.model import Acceptance, Report
from iotscan.settings import Settings

if TYPE_CHECKING:
    from iotscan.compare.differ import Scanned
    from iotscan.store import Store


@dataclass
class Keeper:
    """Judges, keeps and writes one report."""

    settings: Settings
    store: Store | None
    accepted: tuple[Acceptance, ...] = ()
    baseline: Scanned | None = None
    quiet: bool = False
    # The id under which the report was kept; 0 before that.
    scan: int = field(default=0, init=False)
    _fault: StoreError | None = field(default=None, init=False)

    def finish(self, report: Report, outputs: tuple[Output, ...]) -> int:
        """Keep the report, then write it; the exit code.

        A history that fails now must not cost the report: that is written first, then told.
        """
        report = self._judged(report)
        earlier = self._earlier(report)
        new = self._new(earlier, report)
        self._keep(report, earlier)
        folders = self.settings.rule_folders
        write_all(report, outputs, self.settings.show_passwords, folders)
        if self._fault is not None:
            raise self._fault
        return of_report(report, self.settings.fail_on, new)

    def _judged(self, report: Report) -> Report:
        try:
            if self.store is not None:
                return self.store.judged(report, self.accepted)
        except StoreError as error:
            self._fault = error
        if not self.accepted:
            return report
        from iotscan.assess.accepted import accept

        return accept(report, self.accepted)

    def _earlier(self, report: Report) -> Scanned | None:
        if self.baseline is not None or self.store is None or self._fault is not None:
            return self.baseline
        try:
            before = self.store.before(report)
            return self.store.scanned(before.id) if before else None
        except StoreError as error:
            self._fault = error
            return None

    def _new(self, earlier: Scanned | None, report: Report) -> frozenset[str] | None:
        """Fingerprints of what counts for --fail-on new; None where everything does."""
        if not self.settings.fail_on_new:
            return None
        if earlier is None:
            click.echo(
                "There is no earlier scan of the same scope: every finding counts as new.", err=True
            )
            return None
        from iotscan.compare.differ import compare, unstored
        from iotscan.model.difference import Change

        found = compare(earlier, unstored(report)).of(Change.NEW)
        return frozenset(change.fingerprint for change in found)

    def _keep(self, report: Report, earlier: Scanned | None) -> None:
        if self.store is None or self._fault is not None:
            return
        try:
            self.scan = self.store.add(report)
            self.store.prune(self.settings.keep_days, self.settings.keep_scans)
        except StoreError as error:
            self._fault = error
            return
        if not self.quiet:
            hint = (
                f"; iotscan diff {earlier.side.id} {self.scan}"
                if earlier and earlier.side.id
                else ""
            )
            click.echo(f"Kept as scan {self.scan} of the history{hint}.", err=True)


@contextmanager
def keeper(settings: Settings, quiet: bool = False) -> Iterator[Keeper]:
    """Everything that the settings name, opened and read. Raises UsageError before any packet."""
    with ExitStack() as closing:
        store = _opened(settings)
        if store is not None:
            closing.enter_context(store)
        accepted: list[Acceptance] = []
        for file in settings.accept:
            from iotscan.assess.accepted import read_acceptances

            accepted += read_acceptances(file)
        baseline = side_of(settings.baseline, store) if settings.baseline else None
        if settings.fail_on_new and store is None and baseline is None:
            raise UsageError(
                "--fail-on new compares with an earlier scan, and no history is kept: "
                "name one with --store, or a JSON report with --baseline"
            )
        yield Keeper(settings, store, tuple(accepted), baseline, quiet)


def _opened(settings: Settings) -> Store | None:
    if not settings.store:
        return None
    from iotscan.store import open_store

    try:
        return open_store(settings.store)
    except StoreError as error:
        if settings.store != Settings().store or settings.fail_on_new:
            raise
        # Nobody asked for it by name, and a scan without a history is still a scan.
        click.echo(f"This scan will not be kept: {error}", err=True)
        return None


def asked_for(settings: Settings, flags: dict[str, object]) -> Settings:
    """For what is no scan of a network: it is kept only if --store says so."""
    return settings if flags.get("store") else replace(settings, store="")
