"""The UDP sockets that discovery asks and listens with: one a protocol, interface and IP version.

A socket belongs to one protocol, so that what arrives on it is read by the right reader.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from socket import socket
from typing import Any

from iotscan.model import Address
from iotscan.net import multicast
from iotscan.net.addresses import socket_address
from iotscan.probe_api import Attachment

Hear = Callable[[str, str, bytes, Any], None]
Note = Callable[[str], None]


class Ears:
    """Sockets that are opened when they are needed and closed together.

    ``hear`` is called with (protocol, interface name, datagram, sender's socket address);
    ``note`` with a sentence for what could not be done.
    """

    def __init__(self, hear: Hear, note: Note) -> None:
        self._hear, self._note = hear, note
        self._askers: dict[tuple[str, str, int], asyncio.DatagramTransport] = {}
        self._listeners: set[tuple[str, str, Address | None, int]] = set()
        self._waiting: list[tuple[socket, str, str]] = []
        self._exits = ExitStack()

    def listen(
        self, protocol: str, interface: Attachment, group: Address | None, port: int
    ) -> None:
        """Join a group, or without one take a port: what is heard is read from the next
        :meth:`attach` on.
        """
        key = (protocol, interface.name, group, port)
        if key in self._listeners:
            return
        try:
            if group is None:
                sock = multicast.open_port(port, interface)
            else:
                sock = multicast.open_listener(group, port, interface)
        except OSError as error:
            what = f"port {port}" if group is None else group
            self._note(f"{protocol}: cannot listen to {what} on {interface.name} ({why(error)}).")
        else:
            self._listeners.add(key)
            self._exits.callback(sock.close)
            self._waiting.append((sock, protocol, interface.name))

    async def attach(self) -> None:
        """Read from the sockets that were opened since the last time."""
        while self._waiting:
            await self._read(*self._waiting.pop())

    async def send(
        self,
        protocol: str,
        data: bytes,
        to: Address,
        port: int,
        interface: Attachment | None,
        *,
        broadcast: bool = False,
    ) -> None:
        """Send from the protocol's socket; to a group, or to the broadcast address of a network,
        only with ``interface``, and only there.
        """
        name = interface.name if interface else ""
        try:
            asker = await self._asker(protocol, name, to.version, interface)
            if to.is_multicast:
                multicast.set_hops(asker.get_extra_info("socket"), to)
                asker.sendto(data, (str(to), port))
            else:
                if broadcast:
                    multicast.let_broadcast(asker.get_extra_info("socket"))
                asker.sendto(data, socket_address(to, port))
        except OSError as error:
            where = f"on {name}" if name else f"over IPv{to.version}"
            self._note(f"{protocol}: cannot ask {where} ({why(error)}).")

    def close(self) -> None:
        """Close every socket; may be called twice."""
        self._exits.close()

    async def _asker(
        self, protocol: str, name: str, version: int, interface: Attachment | None
    ) -> asyncio.DatagramTransport:
        key = (protocol, name, version)
        if key not in self._askers:
            sock = multicast.open_asker(version, interface)
            self._exits.callback(sock.close)
            self._askers[key] = await self._read(sock, protocol, name)
        return self._askers[key]

    async def _read(self, sock: socket, protocol: str, name: str) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(partial(self._hear, protocol, name), protocol, self._note), sock=sock
        )
        self._exits.callback(transport.abort)
        return transport


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes, Any], None], protocol: str, note: Note) -> None:
        self._hear, self._protocol, self._note = hear, protocol, note

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._hear(data, addr)

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, OSError):
            self._note(f"{self._protocol}: some addresses could not be asked ({why(exc)}).")


def why(error: OSError) -> str:
    """The system's reason, without its number."""
    return error.strerror or str(error)
