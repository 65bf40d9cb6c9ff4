"""Exchanges whose answers come from another port of the server than the one that was asked.

TFTP is the one protocol of all that are read here in which this is the rule (RFC 1350 section 4):
the request goes to the port of the service, and each transfer then has a port of the server's own.
"""

from __future__ import annotations

from collections import OrderedDict

from iotscan.capture.flows import ends, reverse
from iotscan.errors import Malformed
from iotscan.protocols.tftp import codec as tftp

# Requests, and directions that go on with one, that are remembered.
MOST = 1024
_REQUESTS = tuple(code.to_bytes(2, "big") for code in (tftp.RRQ, tftp.WRQ))
_REST = tuple(code.to_bytes(2, "big") for code in (tftp.DATA, tftp.ACK, tftp.ERROR, tftp.OACK))


class Roaming:
    """Show it the datagrams that begin an exchange; directions are as in ``Directions``."""

    def __init__(self) -> None:
        # Socket that asked and address that was asked → direction of the request.
        self._asked: OrderedDict[bytes, bytes] = OrderedDict()
        self._home: OrderedDict[bytes, bytes] = OrderedDict()

    def asks(self, direction: bytes, data: bytes) -> bool:
        """Whether this is a request whose answers may come from another port."""
        if not data.startswith(_REQUESTS):
            return False
        try:
            tftp.decode(data)
        except Malformed:
            return False
        source, destination, port, _ = ends(direction)
        _remember(self._asked, source + port + destination, direction)
        return True

    def home(self, direction: bytes, data: bytes) -> bytes:
        """The direction that a datagram would have had, had the port that was asked gone on."""
        if not self._asked:
            return direction
        known = self._home.get(direction)
        if known is None and data.startswith(_REST):
            source, destination, _, port = ends(direction)
            asked = self._asked.get(destination + port + source)
            if asked is not None:
                known = reverse(asked)
                _remember(self._home, direction, known)
                _remember(self._home, reverse(direction), asked)
        return known or direction


def _remember(known: OrderedDict[bytes, bytes], key: bytes, direction: bytes) -> None:
    known[key] = direction
    known.move_to_end(key)
    if len(known) > MOST:
        known.popitem(last=False)
