"""A relay on loopback that keeps what real clients and daemons say to each other, as frames."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

from daemons import HOME

from iotscan.capture.making import Connection
from iotscan.model import Endpoint

CLIENT, SERVER = ip_address("192.168.1.5"), ip_address("192.168.1.9")
_FIRST_PORT = 40_000


@dataclass
class Tap:
    """``port``: where clients connect; ``shown``: the server's port in the frames."""

    port: int
    shown: int
    _frames: list[bytes] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pumps: list[threading.Thread] = field(default_factory=list)

    def frames(self) -> Sequence[bytes]:
        """Every connection so far, once all of them have ended, in the order of what was said."""
        for pump in self._pumps:
            pump.join(timeout=60)
        return list(self._frames)

    def serve(self, listener: socket.socket, target: int) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                number = _FIRST_PORT + len(self._pumps)
                pump = threading.Thread(target=self._pump, args=(client, target, number))
                self._pumps.append(pump)
                pump.start()

    def _pump(self, client: socket.socket, target: int, number: int) -> None:
        talk = Connection(Endpoint(CLIENT, "tcp", number), Endpoint(SERVER, "tcp", self.shown))
        self._keep(talk.opened())
        with (
            client,
            socket.create_connection((HOME, target)) as server,
            selectors.DefaultSelector() as ready,
            suppress(OSError),
        ):
            for end, other in ((client, server), (server, client)):
                ready.register(end, selectors.EVENT_READ, other)
            while data := self._pass(ready):
                self._keep(talk.said(*data))
        self._keep(talk.closed())

    def _pass(self, ready: selectors.BaseSelector) -> tuple[bool, bytes] | None:
        """(whether the client said it, what was said), None once either side hung up."""
        key, _ = ready.select(timeout=60)[0]
        end, other = key.fileobj, key.data
        assert isinstance(end, socket.socket)
        data = end.recv(65_536)
        other.sendall(data)
        return (end.getsockname()[1] == self.port, data) if data else None

    def _keep(self, frames: Sequence[bytes]) -> None:
        with self._lock:
            self._frames += frames


@contextmanager
def tapped(target: int, shown: int) -> Iterator[Tap]:
    """A relay to a daemon's port, whose clients' words are kept as if it served at ``shown``."""
    with socket.create_server((HOME, 0)) as listener:
        tap = Tap(listener.getsockname()[1], shown)
        server = threading.Thread(target=tap.serve, args=(listener, target))
        server.start()
        try:
            yield tap
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join()
