"""What a plug-in author reads: Probe, Discoverer, and the Network they are handed.

A probe talks (``converse``), a reader reads (``read``), and a reader is a pure function of what
was said. ``converse`` returns nothing: the network recorded the conversation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol, runtime_checkable

from iotscan.errors import LockedOut, TimedOut
from iotscan.model import (
    Address,
    Impact,
    Kind,
    Observation,
    Outcome,
    Packet,
    Service,
    Sighting,
    TlsFacts,
    Transcript,
    Transport,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What to say first, so that a service of this protocol shows itself.

    ``says`` is sent as it stands; empty means the server speaks first. ``ports`` are where it is
    usual: an order to try things in, never a proof. An opening with ``anywhere`` may also be said
    to an unknown silent port; one without is said on its own ports only. ``tls``: try it inside
    TLS first on these ports. ``roams``: a UDP answer comes from another port of the device than
    the one that was asked (TFTP). ``announced``: said only to a device that announced the
    service, because one broadcast asks all devices at once.
    """

    name: str
    transport: Transport
    ports: tuple[int, ...]
    says: bytes = b""
    anywhere: bool = False
    tls: tuple[int, ...] = ()
    roams: bool = False
    announced: bool = False


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
    TlsFailed. Probes let these pass: the engine's fence turns them into the transcript's ending.
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


ANY_BYTE = bytes(range(256))
# A line of text begins with one of these: visible ASCII, or a line end before it.
LETTERS = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B)) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Beginning:
    """With which bytes each side of a conversation can begin to speak; over UDP, a datagram."""

    transport: Transport
    client: bytes = ANY_BYTE
    server: bytes = ANY_BYTE


@runtime_checkable
class Probe(Protocol):
    """One protocol, in one file of ``probes/`` that ends in ``PROBE = …``.

    A probe may have ``begins``, a sequence of ``Beginning``: others' conversations that begin
    otherwise are not offered to its ``read``. That only saves time: ``read`` judges by itself.
    """

    @property
    def name(self) -> str:
        """The protocol's usual short name, lower case; services are called by it."""
        ...

    @property
    def openings(self) -> Sequence[Opening]:
        """How services of this protocol are found; empty if it only joins others' services."""
        ...

    @property
    def impact(self) -> Impact:
        """The least impact that must be allowed for ``converse`` to be of any use."""
        ...

    @property
    def emits(self) -> Sequence[Kind]:
        """The kinds of observation that ``read`` yields, with the types of their facts."""
        ...

    def recognises(self, heard: bytes) -> bool:
        """Whether these first bytes from a server can only be this protocol. Pure."""
        ...

    def handles(self, service: Service) -> bool:
        """Whether ``converse`` has something to learn from this service (usually: its name).

        A UDP port that was silent to an opening is offered without a name, its hint that opening:
        a probe whose protocol answers known logins alone takes it, others do not.
        """
        ...

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Talk to the service through ``net``. ``logins``: pairs that suit it, best first."""
        ...

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """What a conversation with this protocol proves, our own or a captured one. Pure.

        Bytes that are not this protocol yield nothing; it never raises.
        """
        ...


class Airwaves(Protocol):
    """A discoverer's way out: multicast, broadcast and unicast asks, recorded as packets.

    Every answer that arrives while discovery runs is recorded and read; nothing is returned.
    """

    @property
    def impact(self) -> Impact: ...

    @property
    def interfaces(self) -> Sequence[Attachment]:
        """The attached networks that the scope covers."""
        ...

    async def ask(
        self,
        protocol: str,
        data: bytes,
        *,
        port: int,
        to: Address | None = None,
        group: IPv4Address | IPv6Address | None = None,
        interface: str = "",
        seconds: float = 0.0,
        broadcast: bool = False,
    ) -> None:
        """Send one UDP datagram to an address, a group or everybody on the attached IPv4 networks,
        and listen for answers from the scope for ``seconds`` (0: to the end of discovery).
        """
        ...

    def listen(
        self,
        protocol: str,
        *,
        port: int,
        group: IPv4Address | IPv6Address | None = None,
        interface: str = "",
    ) -> None:
        """Record what arrives at a well-known port until discovery ends: for a group, or without
        one what is broadcast there or sent there to this machine. Says nothing.
        """
        ...

    async def arp(self, interface: str, addresses: Sequence[IPv4Address]) -> bool:
        """Ask for the MACs of these addresses with raw frames; False where that is not allowed."""
        ...

    async def echo(self, interface: str) -> None:
        """Ask all IPv6 nodes of an interface whether they are there (ICMPv6), where it is allowed
        and this machine can.
        """
        ...

    def neighbours(self) -> Sequence[tuple[Address, str, str]]:
        """(address, MAC, interface) of the kernel's neighbour table, reachable or stale ones."""
        ...

    def resolvers(self) -> Sequence[Address]:
        """The DNS servers that this machine is told to ask, as far as they are in scope."""
        ...

    async def nudge(self, addresses: Sequence[Address]) -> None:
        """Make the kernel resolve these addresses, by a UDP datagram to the discard port."""
        ...

    async def pause(self, seconds: float) -> None: ...

    @property
    def patience(self) -> float:
        """Seconds that discovery may take, of which answers are waited for: a setting."""
        ...

    @property
    def heard(self) -> Sequence[Packet]:
        """The packets recorded so far under any protocol, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """An interface of this machine and the networks on it."""

    name: str
    mac: str | None
    addresses: tuple[Address, ...]
    prefixes: tuple[int, ...]
    multicast: bool = True


@runtime_checkable
class Discoverer(Protocol):
    """One way of finding devices: a file of ``iotscan/discovery/`` ending in ``DISCOVERER = …``."""

    @property
    def name(self) -> str: ...

    @property
    def hears(self) -> Sequence[tuple[str, int]]:
        """Which captured payloads ``read`` understands: ("udp", port), ("ether", EtherType) or
        ("ip", protocol number). Live packets come through ``Airwaves`` instead.
        """
        ...

    @property
    def emits(self) -> Sequence[Kind]: ...

    async def solicit(self, air: Airwaves, targets: Sequence[Address]) -> None:
        """Ask, and wait as long as answers are worth waiting for. ``targets``: every address that
        was asked for by name or by a small network (at most 65,536).
        """
        ...

    def read(self, packet: Packet) -> Iterator[Sighting | Observation]:
        """What a packet of this protocol says. Pure; garbage yields nothing; it never raises."""
        ...


class Greeted:
    """For probes to which the answer that made the service known tells all there is to learn."""

    def handles(self, service: Service) -> bool:
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Nothing: what was said when the service was recognised is read."""


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
