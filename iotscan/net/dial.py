"""Opens the sockets that lead to devices; the only place that calls ``connect``."""

from __future__ import annotations

import asyncio
import socket
import sys

from iotscan.errors import Refused, TimedOut
from iotscan.model import Endpoint
from iotscan.net import guard
from iotscan.net.addresses import family_of, socket_address
from iotscan.net.failures import while_connecting
from iotscan.net.waiting import within


async def connect_tcp(endpoint: Endpoint, timeout: float) -> socket.socket:
    """A connected, non-blocking TCP socket.

    Raises Refused, TimedOut (also when no way leads there) and BudgetSpent when this machine has
    run out of ports or files.
    """
    where = socket_address(endpoint.address, endpoint.port)
    sock = _new(endpoint, socket.SOCK_STREAM)
    try:
        # Small requests are sent one by one; Nagle's algorithm would hold the second one back.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with guard.ours():
            await within(timeout, asyncio.get_running_loop().sock_connect(sock, where))
    except TimeoutError as error:
        sock.close()
        raise TimedOut("connect") from error
    except OSError as error:
        sock.close()
        raise while_connecting(error) from error
    except BaseException:
        sock.close()
        raise
    if is_own_echo(sock):
        sock.close()
        raise Refused("nothing listens there (the connection met itself)")
    return sock


def is_own_echo(sock: socket.socket) -> bool:
    """Whether a connection on this machine met itself: with the port as its own source port a
    connect succeeds although nobody listens (RFC 9293 section 3.5, simultaneous open).
    """
    try:
        return bool(sock.getsockname() == sock.getpeername())
    except OSError:
        return False


def open_udp(endpoint: Endpoint, *, roams: bool = False) -> socket.socket:
    """A non-blocking UDP socket that hears this endpoint alone. Sends nothing.

    ``roams``: it hears everybody, and whoever reads it has to look who speaks.
    """
    where = socket_address(endpoint.address, endpoint.port)
    sock = _new(endpoint, socket.SOCK_DGRAM)
    if roams:
        _ask_for_errors(sock)
        return sock
    try:
        with guard.ours():
            sock.connect(where)
    except OSError as error:
        sock.close()
        raise while_connecting(error) from error
    except BaseException:
        sock.close()
        raise
    return sock


def _ask_for_errors(sock: socket.socket) -> None:
    """Let a closed port be told of on a socket that is not connected; only Linux can."""
    if sys.platform != "linux":
        return
    level, option = (41, 25) if sock.family == socket.AF_INET6 else (0, 11)
    sock.setsockopt(level, option, 1)  # IPV6_RECVERR, IP_RECVERR: linux/in6.h, linux/in.h


def _new(endpoint: Endpoint, kind: socket.SocketKind) -> socket.socket:
    try:
        sock = socket.socket(family_of(endpoint.address), kind)
    except OSError as error:
        raise while_connecting(error) from error
    sock.setblocking(False)
    return sock
