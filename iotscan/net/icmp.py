"""ICMPv6 echo to all nodes of a link: one socket an own address, privileged or not.

Linux and macOS give unprivileged users a socket that can do echo and nothing else (Linux: within
net.ipv4.ping_group_range); where that is not so, a raw one takes the privilege.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any

from iotscan.errors import Malformed
from iotscan.net.addresses import socket_address
from iotscan.protocols.link import icmpv6

# All nodes of the link, RFC 4291 section 2.7.1: no router passes it on.
ALL_NODES = IPv6Address("ff02::1")
# What comes back tells our own question from another program's.
TOKEN = b"iotscan asks who is here"
_ANSWER = 2048
_AT_ONE_WAKE = 256

Hear = Callable[[bytes, Any], None]


class Echo:
    """Asks all nodes on one interface from one of this machine's IPv6 addresses there.

    ``hear`` is called with (the ICMPv6 message, the sender's socket address) for each answer.
    """

    def __init__(self, interface: str, own: IPv6Address, hear: Hear) -> None:
        """Raises PermissionError without the privilege, OSError where it cannot be done."""
        if sys.platform == "win32":
            raise OSError("this system has no sockets for it")
        self._hear, self._sequence = hear, 0
        self._socket = _opened()
        try:
            self._index = socket.if_nametoindex(interface)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self._index)
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
            # Hosts answer from an address of the same reach, so each of ours asks for others.
            self._socket.bind((*socket_address(own, 0)[:2], 0, self._index))
        except BaseException:
            self._socket.close()
            raise

    def start(self) -> None:
        """Hear from now on. Call inside the event loop."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def ask(self) -> None:
        """Send one question. Raises OSError."""
        self._sequence += 1
        question = icmpv6.echo_request(0x1075, self._sequence, TOKEN)
        self._socket.sendto(question, (str(ALL_NODES), 0, 0, self._index))

    def close(self) -> None:
        """Stop hearing; may be called twice."""
        if self._socket.fileno() >= 0:
            with contextlib.suppress(RuntimeError):  # no loop: nothing was started
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _readable(self) -> None:
        for _ in range(_AT_ONE_WAKE):
            try:
                message, sender = self._socket.recvfrom(_ANSWER)
            except OSError:
                return  # nothing more for now, or the interface is going away
            with contextlib.suppress(Malformed):
                if icmpv6.echo_reply(message) == TOKEN:
                    self._hear(message, sender)


def _opened() -> socket.socket:
    protocol = socket.IPPROTO_ICMPV6
    try:
        return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, protocol)
    except OSError:
        return socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol)
