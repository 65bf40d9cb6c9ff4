"""A history, a receiver that listens in this process, and real HTTP servers on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from iotscan.store import Store, open_store
from iotscan.watch.message import Message


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "history.sqlite")) as found:
        yield found


@dataclass
class Post:
    """A receiver; ``fault`` is what it says to every message, "" while it takes them."""

    name: str = "receiver 1 (Paper)"
    key: str = "one"
    fault: str = ""
    taken: list[Message] = field(default_factory=list)
    refused: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> str:
        (self.refused if self.fault else self.taken).append(message)
        return self.fault


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def new_post() -> type[Post]:
    return Post


@dataclass
class Server:
    """What an HTTP server was sent. ``status``: its answer; while ``held``, it does not answer."""

    status: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    port: int = 0


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    state.held.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.heard.append(json.loads(body))
            state.headers.append(dict(self.headers))
            state.held.wait(60)
            self.send_response(state.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield state
        state.held.set()
        http.shutdown()
        thread.join()
