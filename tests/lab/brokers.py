"""mosquitto on a port of loopback, and the MQTT probe's conversations with it and its likes."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from daemons import free_port

from iotscan import testing
from iotscan.model import Impact, Service, Transcript
from iotscan.probe_api import Login
from iotscan.protocols.mqtt.reader import Sample
from iotscan.settings import Limits
from iotscan.testing import on_loopback

PROBE: Any = importlib.import_module("iotscan.probes.mqtt").PROBE
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="not installed: mosquitto")

LIMITS = Limits(read_timeout=5.0, connect_timeout=5.0, login_pause=0.01)
BRIEF = Sample(seconds=0.5)
PAIRS = {"mqtt-admin": ("admin", b"admin-pw"), "mqtt-guest": ("guest", b"guest-pw")}
CONTROL = Login("control", "q7x2", "mqtt", control=True)
LOGINS = (*(Login(name, pair[0], "mqtt") for name, pair in PAIRS.items()), CONTROL)
VAULT = {name: pair[1] for name, pair in PAIRS.items()} | {"control": b"z9-nobody"}
PLAIN = "connect"
OVER_WEBSOCKET = "websocket /mqtt"


service_at = partial(on_loopback, name="mqtt", hint=PLAIN)


async def converse(
    service: Service,
    *,
    logins: Sequence[Login] = (),
    sample: Sample = BRIEF,
    limits: Limits = LIMITS,
    impact: Impact = Impact.LOGIN,
) -> Transcript:
    return await testing.converse(
        type(PROBE)(sample), service, logins, vault=VAULT, limits=limits, impact=impact
    )


def read(talk: Transcript, sample: Sample = BRIEF) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for seen in type(PROBE)(sample).read(talk):
        found.setdefault(seen.kind, []).append(dict(seen.facts))
        assert seen.proofs[0].source == "c1"
        assert all(0 <= turn < len(talk.turns) for turn in seen.proofs[0].turns)
    return found


class Broker:
    """A mosquitto of our own on a loopback port."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        config = folder / "mosquitto.conf"
        head = ("user root", f"listener {self.port} 127.0.0.1", "log_type all", "log_dest stderr")
        config.write_text("\n".join((*head, "sys_interval 1", *lines)) + "\n")
        self._process = subprocess.Popen(
            [str(MOSQUITTO), "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b" running" in line:
                return
        raise AssertionError("mosquitto did not start")

    def retain(self, messages: Mapping[str, bytes]) -> None:
        for topic, payload in messages.items():
            command = ["mosquitto_pub", "-p", str(self.port), "-r", "-q", "1", "-t", topic, "-s"]
            subprocess.run(command, input=payload, check=True, capture_output=True)

    def stop(self) -> list[str]:
        """Its log since it ran."""
        if self._process.poll() is None:
            self._process.terminate()
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            log = stream.read().decode(errors="replace").splitlines()
        self._process.wait()
        return log


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[Broker]:
    running = Broker(folder, *lines)
    try:
        yield running
    finally:
        if running._process.stdout and not running._process.stdout.closed:
            running.stop()


def with_passwords(folder: Path, *known: str) -> tuple[str, ...]:
    path = folder / "passwords"
    pairs = ((PAIRS[name][0], PAIRS[name][1].decode()) for name in known)
    path.write_text("".join(f"{user}:{word}\n" for user, word in (*pairs, ("owner", "kX9!w"))))
    subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, capture_output=True)
    return "allow_anonymous false", f"password_file {path}"


def without_passwords(talk: Transcript) -> bool:
    said = b"".join(turn.data for turn in talk.turns)
    return not any(secret in said for secret in VAULT.values())
