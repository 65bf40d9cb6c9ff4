"""VNC: which security a remote desktop offers, and whether a publicly known password opens it.

The type None is seen, never chosen: no screen is opened. A password is only tried where VNC
Authentication is offered; servers count connections that did not log in and turn an address away
after five (TigerVNC, RealVNC), so two tries are all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import ConnectionLost, LockedOut, Malformed, TimedOut
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, either, fits, try_logins
from iotscan.protocols.rfb import codec as rfb
from iotscan.protocols.rfb.codec import Greeting
from iotscan.protocols.rfb.reading import KINDS, Session, outcome_of, read_captured, read_own

PORTS = (5900, 5901, 5902, 5903)
MOST_TRIES = 2
# Servers hold back the answer to a wrong password for up to ten seconds.
RESULT_READS = 3


class Vnc:
    name = "vnc"
    openings = (Opening("version", "tcp", PORTS),)
    impact = Impact.GREET
    emits = KINDS
    begins = either("tcp", (b"R", b"F", b"B"))

    def recognises(self, heard: bytes) -> bool:
        """A whole version message and nothing else."""
        return fits(rfb.version, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            greeting = await _Handshake(stream).greet()
        if rfb.VNC_AUTH not in greeting.types or rfb.NONE in greeting.types:
            return
        tries = [login for login in logins if not login.control][:MOST_TRIES]
        if net.impact >= Impact.LOGIN and tries:
            controls = [login for login in logins if login.control]

            async def attempt(login: Login) -> Outcome:
                return await _attempt(service, net, login)

            await try_logins(net, [*tries, *controls], attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_own(talk) if talk.client is None else read_captured(talk)


class _Handshake:
    """The client's side of the security handshake."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.agreed = (3, 3)
        self._unread = b""

    async def greet(self) -> Greeting:
        """Agree on a version and hear what security there is. Raises LockedOut if turned away."""
        while (theirs := rfb.version(self._unread[:12])) is None:
            await self._more()
        self.agreed = rfb.spoken(theirs)
        self._unread = self._unread[12:]
        await self.stream.write(rfb.encode_version(self.agreed))
        while (greeting := rfb.security(self._unread, self.agreed)) is None:
            await self._more()
        self._unread = self._unread[greeting.end :]
        if greeting.reason and outcome_of(Session(theirs, greeting, ())) is Outcome.LOCKED:
            raise LockedOut("the server says that there were too many attempts")
        return greeting

    async def take(self, length: int, reads: int = 1) -> bytes:
        """The next so many bytes. ``reads``: how many silences are borne."""
        while len(self._unread) < length:
            try:
                await self._more()
            except TimedOut as silence:
                reads -= 1
                if reads <= 0 or silence.phase != "read":
                    raise
        found, self._unread = self._unread[:length], self._unread[length:]
        return found

    async def _more(self) -> None:
        data = await self.stream.read()
        if not data:
            raise ConnectionLost("closed in the middle of the handshake")
        self._unread += data


async def _attempt(service: Service, net: Network, login: Login) -> Outcome:
    """Try one password; a screen that it opens is left at once."""
    try:
        async with net.tcp(service, login=login) as stream:
            handshake = _Handshake(stream)
            greeting = await handshake.greet()
            if rfb.VNC_AUTH not in greeting.types:
                return Outcome.UNCLEAR
            if handshake.agreed >= (3, 7):
                await stream.write(bytes([rfb.VNC_AUTH]))
            challenge = await handshake.take(rfb.CHALLENGE)
            answer = rfb.response(challenge, stream.secret)
            await stream.write(answer, hide=answer)
            result = int.from_bytes(await handshake.take(4, RESULT_READS), "big")
    except LockedOut:
        return Outcome.LOCKED
    except (ConnectionLost, TimedOut, Malformed):
        return Outcome.UNCLEAR
    return {0: Outcome.ACCEPTED, 1: Outcome.REFUSED, 2: Outcome.LOCKED}.get(result, Outcome.UNCLEAR)


PROBE = Vnc()
