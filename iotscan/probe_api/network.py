"""What a probe is handed to talk with: one device's door, streams and datagrams through it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from iotscan.model import Impact, Outcome, Service, TlsFacts


@dataclass(frozen=True, slots=True)
class Login:
    """A credential that may be tried. Its password stays with the gateway until it grants a try.

    ``realm``: accounts of one realm on one device are the same accounts ("system" for telnet, ssh
    and ftp), so that tries are counted together. ``control``: a random pair that nobody set.
    """

    id: str
    username: str
    realm: str
    product: str = ""
    control: bool = False


class Stream(Protocol):
    """A TCP connection, or a TLS session over one, that the gateway paces, bounds and records."""

    @property
    def tls(self) -> TlsFacts | None:
        """What the handshake showed, None without TLS."""
        ...

    @property
    def secret(self) -> bytes:
        """The password of the login this stream was opened for; LookupError if for none."""
        ...

    async def read(self, limit: int = 4096, timeout: float | None = None) -> bytes:
        """Up to ``limit`` bytes, at least one; b"" once the device has closed.

        ``timeout``: seconds, at most the setting for a read. Raises TimedOut, ConnectionLost,
        BudgetSpent.
        """
        ...

    async def write(self, data: bytes, *, hide: bytes = b"") -> None:
        """Send ``data``. ``hide``: the part of it to mask in the record (the last place it
        stands), the secret in whatever form it travels in. Raises ConnectionLost, BudgetSpent.
        """
        ...

    async def start_tls(self) -> TlsFacts:
        """Change to TLS on this connection. Raises TlsFailed."""
        ...


class Datagrams(Protocol):
    """An exchange of UDP datagrams with one endpoint; only its answers are passed on."""

    @property
    def secret(self) -> bytes: ...

    async def send(self, data: bytes, *, hide: bytes = b"") -> None:
        """Send one datagram. Raises BudgetSpent, Refused (ICMP port unreachable)."""
        ...

    async def receive(self, timeout: float | None = None) -> bytes:
        """The next datagram. ``timeout``: seconds, at most the setting for a read.

        Raises TimedOut, Refused, BudgetSpent.
        """
        ...


class Relay(Protocol):
    """A loopback port for client libraries that own their socket; the gateway pumps and records."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def secret(self) -> bytes: ...

    def hide(self, secret: bytes) -> None:
        """Mask these bytes wherever the client sends them from now on."""
        ...


class Network(Protocol):
    """One conversation's door to one device; nothing else dials.

    Every method raises OutOfScope or Forbidden before any system call when the address is not the
    service's own, the port's rules forbid it, or the allowed impact is below what is asked, and
    BudgetSpent or LockedOut when a login may not be tried. Connecting raises Refused, TimedOut,
    TlsFailed. Whatever takes time raises OutOfTime when that of the conversation is used up. Probes
    let these pass: the engine's fence turns them into the transcript's ending.
    """

    @property
    def impact(self) -> Impact:
        """The most that may be done to this device."""
        ...

    def tcp(
        self, to: Service, *, login: Login | None = None, tls: bool | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Connect. ``tls`` overrides ``to.tls``. With ``login`` a try is taken from the budget."""
        ...

    def udp(
        self, to: Service, *, login: Login | None = None, roams: bool = False
    ) -> AbstractAsyncContextManager[Datagrams]:
        """``roams``: hear answers from any port of the device, not only from the one asked."""
        ...

    def relay(
        self, to: Service, *, login: Login | None = None
    ) -> AbstractAsyncContextManager[Relay]: ...

    def outcome(self, login: Login, outcome: Outcome) -> None:
        """Tell how the device answered a login: after ACCEPTED only a control may be tried on
        this service, after LOCKED nothing.
        """
        ...

    async def pause(self, seconds: float) -> None:
        """Wait, within the conversation's time; a probe never calls ``asyncio.sleep``."""
        ...
