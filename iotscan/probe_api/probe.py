"""A probe: how its services are found, what it says to them, what it reads in what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from iotscan.model import Impact, Kind, Observation, Service, Transcript, Transport
from iotscan.probe_api.network import Login, Network


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


ANY_BYTE = bytes(range(256))
# The bytes that may stand at each of the first places: of as many as are told.
Lead = tuple[bytes, ...]
# A line of text begins with one of these: visible ASCII, or a line end before it.
LETTERS = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B)) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Beginning:
    """With which bytes each side of a conversation can begin to speak; over UDP, a datagram.

    A side is either the set of bytes that may come first, or a ``Lead``.
    """

    transport: Transport
    client: bytes | Lead = ANY_BYTE
    server: bytes | Lead = ANY_BYTE


def either(transport: Transport, lead: bytes | Lead) -> tuple[Beginning, Beginning]:
    """That one of the sides begins so, whatever the other one says."""
    return Beginning(transport, client=lead), Beginning(transport, server=lead)


@runtime_checkable
class Probe(Protocol):
    """One protocol, in one file of ``probes/`` that ends in ``PROBE = …``.

    A probe may have ``begins``, a sequence of ``Beginning``: others' conversations that begin
    otherwise are not offered to its ``read``. That only saves time: ``read`` judges by itself.
    And it may have ``joins``, which gives of others' conversation the name of what it is only one
    connection of, "" where it stands for itself: those of a name, between the same two, are offered
    to ``read`` together, each as a channel.
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
