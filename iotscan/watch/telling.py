"""Sees to it that every receiver hears of every change, at least once.

The store knows up to which scan each receiver was told. What came since is told scan by scan, and
noted only once it was delivered: a receiver that could not be reached, or a machine that was
switched off in between, costs nothing but time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from iotscan.report.words import when
from iotscan.store import Store
from iotscan.watch.message import Message, of_failure, of_first, of_news, summary
from iotscan.watch.news import news

# Messages at once to a receiver that was away. What is older becomes one comparison.
MOST = 24


class Post(Protocol):
    """Who gets messages: :class:`iotscan.watch.notify.Receiver`."""

    @property
    def name(self) -> str: ...

    @property
    def key(self) -> str: ...

    async def send(self, message: Message) -> str: ...


class Teller:
    """Tells the screen (``say``) and every receiver; ``note``: what went wrong, ``aside``: what
    nobody needs to know.
    """

    def __init__(
        self,
        posts: Sequence[Post],
        say: Callable[[str], None],
        note: Callable[[str], None],
        aside: Callable[[str], None],
    ) -> None:
        self._posts, self._say, self._note, self._aside = posts, say, note, aside
        self._failing = False

    async def tell(self, store: Store, scan: int) -> bool:
        """Tell of a scan that was just stored. Whether every receiver knows of everything now."""
        self._failing = False
        series = store.series(scan)
        self._show(store, series)
        # One after another: each has its own history, and the store takes one writer at a time.
        return all([await self._inform(store, post, series) for post in self._posts])

    async def failed(self, reason: str) -> None:
        """Tell that nothing could be told: receivers hear of the first of several in a row."""
        self._note(f"This time nothing can be told: {reason}")
        first, self._failing = not self._failing, True
        for post in self._posts if first else ():
            if fault := await post.send(of_failure(reason)):
                self._note(f"{post.name} was not told: {fault}.")

    def _show(self, store: Store, series: Sequence[int]) -> None:
        scan = series[-1]
        if len(series) == 1:
            self._say(f"Scan {scan}, the first of this network. From now on only changes are told.")
            lines = list(summary(store.report(scan)))
        else:
            found = news(store, series[-2], scan)
            if not found:
                self._aside(f"Scan {scan}: nothing changed.")
                return
            started = when(store.find(str(scan)).started)
            self._say(f"{started}: {found.headline()} (iotscan diff {found.before} {scan})")
            lines = list(found.lines())
        for line in lines:
            self._say(f"  {line}")

    async def _inform(self, store: Store, post: Post, series: Sequence[int]) -> bool:
        receiver = _receiver(post, store.find(str(series[-1])).scope)
        told = store.told(receiver)
        if not told:
            first = of_first(store.report(series[-1]), series[-1])
            return await self._deliver(store, post, receiver, series[-1], first)
        steps = [scan for scan in series if scan > told][-MOST:]
        # The scan up to which it was told may be forgotten by now.
        before = max((scan for scan in series if scan <= told), default=series[0])
        for scan in steps:
            found = news(store, before, scan)
            message = of_news(found) if found else None
            if not await self._deliver(store, post, receiver, scan, message):
                return False
            before = scan
        return True

    async def _deliver(
        self, store: Store, post: Post, receiver: str, scan: int, message: Message | None
    ) -> bool:
        fault = await post.send(message) if message else ""
        if fault:
            self._note(
                f"{post.name} was not told of scan {scan}: {fault}. "
                "It is tried again after the next scan."
            )
            return False
        store.note_told(receiver, scan)
        return True


def _receiver(post: Post, scope: str) -> str:
    """A receiver may be told of several networks, each with scans of its own."""
    return hashlib.sha256(f"{post.key} {scope}".encode()).hexdigest()
