"""Telnet: is it there, does it ask for a login, and does a publicly known login open it?

Greets once; logs in, where that is allowed, on a connection of its own per try. Success is only
claimed when a harmless echoed marker was carried out behind the login. The only other command ever
sent is ``exit``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from iotscan.errors import BudgetSpent, ConnectionLost, LockedOut, Malformed, TimedOut
from iotscan.model import Impact, Observation, Outcome, Sender, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, Stream, try_logins
from iotscan.protocols.logins import dialogue as login_text
from iotscan.protocols.logins.dialogue import Prompt
from iotscan.protocols.telnet import codec as telnet
from iotscan.protocols.telnet.dialogue import (
    MARKERS,
    Dialogue,
    evaluates_marker,
    outcome_of,
    read_dialogue,
)
from iotscan.protocols.telnet.greeting import MOVES, is_telnet, may_be_telnet, readable
from iotscan.protocols.telnet.kinds import KINDS
from iotscan.protocols.telnet.ntlm import ntlm_request
from iotscan.protocols.telnet.reading import read_transcript

# Where consumer devices, serial servers and their debug consoles were seen to answer.
PORTS = (23, 2323, 26, 992, 1023, 2223, 4719, 5023, 6023, 8023, 9023, 9527, 9999, 10023, 23023)
# A prompt that may be a shell's is believed once the device has fallen silent for so long.
SETTLE = 1.0
# Read time-outs waited for an answer: one for a greeting; after a login a device may hold back its
# answer on purpose (busybox waits 3 s, others up to 10).
GREETING_PATIENCE = 1
LOGIN_PATIENCE = 4
# Read time-outs by which an answer may come later than the first refusal's before the delay
# counts as throttling.
GROWTH = 2
# More than any banner; an endless one is left.
MOST_BYTES = 65_536
# Text, a sign that moves the cursor, or IAC.
_FIRST = MOVES + bytes(range(0x20, 256))
# Prompts that need no waiting to be believed.
_CLEAR = frozenset({Prompt.LOGIN, Prompt.PASSWORD, Prompt.NEW_PASSWORD})


class Telnet:
    name = "telnet"
    openings = (Opening("greeting", "tcp", PORTS, anywhere=True, tls=(992,)),)
    impact = Impact.GREET
    emits = KINDS
    begins = (Beginning("tcp", server=_FIRST),)

    def recognises(self, heard: bytes) -> bool:
        """Option negotiation among nothing but text, or text that ends in a login prompt."""
        return is_telnet(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        asked, windows = await _greet(service, net)
        if windows:
            await _ask_for_challenge(service, net)
        if asked in (Prompt.LOGIN, Prompt.PASSWORD) and net.impact >= Impact.LOGIN and logins:
            await try_logins(net, logins, _Attempts(service, net).attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        captured = talk.client is not None and talk.service.endpoint.port == PORTS[0]
        yield from read_transcript(talk, may_be_telnet if captured else is_telnet)


async def _greet(service: Service, net: Network) -> tuple[Prompt, bool]:
    """Read the banner, prove an open shell if there seems to be one, ask for encryption.

    What the device asks for in the end, and whether it would authenticate the way Windows does.
    Raises LockedOut if it turns us away for earlier logins.
    """
    async with net.tcp(service) as stream:
        session = _Session(stream)
        asked = await session.hear_prompt()
        session.must_be_telnet()
        if asked is Prompt.SHELL:
            await session.prove()
        elif session.negotiates and stream.tls is None and not session.closed:
            await session.ask_for_encryption()
        if outcome_of(session.dialogue()) is Outcome.LOCKED:
            raise LockedOut("the device says that it is locked; no login is tried")
        return asked, session.asked_for(telnet.AUTHENTICATION)


async def _ask_for_challenge(service: Service, net: Network) -> None:
    """Ask for an NTLM challenge, in which a Windows host names itself; nothing is proven to it."""
    wish = telnet.Negotiation(telnet.WILL, telnet.AUTHENTICATION)
    async with net.tcp(service) as stream:
        await _overhear(stream)
        await stream.write(wish.encode() + ntlm_request().encode())
        while await _overhear(stream):
            pass


async def _overhear(stream: Stream) -> bool:
    """Let what comes be recorded; False at a silence, which leaves open what was asked."""
    try:
        return bool(await stream.read(timeout=SETTLE))
    except (TimedOut, ConnectionLost):
        return False


@dataclass
class _Attempts:
    """Login tries on one service, and what they showed of its defences so far."""

    service: Service
    net: Network
    refused: int = 0
    first_wait: int | None = None
    secrets_tried: set[bytes] = field(default_factory=set)

    async def attempt(self, login: Login) -> Outcome:
        """Try one login on a connection of its own; how it ended, by what was said.

        Raises LockedOut when the device answers ever later after refusals.
        """
        async with self.net.tcp(self.service, login=login) as stream:
            session = _Session(stream)
            try:
                await self._log_in(session, login)
            except ConnectionLost:
                session.closed = True  # many devices hang up on a wrong login: not the end of it
            outcome = outcome_of(session.dialogue()) or Outcome.UNCLEAR
        if outcome is Outcome.REFUSED:
            self._mind_delay(login, session.waits)
        return outcome

    async def _log_in(self, session: _Session, login: Login) -> None:
        asked = await session.hear_prompt()
        if asked is Prompt.LOGIN:
            await session.say(login.username.encode())
            asked = await session.hear(LOGIN_PATIENCE)
        elif session.stream.secret in self.secrets_tried:
            return  # it asks for no name, and this password was tried with another one
        session.waits = 0
        if asked is Prompt.PASSWORD:
            self.secrets_tried.add(session.stream.secret)
            await session.say(session.stream.secret, secret=True)
            asked = await session.hear(LOGIN_PATIENCE)
        if asked is Prompt.KEY:
            await session.say(b"")
            asked = await session.hear(GREETING_PATIENCE)
        if asked is Prompt.SHELL:
            await session.prove()

    def _mind_delay(self, login: Login, waits: int) -> None:
        self.refused += 1
        if self.first_wait is None:
            self.first_wait = waits
        elif waits >= self.first_wait + GROWTH:
            self.net.outcome(login, Outcome.REFUSED)
            raise LockedOut("the device answers later with every refused login")


class _Session:
    """One connection: answers negotiation, and keeps what was said for the readers' own eyes."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.closed = False
        self.negotiates = False
        self.waits = 0
        self._decoder = telnet.Decoder()
        self._refused: set[telnet.Negotiation] = set()
        self._text = bytearray()
        self._size = 0
        self._said: list[tuple[int, Sender, bytes]] = []

    def dialogue(self) -> Dialogue:
        """The session so far, read as it will be read from the record."""
        return read_dialogue(self._said)

    async def hear_prompt(self) -> Prompt:
        """What the device asks for first; a silent one is woken with one empty line."""
        asked = await self.hear(GREETING_PATIENCE)
        if asked in (Prompt.NONE, Prompt.KEY) and not self.closed and self._size < MOST_BYTES:
            await self.say(b"")
            asked = await self.hear(GREETING_PATIENCE)
        return asked

    def must_be_telnet(self) -> None:
        """Raises the error that says why there is no telnet session here."""
        heard = b"".join(data for _, sender, data in self._said if sender == "server")
        if not heard:
            raise ConnectionLost("closed without a word") if self.closed else TimedOut("read")
        if not is_telnet(heard[:MOST_BYTES]):
            asked = login_text.prompt_of(login_text.plain(heard[-1024:]))
            if asked is not Prompt.SHELL or not readable(heard):
                raise Malformed("what it says is not telnet")
        if len(heard) >= MOST_BYTES:
            raise BudgetSpent("it talks without end and asks for nothing")

    async def hear(self, patience: int) -> Prompt:
        """Listen until the device asks for something, closes, talks too much, or for ``patience``
        read time-outs; what its last line asks for.
        """
        while True:
            text = login_text.plain(bytes(self._text[-1024:]))
            if evaluates_marker(text):
                return Prompt.SHELL
            asked = login_text.prompt_of(text)
            if asked in _CLEAR:
                return asked
            if self.closed or self._size >= MOST_BYTES:
                return asked
            try:
                data = await self.stream.read(timeout=None if asked is Prompt.NONE else SETTLE)
            except TimedOut as error:
                if error.phase != "read":
                    raise
                patience -= 1
                self.waits += 1
                if asked is not Prompt.NONE or patience <= 0:
                    return asked
                continue
            self.closed = not data
            await self._take(data)

    async def _take(self, data: bytes) -> None:
        """Keep what was heard, and keep every option off (once each: some ask without end)."""
        self._said.append((len(self._said), "server", data))
        self._size += len(data)
        events = self._decoder.feed(data)
        self._text += telnet.text_of(events)
        refusals = b""
        for event in events:
            if isinstance(event, telnet.Negotiation):
                self.negotiates = True
                if event not in self._refused:
                    self._refused.add(event)
                    refusals += telnet.refusal(event)
        if refusals:
            await self._send(refusals)

    async def say(self, line: bytes, *, secret: bool = False) -> None:
        """Send a line. It ends in a bare CR: a LF behind it would answer the next prompt too."""
        self._text.clear()
        self._size = 0
        await self._send(line + b"\r", hide=line if secret else b"")

    async def _send(self, data: bytes, *, hide: bytes = b"") -> None:
        self._said.append((len(self._said), "client", data))
        await self.stream.write(data, hide=hide)

    async def prove(self) -> None:
        """Find out whether a command line answers, with a marker that it must evaluate; leave."""
        for marker, _ in MARKERS:
            await self.say(marker)
            await self.hear(GREETING_PATIENCE)
            if self.closed or self.dialogue().shell_proven:
                break
        if not self.closed:
            await self.leave()

    async def leave(self) -> None:
        """End the session politely; a device that is already gone is no failure."""
        try:
            await self.say(b"exit")
        except ConnectionLost:
            self.closed = True

    async def ask_for_encryption(self) -> None:
        """Ask whether the ENCRYPT and START_TLS options are known; nothing is switched on."""
        asks = (
            telnet.Negotiation(telnet.DO, telnet.ENCRYPT),
            telnet.Negotiation(telnet.WILL, telnet.START_TLS),
        )
        await self._send(b"".join(ask.encode() for ask in asks))
        await _overhear(self.stream)

    def asked_for(self, option: int) -> bool:
        """Whether the device asked for an option: DO."""
        return telnet.Negotiation(telnet.DO, option) in self._refused


PROBE = Telnet()
