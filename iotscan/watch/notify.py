"""Sends messages through Apprise, which knows some hundred and thirty services.

An address holds passwords and tokens, in places that differ from service to service. So none of it
is ever shown: a receiver is told by its number and the name of its service. What Apprise logs stays
unread but for an HTTP status, for it may quote the address.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from iotscan.errors import UsageError
from iotscan.watch.message import Message

if TYPE_CHECKING:
    from apprise import Apprise

# Every service of an address, with its own attempts; then the watch goes on without it.
PATIENCE = 60.0
_NOWHERE = logging.NullHandler()
_STATUS = re.compile(r"\berror=(\d{3})\b")


class Receiver:
    """One address. ``name`` is fit for people, ``key`` tells it from others in the store."""

    def __init__(self, address: str, number: int, patience: float = PATIENCE) -> None:
        """Raises UsageError for an address that Apprise cannot use."""
        from apprise import Apprise, AppriseAsset

        self._patience = patience
        with _overheard():
            # With a limit of its own Apprise would wait for its threads when the program ends.
            self._apprise = Apprise(asset=AppriseAsset(service_timeout=0))
            taken = self._apprise.add(address)
        if not taken or not len(self._apprise):
            raise UsageError(
                f"--notify: Apprise cannot use address {number} of those given (its words are not "
                "shown, it may hold a password): https://github.com/caronc/apprise/wiki lists them"
            )
        services = dict.fromkeys(str(service.service_name) for service in self._apprise)
        self.name = f"receiver {number} ({', '.join(services)})"
        self.key = _key(address)

    async def send(self, message: Message) -> str:
        """Deliver the message; "" if that succeeded, else why not. Raises nothing."""
        answer: list[str] = []
        # A thread that nobody has to wait for: a server may take its time for ever.
        thread = threading.Thread(
            target=lambda: answer.append(_sent(self._apprise, message)), daemon=True
        )
        thread.start()
        await asyncio.to_thread(thread.join, self._patience)
        return answer[0] if answer else f"no answer within {self._patience:g} seconds"


def receivers(addresses: Sequence[str], patience: float = PATIENCE) -> list[Receiver]:
    """Ready to be sent to. Raises UsageError for what cannot be used, and without Apprise."""
    if not addresses:
        return []
    try:
        return [Receiver(address, n, patience) for n, address in enumerate(addresses, 1)]
    except ImportError as error:
        raise UsageError(
            f"notifications need another package ({error.name}): pip install 'iotscan[notify]'"
        ) from None


def _key(address: str) -> str:
    """Tells addresses apart and gives none away: guessing at one costs 16 MB and 50 ms a try."""
    return hashlib.scrypt(address.encode(), salt=b"iotscan", n=1 << 14, r=8, p=1, dklen=24).hex()


def _sent(apprise: Apprise, message: Message) -> str:
    from apprise import NotifyFormat, NotifyType

    with _overheard() as heard:
        try:
            done = apprise.notify(
                message.body,
                message.title,
                NotifyType(message.tone),
                body_format=NotifyFormat.TEXT,
                interpret_escapes=False,
            )
        except Exception as error:  # of a hundred services; whatever it is, it must not end a scan
            return f"a fault in Apprise: {type(error).__name__}"
    if done:
        return ""
    status = next(filter(None, map(_STATUS.search, heard)), None)
    return f"the server answered with HTTP status {status[1]}" if status else "it was not taken"


class _Overheard(logging.Handler):
    """What Apprise logs in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


@contextmanager
def _overheard() -> Iterator[Sequence[str]]:
    """What Apprise logs meanwhile; from the first time on none of it goes anywhere else."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    handler = _Overheard()
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        # Without any handler Python would print what a thread logs that was given up.
        logger.addHandler(_NOWHERE)
        logger.removeHandler(handler)
