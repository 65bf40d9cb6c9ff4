"""A TCP connection with or without TLS, and an exchange of datagrams: paced, bounded, recorded.

Sockets are read only when somebody asks, straight from the kernel: a flooding peer fills its own
send buffer and nothing of ours, and closing never waits for it.
"""

from __future__ import annotations

import asyncio
import socket

from iotscan.errors import BudgetSpent, ConnectionLost, TimedOut, TlsFailed
from iotscan.model import TlsFacts
from iotscan.net import guard
from iotscan.net.addresses import from_socket_address, plain, socket_address
from iotscan.net.failures import of_datagram, while_talking
from iotscan.net.line import Line
from iotscan.net.tls import TlsSession
from iotscan.net.waiting import within

_CHUNK = 16_384
_LARGEST_DATAGRAM = 65_535
# An RSA handshake takes an ESP8266 some seconds; this many read time-outs are granted for it.
_HANDSHAKE_READS = 3
# TLS records that carry nothing for us (tickets, renegotiation) may cost as much as the content.
_WIRE_SHARE = 2


class TcpStream:
    """Implements :class:`iotscan.probe_api.Stream` over a connected, non-blocking socket."""

    def __init__(self, sock: socket.socket, line: Line) -> None:
        self._socket = sock
        self._line = line
        self._session: TlsSession | None = None
        self._wire_left = _WIRE_SHARE * line.limits.conversation_bytes

    @property
    def tls(self) -> TlsFacts | None:
        return self._line.channel.tls

    @property
    def secret(self) -> bytes:
        return self._line.secret

    async def read(self, limit: int = 4096, timeout: float | None = None) -> bytes:
        return await self.read_within(self._line.patience(timeout), limit)

    async def read_within(self, seconds: float, limit: int) -> bytes:
        """As :meth:`read`, waiting so many seconds, beyond the setting for a read if need be."""
        limit = self._line.record.room(max(1, limit))
        try:
            data = await within(seconds, self._receive(limit))
        except TimeoutError as error:
            raise self._line.late() from error
        if data:
            self._line.record.heard(self._line.channel, data)
        else:
            self._line.channel.closed = True
        return data

    async def write(self, data: bytes, *, hide: bytes = b"") -> None:
        if not data:
            return
        if hide not in data:
            raise ValueError("what is to be hidden is not part of what is to be sent")
        await self._line.before_sending(len(data))
        self._line.record.said(self._line.channel, data, hide)
        try:
            await within(self._line.patience(), self._send(data))
        except TimeoutError as error:
            raise self._line.late(TimedOut("write")) from error

    async def start_tls(self) -> TlsFacts:
        self._line.must_speak()
        if self._session is not None:
            raise TlsFailed("this connection speaks TLS already")
        session = TlsSession()
        try:
            seconds = min(_HANDSHAKE_READS * self._line.limits.read_timeout, self._line.left())
            await within(seconds, self._shake_hands(session))
        except TimeoutError as error:
            silence = TlsFailed("TLS handshake failed: no answer in time")
            raise self._line.late(silence) from error
        except ConnectionLost as error:
            raise TlsFailed(f"TLS handshake failed: {error}") from error
        assert session.facts is not None
        self._session = session
        self._line.channel.tls = session.facts
        return session.facts

    def close(self) -> None:
        """Close at once; the kernel sends what was written, and nobody waits for the peer."""
        self._socket.close()

    async def _shake_hands(self, session: TlsSession) -> None:
        done = False
        while not done:
            try:
                done = session.handshake()
            finally:
                await self._send_raw(session.pending())  # an alert goes out as well
            if not done:
                data = await self._receive_wire()
                if not data:
                    raise TlsFailed("TLS handshake failed: the device closed the connection")
                session.feed(data)

    async def _receive(self, limit: int) -> bytes:
        if self._session is None:
            return await self._receive_raw(limit)
        while (data := self._session.read(limit)) is None:
            await self._send_raw(self._session.pending())
            self._session.feed(await self._receive_wire())
        return data

    async def _receive_wire(self) -> bytes:
        """Encrypted bytes: counted on their own, since not all of them come out as content."""
        if self._wire_left <= 0:
            raise BudgetSpent("the conversation has used up its bytes")
        data = await self._receive_raw(_CHUNK)
        self._wire_left -= len(data)
        return data

    async def _receive_raw(self, limit: int) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, limit)
        except OSError as error:
            self._line.channel.closed = True
            raise while_talking(error) from error

    async def _send(self, data: bytes) -> None:
        if self._session is None:
            await self._send_raw(data)
            return
        self._session.write(data)
        try:
            await self._send_raw(self._session.pending())
        except ConnectionLost as lost:
            alert = self._last_alert(self._session)
            if alert is None:
                raise
            raise alert from lost

    def _last_alert(self, session: TlsSession) -> TlsFailed | None:
        """What the device said before it hung up. In TLS 1.3 it refuses a client without a
        certificate only after the handshake: its alert may still lie unread.
        """
        try:
            session.feed(self._socket.recv(_CHUNK))
            session.read(1)
        except TlsFailed as alert:
            return alert
        except OSError:
            return None
        return None

    async def _send_raw(self, data: bytes) -> None:
        if not data:
            return
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
        except OSError as error:
            self._line.channel.closed = True
            raise while_talking(error) from error


class UdpExchange:
    """Implements :class:`iotscan.probe_api.Datagrams` over a UDP socket that is connected, or,
    where it ``roams``, hears all ports of the device.
    """

    def __init__(self, sock: socket.socket, line: Line, *, roams: bool = False) -> None:
        self._socket = sock
        self._line = line
        self._roams = roams

    @property
    def secret(self) -> bytes:
        return self._line.secret

    async def send(self, data: bytes, *, hide: bytes = b"") -> None:
        if hide not in data:
            raise ValueError("what is to be hidden is not part of what is to be sent")
        await self._line.before_sending(max(1, len(data)))
        self._line.record.said(self._line.channel, data, hide)
        try:
            await within(self._line.patience(), self._send(data))
        except TimeoutError as error:
            raise self._line.late(TimedOut("write")) from error
        except OSError as error:
            raise of_datagram(error) from error

    async def receive(self, timeout: float | None = None) -> bytes:
        """A datagram larger than what is left of the conversation's bytes ends it."""
        self._line.record.room(1)
        try:
            data = await within(self._line.patience(timeout), self._receive())
        except TimeoutError as error:
            raise self._line.late() from error
        except OSError as error:
            raise of_datagram(error) from error
        if self._line.record.room(max(1, len(data))) < len(data):
            raise BudgetSpent("the conversation has used up its bytes")
        self._line.record.heard(self._line.channel, data)
        return data

    async def _send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if not self._roams:
            await loop.sock_sendall(self._socket, data)
            return
        endpoint = self._line.endpoint
        with guard.ours():
            where = socket_address(endpoint.address, endpoint.port)
            await loop.sock_sendto(self._socket, data, where)

    async def _receive(self) -> bytes:
        loop = asyncio.get_running_loop()
        if not self._roams:
            return await loop.sock_recv(self._socket, _LARGEST_DATAGRAM)
        while True:
            data, speaker = await loop.sock_recvfrom(self._socket, _LARGEST_DATAGRAM)
            source = from_socket_address(speaker)
            if source is not None and source[0] == plain(self._line.endpoint.address):
                return data

    def close(self) -> None:
        self._socket.close()
