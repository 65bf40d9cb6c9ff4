"""RTSP: does a camera describe its stream without a login, how does it ask for one, is it known?

OPTIONS and DESCRIBE only: nothing is set up and nothing played. A stream under a name that no
device has is asked for first, because some servers say yes to any name. RFC 2326.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from iotscan.errors import BudgetSpent, ConnectionLost, LockedOut
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening, Stream, try_logins
from iotscan.protocols.http.auth import Challenge, basic, best_challenge, digest
from iotscan.protocols.rtsp import codec as rtsp
from iotscan.protocols.rtsp import tunnel
from iotscan.protocols.rtsp.kinds import KINDS
from iotscan.protocols.rtsp.reading import (
    NOWHERE,
    challenges_of,
    described,
    login_outcome,
    read_transcript,
)

PORTS = (554, 8554, 5554, 10554, 1554, 7070, 322, 8322)
_SECURE = (322, 8322)
# Some cameras close after each answer; more connections than these are not made for questions.
_MOST_CONNECTIONS = 6
# An answer comes in a few segments; one that drips is left.
_MOST_READS = 256
_MOST_BYTES = 131_072
# Bad Request, Not Found, Session Not Found: what servers say to names they do not know.
_NO_SUCH_ROUTE = (400, 404, 454)
# Connections closed in the middle of a login, without a word, before that is taken for a lock.
_MOST_HANGUPS = 2


@cache
def routes() -> tuple[str, ...]:
    """The usual names of streams, most usual first."""
    tree = yaml.safe_load(Path(__file__).with_name("rtsp_routes.yaml").read_text("utf-8"))
    return tuple(entry["path"] for entry in tree["routes"])


class Rtsp:
    name = "rtsp"
    openings: Sequence[Opening] = (
        Opening("options", "tcp", PORTS, rtsp.build("OPTIONS", "*", 1), tls=_SECURE),
    )
    impact = Impact.GREET
    emits = KINDS
    begins = (Beginning("tcp", LETTERS + b"$"),)

    def recognises(self, heard: bytes) -> bool:
        return rtsp.is_answer(heard)

    def joins(self, talk: Transcript) -> str:
        return tunnel.name_of(talk)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        visit = _Visit(service, net)
        withheld = await visit.look_around()
        if withheld and logins and net.impact >= Impact.LOGIN:
            await try_logins(net, logins, _Attempts(visit, withheld).attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_transcript(talk)


class _Line:
    """One connection: numbered questions, and their answers past interleaved media."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._number = 0
        self._heard = b""
        self._size = 0

    async def ask(
        self, method: str, url: str, authorization: str = "", *, hide: bytes = b""
    ) -> rtsp.Response:
        """The answer. Raises ConnectionLost when it closes without one, Malformed, BudgetSpent."""
        self._number += 1
        headers = [("Accept", "application/sdp")] if method == "DESCRIBE" else []
        headers += [("Authorization", authorization)] if authorization else []
        await self.stream.write(rtsp.build(method, url, self._number, headers), hide=hide)
        for _ in range(_MOST_READS):
            found = self._next()
            if found is not None:
                return found
            part = await self.stream.read()
            self._heard += part
            self._size += len(part)
            if not part:
                raise ConnectionLost("closed without an answer")
            if self._size > _MOST_BYTES:
                break
        raise BudgetSpent("it says more than any description of a stream holds")

    def _next(self) -> rtsp.Response | None:
        """The answer to the newest question, if it is here; what lies before it is dropped."""
        while True:
            found = rtsp.parse_message(self._heard) if self._heard else None
            if found is None:
                return None
            self._heard = self._heard[found.end :]
            number = found.header("cseq").strip()
            if isinstance(found, rtsp.Response) and number in ("", str(self._number)):
                return found


@dataclass
class _Visit:
    """The questions put to one server without a login."""

    service: Service
    net: Network

    def url(self, path: str) -> str:
        endpoint = self.service.endpoint
        return rtsp.url(endpoint.address, endpoint.port, path, self.service.tls)

    def usual(self) -> list[str]:
        """The routes worth asking for, those the device announced first."""
        announced = [self.service.hint] if self.service.hint.startswith("/") else []
        return list(dict.fromkeys((*announced, *routes())))

    async def look_around(self) -> list[str]:
        """Ask until a stream is described or withheld; the routes that need a login, best first."""
        waiting = ["", NOWHERE, *self.usual()]
        for connection in range(_MOST_CONNECTIONS):
            before = len(waiting)
            try:
                async with self.net.tcp(self.service) as stream:
                    line = _Line(stream)
                    while waiting:
                        withheld = await self._ask(line, waiting[0])
                        del waiting[0]
                        if withheld is not None:
                            return withheld
                    return []
            except ConnectionLost:
                # Closed at a question; if it was the first on this connection it is a bad one.
                if connection == 0 and len(waiting) == before:
                    raise
                del waiting[: 1 if len(waiting) == before else 0]
        return []

    async def _ask(self, line: _Line, path: str) -> list[str] | None:
        """Put one question; what needs a login, [] if nothing does, None while that is open."""
        if not path:
            await line.ask("OPTIONS", self.url("/"))
            return None
        answer = await line.ask("DESCRIBE", self.url(path))
        if answer.status == 401:
            best = best_challenge(challenges_of(answer))
            if path == NOWHERE:
                return self.usual() if best else []
            return [path] if best else []
        if path != NOWHERE and described(answer) is not None:
            return []
        return None


@dataclass
class _Attempts:
    """Logins on one server."""

    visit: _Visit
    withheld: list[str]
    hangups: int = 0

    async def attempt(self, login: Login) -> Outcome:
        """Try one login on a connection of its own; how the server answered."""
        try:
            async with self.visit.net.tcp(self.visit.service, login=login) as stream:
                return await self._within(_Line(stream), login)
        except ConnectionLost:
            self.hangups += 1
            if self.hangups >= _MOST_HANGUPS:
                raise LockedOut("it closes the connection at every login") from None
            return Outcome.UNCLEAR

    async def _within(self, line: _Line, login: Login) -> Outcome:
        """Ask with the login for one route after the other, until one exists."""
        first = await line.ask("DESCRIBE", self.visit.url(self.withheld[0]))
        offer = best_challenge(challenges_of(first)) if first.status == 401 else None
        if offer is None:
            locked = login_outcome(first) is Outcome.LOCKED
            return Outcome.LOCKED if locked else Outcome.UNCLEAR
        for count, path in enumerate(self.withheld, 1):
            url = self.visit.url(path)
            authorization, secret = _answer(offer, login, line.stream.secret, url, count)
            answer = await line.ask("DESCRIBE", url, authorization, hide=secret)
            if answer.status not in _NO_SUCH_ROUTE:
                return login_outcome(answer)
        return Outcome.UNCLEAR


def _answer(
    offer: Challenge, login: Login, secret: bytes, url: str, count: int
) -> tuple[str, bytes]:
    if offer.scheme == "basic":
        return basic(login.username, secret)
    return digest(offer, login.username, secret, "DESCRIBE", url, count)


PROBE = Rtsp()
