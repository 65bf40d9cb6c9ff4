"""The second line: an audit hook that stops whatever dials past the gateway.

The gateway checks before it dials; the guard checks what the interpreter is about to do, so that
a library which opens a socket of its own is stopped too (PEP 578). It works only inside
:func:`watching`, and what runs there includes tasks, ``asyncio.to_thread`` and plain threads
started from there; the sockets of a program that uses iotscan as a library are never touched.

Stopped: connect, sendto and sendmsg to an IP address that is not permitted, by name or by number;
raw and packet sockets unless they are asked for. Let through: Unix and other local sockets, and
loopback connections to a listener opened inside the watch (how libraries make a socket pair).

Not seen: name resolution, which is the C library's; child processes; ``send`` on a socket that
was connected outside; threads started below :mod:`threading`; extension modules that call the
system themselves.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from iotscan.errors import OutOfScope
from iotscan.model import Address
from iotscan.net.addresses import from_socket_address

Permit = Callable[[Address, int], bool]

_IP = (socket.AF_INET, socket.AF_INET6)
# Notes kept of what was stopped; a library that retries for ever must not fill the memory.
_NOTES_KEPT = 100


class Stopped(OutOfScope, PermissionError):
    """Raised into the code that dialled; also an OSError, so that libraries close their socket."""


@dataclass(slots=True)
class Watch:
    """One stretch of watching. ``stopped`` names what was stopped, also where a library hid it."""

    permit: Permit
    frames: bool = False
    stopped: list[str] = field(default_factory=list)
    listeners: WeakSet[socket.socket] = field(default_factory=WeakSet)

    def stop(self, what: str) -> Stopped:
        if len(self.stopped) < _NOTES_KEPT:
            self.stopped.append(what)
        return Stopped(f"stopped before it left: {what}")


_watch: ContextVar[Watch | None] = ContextVar("iotscan_guard_watch", default=None)
_ours: ContextVar[bool] = ContextVar("iotscan_guard_ours", default=False)
_installing = threading.Lock()
_installed = False


@contextmanager
def watching(permit: Permit, *, frames: bool = False) -> Iterator[Watch]:
    """Stop everything in this context that ``permit`` does not admit.

    ``permit`` is asked with the address (an IPv4-mapped one as IPv4) and port of every dial, and
    may ask :func:`is_ours`. ``frames``: raw and packet sockets may be opened.
    """
    _install()
    watch = Watch(permit, frames)
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


@contextmanager
def ours() -> Iterator[None]:
    """Mark a dial as one that ``iotscan.net`` makes itself, having checked it."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def is_ours() -> bool:
    """Whether ``iotscan.net`` itself is dialling just now."""
    return _ours.get()


def _install() -> None:
    """Audit hooks cannot be taken away again, so there is one for the life of the process."""
    global _installed
    with _installing:
        if not _installed:
            sys.addaudithook(_hook)
            threading.Thread.start = _start_watched  # type: ignore[method-assign, assignment]
            _installed = True


_start = threading.Thread.start


def _start_watched(thread: threading.Thread) -> None:
    """Start a thread; one started inside a watch inherits it.

    A new thread begins with an empty context, and there is no audit event for it before Python
    3.12, hence the wrapped method; outside a watch it does nothing. Workers of a thread pool are
    left out: they outlive the watch, and ``asyncio.to_thread`` gives each job its own context.
    """
    worker = "concurrent.futures" in getattr(getattr(thread, "_target", None), "__module__", "")
    if _watch.get() is not None and not worker:
        context, run = copy_context(), thread.run
        thread.run = lambda: context.run(run)  # type: ignore[method-assign]  # wrapped, see above
    _start(thread)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    check = _CHECKS.get(event)
    if check is None:
        return
    watch = _watch.get()
    if watch is not None:
        check(watch, arguments)


def _on_dial(watch: Watch, arguments: tuple[Any, ...]) -> None:
    sock, address = arguments[0], arguments[1]
    if address is None or sock.family not in (*_IP, getattr(socket, "AF_PACKET", None)):
        return  # already connected, or local
    if sock.family not in _IP:
        if not watch.frames:
            raise watch.stop(f"a raw frame on {address[0]}")
        return
    target = from_socket_address(address)
    if target is None:
        raise watch.stop(f"a dial to a name instead of an address ({str(address)[:80]})")
    if not (watch.permit(*target) or _is_own_listener(watch, target)):
        raise watch.stop(f"a dial to {target[0]} port {target[1]}")


def _on_bind(watch: Watch, arguments: tuple[Any, ...]) -> None:
    sock = arguments[0]
    if sock.family in _IP and isinstance(sock, socket.socket):
        watch.listeners.add(sock)


def _on_socket(watch: Watch, arguments: tuple[Any, ...]) -> None:
    family, kind = arguments[1], arguments[2]
    packet = family == getattr(socket, "AF_PACKET", None)
    raw = family in _IP and kind & 0xF == socket.SOCK_RAW  # the rest of ``kind`` is flags
    if (packet or raw) and not watch.frames:
        raise watch.stop("a raw socket")


def _is_own_listener(watch: Watch, target: tuple[Address, int]) -> bool:
    address, port = target
    if not address.is_loopback:
        return False
    for sock in tuple(watch.listeners):
        try:
            name = sock.getsockname()
        except OSError:
            continue  # closed meanwhile
        if from_socket_address(name) == (address, port):
            return True
    return False


_CHECKS: dict[str, Callable[[Watch, tuple[Any, ...]], None]] = {
    "socket.connect": _on_dial,
    "socket.sendto": _on_dial,
    "socket.sendmsg": _on_dial,
    "socket.bind": _on_bind,
    "socket.__new__": _on_socket,
}
