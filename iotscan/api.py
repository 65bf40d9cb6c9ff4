"""What the library offers: ``scan`` looks, ``replay`` looks again; both give the same Report."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from iotscan import mudfiles, offline
from iotscan.assess.pipeline import ASKS_SUPPORT, FEEDS, assess, feed_word
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.policies import load_policy, under
from iotscan.capture import evidence as proof
from iotscan.capture import recording
from iotscan.capture.files import STANDARD_INPUT, is_capture
from iotscan.capture.overheard import Dissector
from iotscan.capture.recording import Journal
from iotscan.credentials import load as load_credentials
from iotscan.engine.scan import Engine
from iotscan.errors import UsageError
from iotscan.feeds import store as feed_store
from iotscan.model import Address, Ending, Fact, Footer, Gap, Header, Progress, Report
from iotscan.net import guard
from iotscan.net.airwaves import Air
from iotscan.net.gateway import Gateway
from iotscan.net.interfaces import attachments
from iotscan.net.ports import default_ports
from iotscan.net.scope import Targets, resolve_targets
from iotscan.plugins import discoverers, probes
from iotscan.probe_api import Login
from iotscan.settings import Settings
from iotscan.spans import spans
from iotscan.version import __version__


async def scan(
    settings: Settings | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: asyncio.Event | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Scan what ``settings.targets`` names, or the attached private networks.

    ``progress`` is called from the event loop as things happen. Setting ``stop`` ends the scan
    cleanly: the report then holds what is known and is marked incomplete. Raises UsageError before
    anything is sent when the targets, the recording or the rules cannot be used.
    """
    settings = (settings or Settings()).settled()
    settings = replace(settings, ports=settings.ports or tuple(default_ports()))
    book = rules(settings)
    targets = resolve_targets(settings, attachments())
    journal = Journal(settings.record)
    began = clock()
    try:
        journal.add(_header(settings, targets, book))
        reason = await _look(settings, targets, journal, progress or (lambda _: None), stop, clock)
        journal.add(Footer(round(clock() - began, 6), not reason, reason))
        return assess(journal.recording(), book)
    finally:
        journal.close()


def rules(settings: Settings) -> Rulebook:
    """What is judged by: the built-in rules, those of the user's folders, under the policy, and the
    lists of flaws that were imported.
    """
    book = load_rulebook(settings.rule_folders)
    feeds = feed_store.load(feed_store.folder_of(settings))
    book = replace(book, feeds=feeds, asks_support=settings.support_periods)
    return under(book, load_policy(settings.policy, book)) if settings.policy else book


def replay(
    paths: Sequence[Path | str] | Path | str,
    settings: Settings | None = None,
    *,
    evidence: Path | str | None = None,
    mud: Sequence[str] = (),
) -> Report:
    """Judge recordings or captures; of recordings, the report that the scan gave, byte for byte.

    A path is a file, a folder of captures, or "-" for a capture on standard input; one alone needs
    no list. Neither the order of the paths nor where the files lie shows in the report.
    ``evidence``: a folder for one small capture per finding, with the frames that prove it.
    ``mud``: MUD files to hold captures against, folders of such, or "MAC=FILE". Raises
    RecordingError where a recording is damaged (a capture is read as far as it goes), UsageError
    where a file is neither.
    """
    book = rules(settings or Settings())
    paths = [paths] if isinstance(paths, Path | str) else paths
    if not paths:
        raise UsageError("there is nothing to replay: name a recording, a capture or a folder")
    recorded = [Path(path) for path in paths if _is_recording(path)]
    if not recorded:
        if evidence is not None:
            proof.prepare(offline.named(paths), Path(evidence))
        report = offline.report_on(paths, book, profiles=mudfiles.load(mud))
        if evidence is not None:
            proof.write(report.findings, offline.named(paths), Path(evidence))
        return report
    if evidence is not None:
        raise UsageError("evidence is made of captures: a recording is its own evidence")
    if mud:
        raise UsageError("MUD files are for captures: a recording holds no traffic of devices")
    if len(recorded) < len(paths):
        raise UsageError("recordings and captures cannot make one report: replay them one by one")
    return assess(recording.merge([recording.load(file) for file in recorded]), book)


def _is_recording(path: Path | str) -> bool:
    """Whether it is a recording, not a capture. Raises UsageError where it is neither."""
    if str(path) == STANDARD_INPUT or not Path(path).is_file():
        return False
    if recording.is_recording(Path(path)):
        return True
    if not Path(path).stat().st_size:
        raise UsageError(f"{path} is empty: take the capture again, or give another file")
    if not is_capture(Path(path)):
        raise UsageError(
            f"{path} is neither a capture (pcap or pcapng) nor a recording of iotscan. "
            "A recording is what `iotscan scan --record FILE` wrote."
        )
    return False


async def _look(
    settings: Settings,
    targets: Targets,
    journal: Journal,
    progress: Callable[[Progress], None],
    stop: asyncio.Event | None,
    clock: Callable[[], float],
) -> str:
    """Run the engine inside the guard; why it ended early, "" when it did not."""
    credentials = load_credentials()
    vault = credentials.vault()
    rng = random.SystemRandom()

    def choose(service: str, words: str) -> Sequence[Login]:
        limits = settings.limits
        logins, secrets = credentials.choose(
            service, words, limits.logins_per_service, limits.logins_per_account, rng
        )
        vault.update(secrets)
        return logins

    gateway = Gateway(
        targets.scope,
        settings.limits,
        clock=clock,
        vault=vault,
        device_of=lambda address: engine.device_of(address),
    )
    engine = Engine(settings, targets, gateway, probes(), choose, journal, clock, progress)

    def permits(address: Address, port: int) -> bool:
        return gateway.permits(address, port) or air.permits(address, port)

    hears = {place: reader.name for reader in discoverers() for place in reader.hears}
    dissect = Dissector(hears)
    governor = gateway.governor
    async with (
        gateway.attention.watched(),
        Air(targets.scope, settings, governor, engine.hear, dissect=dissect) as air,
    ):
        with guard.watching(permits) as watch:
            try:
                return await _until_stopped(engine.run(air), stop)
            finally:
                for what in dict.fromkeys(watch.stopped):
                    journal.add(Gap("this machine", "the guard", Ending.BUG, f"stopped: {what}"))


async def _until_stopped(work: Coroutine[object, object, None], stop: asyncio.Event | None) -> str:
    """Await the work; why it ended early when ``stop`` was set first, "" when it was not."""
    task = asyncio.ensure_future(work)
    if stop is None:
        await task
        return ""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
            return ""
        task.cancel()
        await asyncio.wait({task})
        return "stopped by the user"
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()


def _header(settings: Settings, targets: Targets, book: Rulebook) -> Header:
    told: dict[str, Fact] = {
        "impact": settings.impact.value,
        "ports": len(settings.ports),
        "port_list": spans(settings.ports),
        "targets": settings.targets,
        "exclude": settings.exclude,
        "sweep": settings.sweep,
    }
    if settings.support_periods:
        told[ASKS_SUPPORT] = True
    if book.feeds.notes:
        told[FEEDS] = tuple(map(feed_word, book.feeds.notes))
    started = datetime.now(UTC).replace(microsecond=0).isoformat()
    return Header(recording.FORMAT, __version__, started, targets.scope, told, book.hash)
