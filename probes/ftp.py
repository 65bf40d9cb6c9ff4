"""FTP: is a login taken in clear, may strangers in, what could they do, is a known login taken?

The first connection asks for features and TLS, the second whether a name is taken in clear and an
anonymous login (RFC 1635) accepted; then every known login has one of its own. Behind an anonymous
login a single listing is read; nothing is fetched, stored or tried: whether strangers may write
is inferred from the rights that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from iotscan.errors import (
    ConnectionLost,
    LockedOut,
    Malformed,
    Refused,
    TimedOut,
    TlsFailed,
)
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening, Stream, try_logins
from iotscan.protocols.common.overheard import Line
from iotscan.protocols.ftp import codec as ftp
from iotscan.protocols.ftp.codec import Reply
from iotscan.protocols.ftp.kinds import KINDS
from iotscan.protocols.ftp.overheard import read_captured
from iotscan.protocols.ftp.reading import ANONYMOUS, NOBODY, outcome_of, read_own

PORTS = (21, 990, 2121, 8021)
# RFC 1635 asks for an e-mail address as the password of an anonymous login; this is nobody's.
EMAIL = b"scan@example.invalid"
# Bytes of one reply, and of a listing: more than any device has reason to say.
LONGEST_REPLY, LONGEST_LISTING = 16_384, 65_536
# Servers hold back the answer to a wrong login: vsftpd 1 s, inetutils 3 s, others up to 5 s.
LOGIN_READS = 3


class Ftp:
    name = "ftp"
    openings = (Opening("greeting", "tcp", PORTS, tls=(990,)),)
    impact = Impact.GREET
    emits = KINDS
    begins = (Beginning("tcp", LETTERS, b"123456"),)

    def recognises(self, heard: bytes) -> bool:
        """A greeting with code 220 that is no mail server's."""
        return ftp.is_greeting(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        upgradable = not service.tls and await _ask_for_tls(service, net)
        anonymous = await _look_round(service, net)
        known = [login for login in logins if not anonymous or login.username not in ANONYMOUS]
        if net.impact >= Impact.LOGIN and any(not login.control for login in known):
            await try_logins(net, known, _Attempts(service, net, upgradable).attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_own(talk) if talk.client is None else read_captured(talk)


class _Session:
    """A control connection: one command, one reply."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._unread = b""

    async def greeting(self, reads: int = 1) -> Reply:
        """What the server says first. Raises Malformed when that is not FTP."""
        reply = await self.reply(reads)
        if reply.code == 120:
            reply = await self.reply(LOGIN_READS)
        if reply.code == 421:
            raise LockedOut("the server takes no more sessions (421)")
        if reply.code != 220:
            raise Malformed("the greeting is not FTP's")
        return reply

    async def ask(self, command: str, *, hide: bytes = b"", reads: int = 1) -> Reply:
        """The reply to a command; to a secret one when ``hide`` is what goes behind it."""
        await self.stream.write(command.encode() + hide + b"\r\n", hide=hide)
        return await self.reply(reads)

    async def reply(self, reads: int = 1) -> Reply:
        """The next whole reply. ``reads``: how many silences are borne."""
        while True:
            found, self._unread = _first_reply(self._unread)
            if found is not None:
                return found
            if len(self._unread) > LONGEST_REPLY:
                raise Malformed("a reply without an end")
            try:
                data = await self.stream.read()
            except TimedOut as silence:
                reads -= 1
                if reads <= 0 or silence.phase != "read":
                    raise
                continue
            if not data:
                raise ConnectionLost("closed before the reply was complete")
            self._unread += data

    async def quit(self) -> None:
        with suppress(ConnectionLost, TimedOut, Malformed):
            await self.ask("QUIT")


def _first_reply(data: bytes) -> tuple[Reply | None, bytes]:
    """The first whole reply in what was heard, and what follows it."""
    at = 0
    said: list[Line] = []
    while (end := data.find(b"\n", at)) >= 0:
        said.append(Line(0, "server", data[at:end].rstrip(b"\r")))
        at = end + 1
        for found in ftp.control(said):
            assert isinstance(found, Reply)
            return found, data[at:]
    return None, data


async def _ask_for_tls(service: Service, net: Network) -> bool:
    """Ask for the features and for TLS, and shake hands; whether that worked."""
    async with net.tcp(service) as stream:
        session = _Session(stream)
        await session.greeting()
        await session.ask("FEAT")
        if (await session.ask("AUTH TLS")).code != 234:
            await session.quit()
            return False
        with suppress(TlsFailed):
            await stream.start_tls()
            await session.quit()
            return True
        return False


async def _look_round(service: Service, net: Network) -> bool:
    """Log in as anonymous and, where that works, read one listing; whether it worked."""
    async with net.tcp(service) as stream:
        session = _Session(stream)
        await session.greeting()
        try:
            await session.ask(f"USER {NOBODY}")
            reply = await session.ask("USER anonymous", reads=LOGIN_READS)
            if reply.code == 331:
                reply = await session.ask("PASS " + EMAIL.decode(), reads=LOGIN_READS)
        except ConnectionLost:
            return False  # some hang up on a name they do not like
        if reply.code == 230:
            await session.ask("SYST")
            await session.ask("MLST")
            await _list(service, net, session)
        await session.quit()
        return reply.code == 230


async def _list(service: Service, net: Network, session: _Session) -> None:
    """Read the listing of the folder we were put into, over a data connection to this device."""
    port = ftp.data_port(await session.ask("EPSV"))
    if port is None:
        port = ftp.data_port(await session.ask("PASV"))
    if port is None:
        return
    endpoint = replace(service.endpoint, port=port)
    with suppress(ConnectionLost, TimedOut, TlsFailed, Refused):
        async with net.tcp(replace(service, endpoint=endpoint), tls=service.tls) as data:
            if (await session.ask("LIST")).code not in (125, 150):
                return
            size = 0
            while size < LONGEST_LISTING and (piece := await data.read()):
                size += len(piece)
        await session.reply()


class _Attempts:
    """Login tries on one service, each on a connection of its own, inside TLS where it works."""

    def __init__(self, service: Service, net: Network, upgradable: bool) -> None:
        self.service, self.net, self.upgradable = service, net, upgradable

    async def attempt(self, login: Login) -> Outcome:
        try:
            async with self.net.tcp(self.service, login=login) as stream:
                session = _Session(stream)
                await session.greeting()
                if self.upgradable and (await session.ask("AUTH TLS")).code == 234:
                    await stream.start_tls()
                reply = await session.ask(f"USER {login.username}")
                if reply.code == 331:
                    reply = await session.ask("PASS ", hide=stream.secret, reads=LOGIN_READS)
                outcome = outcome_of(reply)
                if outcome is Outcome.ACCEPTED:
                    await session.quit()
                return outcome
        except (ConnectionLost, TimedOut, Malformed):
            return Outcome.UNCLEAR


PROBE = Ftp()
