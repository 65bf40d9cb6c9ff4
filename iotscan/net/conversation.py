"""One probe's conversation with one service: the Network it is handed, and the record of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from iotscan.errors import (
    BudgetSpent,
    Forbidden,
    Malformed,
    NetworkError,
    OutOfScope,
    OutOfTime,
    Refused,
    TimedOut,
)
from iotscan.model import Ending, Endpoint, Impact, Outcome, Service, Transcript, Transport
from iotscan.net.addresses import plain
from iotscan.net.dial import connect_tcp, open_udp
from iotscan.net.gatekeeper import Gatekeeper
from iotscan.net.line import Line
from iotscan.net.record import Record
from iotscan.net.relay import TcpRelay, UdpRelay, relay_tcp, relay_udp
from iotscan.net.streams import TcpStream, UdpExchange
from iotscan.net.waiting import while_left
from iotscan.probe_api import Login

# Times its setting that a conversation may last on the wall, however busy this machine is.
_LONGEST = 10


class Conversation:
    """Implements :class:`iotscan.probe_api.Network` for one service.

    Any port of the service's own address may be dialled, nothing else. Endings of channels:
    CLOSED when the device ended the connection, that of the error when one came through,
    COMPLETE when it was we who had enough.
    """

    def __init__(
        self,
        gateway: Gatekeeper,
        service: Service,
        probe: str,
        *,
        id: str,
        began: float,
        impact: Impact,
    ) -> None:
        self._gateway = gateway
        self._service = service
        self._probe = probe
        self._id = id
        self._began = began
        self._impact = impact
        self._start, self._lost = gateway.clock(), gateway.attention.lost
        limits = gateway.limits
        self._record = Record(self._now, limits.conversation_bytes)

    @property
    def impact(self) -> Impact:
        return self._impact

    @asynccontextmanager
    async def tcp(
        self, to: Service, *, login: Login | None = None, tls: bool | None = None
    ) -> AsyncIterator[TcpStream]:
        async with self._line(to, "tcp", login) as line:
            yield await self._connected(line, to.tls if tls is None else tls)

    @asynccontextmanager
    async def udp(
        self, to: Service, *, login: Login | None = None, roams: bool = False
    ) -> AsyncIterator[UdpExchange]:
        async with self._line(to, "udp", login) as line:
            line.must_speak()
            exchange = UdpExchange(open_udp(line.endpoint, roams=roams), line, roams=roams)
            line.on_close(exchange.close)
            yield exchange

    @asynccontextmanager
    async def relay(
        self, to: Service, *, login: Login | None = None
    ) -> AsyncIterator[TcpRelay | UdpRelay]:
        doors = self._gateway.doors
        async with self._line(to, to.endpoint.transport, login) as line:
            line.must_speak()
            if to.endpoint.transport == "tcp":
                stream = await self._connected(line, to.tls)
                async with relay_tcp(stream, line, doors) as relay:
                    yield relay
            else:
                exchange = UdpExchange(open_udp(line.endpoint), line)
                line.on_close(exchange.close)
                async with relay_udp(exchange, line, doors) as udp_relay:
                    yield udp_relay

    def outcome(self, login: Login, outcome: Outcome) -> None:
        """Tell how the device answered; it goes to the last channel opened for the login."""
        for channel in reversed(self._record.channels):
            if channel.login == login.id:
                channel.outcome = outcome
                self._gateway.logins.told(channel.endpoint, login, outcome)
                return
        raise LookupError(f"no connection was opened for login {login.id}")

    async def pause(self, seconds: float) -> None:
        left = self._left()
        await self._gateway.sleep(min(seconds, left))
        if seconds > left:
            raise OutOfTime

    def transcript(self, ending: Ending = Ending.COMPLETE, note: str = "") -> Transcript:
        """All that was said so far. ``note`` says why it ended when that is not COMPLETE."""
        return Transcript(
            id=self._id,
            service=self._service,
            probe=self._probe,
            began=round(self._began, 6),
            turns=self._record.turns(),
            channels=tuple(channel.frozen() for channel in self._record.channels),
            ending=ending,
            note=note,
        )

    @asynccontextmanager
    async def _line(
        self, to: Service, transport: Transport, login: Login | None
    ) -> AsyncIterator[Line]:
        """A recorded channel with its place in the limits; checks everything first."""
        endpoint = Endpoint(to.endpoint.address, transport, to.endpoint.port)
        line = self._new_line(endpoint, to.name or self._probe, login)
        async with AsyncExitStack() as stack:

            async def admitted() -> None:
                if login is not None:
                    await self._gateway.logins.take(endpoint, login)
                await stack.enter_async_context(self._gateway.place(endpoint, line.rule))

            try:
                await while_left(self.left, admitted())
            except TimeoutError as error:
                raise OutOfTime from error
            line.channel = self._record.open(endpoint, login.id if login else None)
            try:
                yield line
            except BaseException as error:
                line.channel.ending = _ending_of(error)
                raise
            finally:
                line.close()

    def _new_line(self, endpoint: Endpoint, protocol: str, login: Login | None) -> Line:
        """Everything that can refuse without waiting does so here, before any system call.

        ``protocol`` is the one that is going to be spoken; whether the service was recognised to
        speak anything is the conversation's own service to say.
        """
        if plain(endpoint.address) != plain(self._service.endpoint.address):
            raise OutOfScope(f"{endpoint} is not the device that is being talked to")
        self._gateway.check(endpoint)
        rule = self._gateway.rule(endpoint)
        if not rule.may_write:
            raise Forbidden(f"{endpoint} is not opened for a conversation: {rule.reason}")
        if self._impact < (Impact.GREET if login is None else Impact.LOGIN):
            raise Forbidden(f"the impact allowed ({self._impact.name.lower()}) forbids this")
        if len(self._record.channels) >= self._gateway.limits.conversation_connections:
            raise BudgetSpent("the conversation has used up its connections")
        return Line(
            endpoint=endpoint,
            record=self._record,
            governor=self._gateway.governor,
            limits=self._gateway.limits,
            rule=rule,
            left=self._left,
            may_speak=rule.lets_greet(protocol, self._service.name is not None),
            password=None if login is None else self._gateway.vault[login.id],
        )

    async def _connected(self, line: Line, tls: bool) -> TcpStream:
        if tls:
            line.must_speak()
        logins = self._gateway.logins
        timeout = min(self._gateway.limits.connect_timeout, self._left())
        try:
            sock = await connect_tcp(line.endpoint, timeout)
        except (Refused, TimedOut) as error:
            if logins.failed_last(line.endpoint):
                why = f"{line.endpoint} took no more connections after a failed login"
                raise logins.lock(line.endpoint, why) from error
            raise
        logins.reached(line.endpoint)
        stream = TcpStream(sock, line)
        line.on_close(stream.close)
        if tls:
            await stream.start_tls()
        return stream

    def _now(self) -> float:
        return self._began + self._gateway.clock() - self._start

    def left(self) -> float:
        """Seconds that it still has, none or fewer when it is over; those in which this machine
        was too busy to listen are not the device's.
        """
        allowed = self._gateway.limits.conversation_timeout
        lost = self._gateway.attention.lost - self._lost
        return allowed + min(lost, allowed * (_LONGEST - 1)) - (self._gateway.clock() - self._start)

    def _left(self) -> float:
        left = self.left()
        if left <= 0.0:
            raise OutOfTime
        return left


def _ending_of(error: BaseException) -> Ending:
    if isinstance(error, NetworkError | Malformed):
        return error.ending
    # A scan that is stopped cancels its conversations: nothing more was heard in the time given.
    return Ending.BUG if isinstance(error, Exception) else Ending.TIMEOUT
