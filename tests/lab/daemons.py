"""Real daemons on a port of loopback, for as long as a test needs them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HOME = "127.0.0.1"
# Seconds; the slowest needs a third of one on an idle machine. One that ended is not waited for.
_PATIENCE = 60.0


def program(name: str) -> str:
    """Where a program is. A test that needs one that is not installed is left out."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"not installed: {name}")
    return found


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has now."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind((HOME, 0))
        return int(held.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether somebody takes TCP connections there."""
    try:
        socket.create_connection((HOME, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(
    command: Sequence[object],
    port: int,
    *,
    answers: Callable[[int], bool] = accepts,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a daemon until the context ends; gives its port once it answers there."""
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )
    try:
        until = time.monotonic() + _PATIENCE
        while not answers(port):
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"{command[0]} does not answer")
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def libcoap(flavour: str, *options: str) -> Iterator[int]:
    """libcoap's example server in one of its builds; CoAP on the port, DTLS on the next one."""
    port = free_port()
    command = [program(f"coap-server-{flavour}"), "-A", HOME, "-p", str(port), "-v", "0"]
    with running([*command, *options], port):
        yield port
