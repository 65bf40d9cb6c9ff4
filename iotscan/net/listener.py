"""A socket for a server of our own: the page's. What a scan listens on is opened elsewhere."""

from __future__ import annotations

import socket


def listener(address: str, port: int) -> socket.socket:
    """A TCP socket that listens there. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)
