"""A packet socket that the event loop reads, packet(7): what sending and hearing frames share."""

from __future__ import annotations

import asyncio
import contextlib
import socket


def open_packet_socket(protocol: int) -> socket.socket:
    """A raw one that does not block. ``protocol``: EtherType in network order, 0 hears nothing yet.

    Raises PermissionError without the privilege, OSError where there are no such sockets.
    """
    family = getattr(socket, "AF_PACKET", None)
    if family is None:
        raise OSError("this system has no packet sockets")
    found = socket.socket(family, socket.SOCK_RAW, protocol)
    found.setblocking(False)
    return found


class Heard:
    """What reads ``_socket`` whenever a frame has come, from ``start`` until ``close``."""

    _socket: socket.socket

    def start(self) -> None:
        """Hear from now on. Call inside the event loop."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def close(self) -> None:
        """Stop hearing; may be called twice."""
        if self._socket.fileno() >= 0:
            with contextlib.suppress(RuntimeError):  # no loop: nothing was started
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _readable(self) -> None:
        raise NotImplementedError
