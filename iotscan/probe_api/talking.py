"""What probes share: knowing an answer, hearing it out, and trying logins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from iotscan.errors import BudgetSpent, ConnectionLost, LockedOut, Malformed, TimedOut
from iotscan.model import Outcome, Service
from iotscan.probe_api.network import Datagrams, Login, Network, Stream

_T = TypeVar("_T")
# No answer that says what a device is comes near this; the gateway's own bound is above it.
LARGEST = 262_144
# Enough for 128 kB in segments of 536 bytes, the least that TCP must take (RFC 9293 section 3.7.1).
_MOST_READS = 256


class Greeted:
    """For probes to which the answer that made the service known tells all there is to learn."""

    def handles(self, service: Service) -> bool:
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Nothing: what was said when the service was recognised is read."""


def fits(parse: Callable[[bytes], object], heard: bytes) -> bool:
    """Whether a parser finds something in what was heard, and nothing wrong with it."""
    try:
        return bool(parse(heard))
    except Malformed:
        return False


async def hear_out(datagrams: Datagrams, most: int, quiet: float) -> None:
    """Receive up to ``most`` datagrams, until none comes for ``quiet`` seconds.

    Raises TimedOut where not even the first came.
    """
    await datagrams.receive()
    for _ in range(most - 1):
        try:
            await datagrams.receive(quiet)
        except TimedOut:
            return


async def hear(
    stream: Stream,
    take: Callable[[bytes], _T | None],
    *,
    at_end: Callable[[bytes], _T | None] | None = None,
    most: int = LARGEST,
) -> _T | None:
    """Read until ``take`` makes something of all that has come, and give that.

    ``at_end`` is asked instead once the device has closed; None when it closed before a word, or
    in the middle of one. Raises Malformed when ``most`` bytes were not enough, BudgetSpent when
    they come in too many pieces, and what ``take`` raises.
    """
    heard = b""
    for _ in range(_MOST_READS):
        part = await stream.read()
        if not part:
            return at_end(heard) if at_end is not None and heard else None
        heard += part
        found = take(heard)
        if found is not None:
            return found
        if len(heard) > most:
            raise Malformed("much is said, but not what was asked for")
    raise BudgetSpent("the answer comes in too many pieces")


async def hear_whole(
    stream: Stream, take: Callable[[bytes], _T | None], *, most: int = LARGEST
) -> _T:
    """As ``hear``, for protocols whose answers say where they end. Raises ConnectionLost, too."""
    found = await hear(stream, take, most=most)
    if found is None:
        raise ConnectionLost("closed before it had answered")
    return found


async def try_logins(
    net: Network, logins: Sequence[Login], attempt: Callable[[Login], Awaitable[Outcome]]
) -> Login | None:
    """Try logins in their order until one is accepted, then a control; the accepted one or None.

    ``attempt`` opens its own connection with ``net.tcp(…, login=login)`` and proves the outcome by
    a parsed fact. A success is only worth claiming when the control that follows is refused; the
    reader decides that from the transcript. Raises LockedOut at the first sign of it.
    """
    for login in logins:
        if login.control:
            continue
        outcome = await attempt(login)
        net.outcome(login, outcome)
        if outcome is Outcome.LOCKED:
            raise LockedOut(f"sign of lock-out after trying {login.id}; no further login is tried")
        if outcome is Outcome.ACCEPTED:
            for control in (other for other in logins if other.control):
                net.outcome(control, await attempt(control))
            return login
    return None
