"""Real daemons on a port of loopback, for as long as a test needs them."""

from __future__ import annotations

import os
import random
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


def free_port() -> int:
    """A port that nobody has over TCP or UDP, nor the next one.

    Below those that systems give to whoever dials out (Linux from 32768, others from 49152), so
    that nobody gets it before the daemon does; and never the same one twice.
    """
    return next(port for port in _PORTS if all(map(_is_free, (port, port + 1))))


_PORTS = iter(random.sample(range(20_000, 32_000, 2), 6_000))


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as held:
            try:
                held.bind((HOME, port))
            except OSError:
                return False
    return True


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
