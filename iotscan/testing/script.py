"""A scripted network: what a device says and expects, step by step.

``FakeNetwork`` refuses the unexpected: a connection, a write or a read that the script does not
foresee is an AssertionError, never a guess.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from iotscan.errors import ConnectionLost, Forbidden, Malformed, NetworkError, TimedOut, TlsFailed
from iotscan.model import (
    Channel,
    Ending,
    Impact,
    Outcome,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.probe_api import Login, Probe, Relay


@dataclass(frozen=True, slots=True)
class Says:
    """The device sends these bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Hears:
    """The device expects these bytes, or any that satisfy the test; None: whatever comes."""

    data: bytes | Callable[[bytes], bool] | None = None


@dataclass(frozen=True, slots=True)
class Fails:
    """The next read or write raises this: Refused(), TimedOut("read"), ConnectionLost() …"""

    error: NetworkError


@dataclass(frozen=True, slots=True)
class Closes:
    """The device closes: reads give b"" from here on."""


Step = Says | Hears | Fails | Closes


@dataclass
class FakeStream:
    """A Stream and Datagrams in one that plays a script and records turns like the gateway."""

    network: FakeNetwork
    channel: int
    steps: list[Step]
    login: Login | None
    facts: TlsFacts | None

    @property
    def tls(self) -> TlsFacts | None:
        return self.facts

    @property
    def secret(self) -> bytes:
        if self.login is None:
            raise LookupError("this stream was not opened for a login")
        return self.network.secrets[self.login.id]

    async def read(self, limit: int = 4096, timeout: float | None = None) -> bytes:
        match self.steps[0] if self.steps else Fails(TimedOut("read")):
            case Says(data):
                head, rest = data[:limit], data[limit:]
                self.steps[0:1] = [Says(rest)] if rest else []
                self.network.record(self, "server", head)
                return head
            case Fails(error):
                self.steps[:1] = []
                raise error
            case Closes():
                return b""
            case step:
                raise AssertionError(f"the probe reads, the script is at {step}")

    async def write(self, data: bytes, *, hide: bytes = b"") -> None:
        shown = _mask(data, hide)
        self.network.record(self, "client", shown, secret=bool(hide))
        match self.steps.pop(0) if self.steps else Hears(None):
            case Hears(None):
                return
            case Hears(bytes() as expected):
                assert data == expected, f"the probe wrote {data!r}, expected {expected!r}"
            case Hears(test) if callable(test):
                assert test(data), f"the script does not expect {data!r}"
            case Closes():
                raise ConnectionLost("closed by the device")
            case Fails(error):
                raise error
            case step:
                raise AssertionError(f"the probe writes {data!r}, the script is at {step}")

    async def start_tls(self) -> TlsFacts:
        if self.network.upgrade is None:
            raise TlsFailed("the script has no TLS")
        self.facts = self.network.upgrade
        return self.facts

    async def send(self, data: bytes, *, hide: bytes = b"") -> None:
        await self.write(data, hide=hide)

    async def receive(self, timeout: float | None = None) -> bytes:
        return await self.read(65_535)


@dataclass
class FakeNetwork:
    """A Network that plays one script per connection, in the order the probe connects.

    ``connections``: a script each; a NetworkError in place of a script is raised on connecting.
    ``secrets``: login id → password. ``upgrade``: what ``start_tls`` shows. Relays are not faked:
    client libraries want a real socket, see ``serve`` and ``converse``.
    """

    service: Service
    connections: Sequence[Sequence[Step] | NetworkError]
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    impact: Impact = Impact.LOGIN
    tls: TlsFacts | None = None
    upgrade: TlsFacts | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    waited: float = 0.0
    _ticks: Iterator[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def tcp(
        self, to: Service, *, login: Login | None = None, tls: bool | None = None
    ) -> AsyncIterator[FakeStream]:
        if login is not None and self.impact < Impact.LOGIN:
            raise Forbidden("logins are not allowed")
        number = len(self.channels)
        assert number < len(self.connections), f"connection {number + 1} is not in the script"
        secured = to.tls if tls is None else tls
        facts = (self.tls or TlsFacts(version="TLSv1.3")) if secured else None
        name = login.id if login else None
        self.channels.append(Channel(to.endpoint, float(next(self._ticks)), tls=facts, login=name))
        script = self.connections[number]
        if isinstance(script, NetworkError):
            self.channels[number] = Channel(to.endpoint, ending=script.ending, login=name)
            raise script
        yield FakeStream(self, number, list(script), login, facts)

    @asynccontextmanager
    async def udp(
        self, to: Service, *, login: Login | None = None, roams: bool = False
    ) -> AsyncIterator[FakeStream]:
        async with self.tcp(to, login=login, tls=False) as stream:
            yield stream

    def relay(
        self, to: Service, *, login: Login | None = None
    ) -> AbstractAsyncContextManager[Relay]:
        raise AssertionError("a relay needs a real peer: use the gateway")

    def outcome(self, login: Login, outcome: Outcome) -> None:
        self.outcomes[login.id] = outcome

    async def pause(self, seconds: float) -> None:
        self.waited += seconds

    def record(
        self, stream: FakeStream, sender: Sender, data: bytes, *, secret: bool = False
    ) -> None:
        login = stream.login.id if secret and stream.login else None
        self.turns.append(Turn(sender, float(next(self._ticks)), data, stream.channel, login))

    def transcript(self, probe: str, ending: Ending = Ending.COMPLETE) -> Transcript:
        return Transcript(
            "c1", self.service, probe, 0.0, tuple(self.turns), tuple(self.channels), ending
        )

    async def play(self, probe: Probe, logins: Sequence[Login] = ()) -> Transcript:
        """Let a probe converse, and give the transcript with the ending the engine would note."""
        try:
            await probe.converse(self.service, self, logins)
        except (NetworkError, Malformed) as error:
            return self.transcript(probe.name, error.ending)
        return self.transcript(probe.name)


def _mask(data: bytes, hide: bytes) -> bytes:
    start = data.rfind(hide) if hide else -1
    return data if start < 0 else data[:start] + b"*" * len(hide) + data[start + len(hide) :]
