"""SMB: which versions a file server negotiates, whether it insists on signatures, and whether it
lets in those who have no password.

Three connections: one as nobody, one as the guest account without a password, which is a login and
only tried where those are allowed, one for version 1 alone. A session that is given is used to
connect to the share of named pipes, and to nothing else: no share is listed, read or written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from iotscan.errors import ConnectionLost, Malformed, TimedOut
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, fits, hear
from iotscan.protocols.logins import ntlm
from iotscan.protocols.smb import codec, session
from iotscan.protocols.smb.reading import ASK_1, ASK_2, GUEST, SERVICE, challenge_of, read_own

_T = TypeVar("_T")
ASK_ANY = codec.negotiate_1(codec.NT_LM, *codec.ANY_2)
NETBIOS = "netbios"


class Smb:
    name = "smb"
    openings = (
        Opening("negotiate", "tcp", (445,), ASK_ANY),
        Opening(NETBIOS, "tcp", (139,), session.netbios_request()),
    )
    impact = Impact.GREET
    emits = (SERVICE,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """An answer to a NEGOTIATE, or a session that NetBIOS grants."""
        if heard == session.SESSION_GRANTED:
            return True
        return fits(codec.take, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        if await _visit(service, net, "") and net.impact >= Impact.LOGIN:
            await _visit(service, net, GUEST)
        # A server without version 1 hangs up, or says nothing.
        with suppress(ConnectionLost, TimedOut):
            async with _door(service, net) as stream:
                await _ask(stream, ASK_1, codec.take)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is None and talk.service.endpoint.transport == "tcp":
            yield from read_own(talk)


@asynccontextmanager
async def _door(service: Service, net: Network) -> AsyncIterator[Stream]:
    """A connection on which SMB may be spoken. Raises ConnectionLost where NetBIOS refuses."""
    async with net.tcp(service) as stream:
        if service.hint == NETBIOS:
            await stream.write(session.netbios_request())
            if await stream.read(len(session.SESSION_GRANTED)) != session.SESSION_GRANTED:
                raise ConnectionLost("the NetBIOS session was refused")
        yield stream


async def _visit(service: Service, net: Network, name: str) -> bool:
    """Ask for a session under a name, without a password; whether version 2 is spoken at all."""
    # A server without version 2 hangs up, or says nothing.
    with suppress(ConnectionLost, TimedOut):
        async with _door(service, net) as stream:
            spoken = await _ask(stream, ASK_2, codec.take)
            if spoken is None or spoken.dialect not in codec.DIALECTS_2.values():
                return False
            with suppress(Malformed, ConnectionLost, TimedOut):
                await _log_in(stream, name, str(service.endpoint.address).partition("%")[0])
            return True
    return False


async def _log_in(stream: Stream, name: str, host: str) -> None:
    first = await _ask(stream, session.set_up(1, 0, ntlm.negotiate()), session.take)
    if first is None or first.status != session.CONTINUED:
        return
    token = ntlm.answer(challenge_of(first), name)
    granted = await _ask(stream, session.set_up(2, first.session, token), session.take)
    if granted is not None and granted.status == session.SUCCESS:
        await _ask(stream, session.connect(3, granted.session, host), session.take)


async def _ask(
    stream: Stream, message: bytes, take: Callable[[bytes], tuple[_T, int] | None]
) -> _T | None:
    """The answer to a message; None when the server closed instead. Raises Malformed."""
    await stream.write(message)
    found = await hear(stream, take)
    return None if found is None else found[0]


PROBE = Smb()
