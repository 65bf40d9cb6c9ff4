"""Conversations made up for tests, as frames, and what a report says of them."""

from __future__ import annotations

import base64
import gzip
import io
import tempfile
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import OF_CONVERSATIONS
from iotscan.capture.making import Connection, udp_frame
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint, Fact, Report
from iotscan.offline import report_on

Said = tuple[str, bytes | str]
CLIENT, SERVER = "192.168.1.5", "192.168.1.9"
# Of no protocol's own.
_GENERAL = {"capture-cleartext-credentials", "capture-unencrypted-cloud"}
# On conversations, though it has no peer.
_ONE_SIDED = {"bacnet-unauthenticated"}


def octets(said: bytes | str) -> bytes:
    return said.encode() if isinstance(said, str) else said


def base64_of(said: bytes | str) -> str:
    return base64.b64encode(octets(said)).decode()


def tcp(port: int, *said: Said, client_port: int = 40_123, late: bool = False) -> list[bytes]:
    """A connection; who said each part is "c" or "s". ``late``: its opening was not captured."""
    talk = Connection(
        Endpoint(ip_address(CLIENT), "tcp", client_port), Endpoint(ip_address(SERVER), "tcp", port)
    )
    opened = talk.opened()
    parts = [talk.said(who == "c", octets(data)) for who, data in said]
    return [*([] if late else opened), *(frame for part in parts for frame in part), *talk.closed()]


def udp(
    port: int,
    *said: Said,
    client: str = CLIENT,
    server: str = SERVER,
    client_port: int = 40_123,
) -> list[bytes]:
    """An exchange of datagrams."""
    here = Endpoint(ip_address(client), "udp", client_port)
    there = Endpoint(ip_address(server), "udp", port)
    return [
        udp_frame(here, there, octets(data)) if who == "c" else udp_frame(there, here, octets(data))
        for who, data in said
    ]


@cache
def _book() -> Rulebook:
    return load_rulebook()


def reported(*captures: list[bytes]) -> Report:
    """What is said of captures of these frames, each a minute after the one before."""
    with tempfile.TemporaryDirectory() as folder:
        for minute, frames in enumerate(captures):
            out = io.BytesIO()
            writer = Writer(out)
            for number, frame in enumerate(frames):
                writer.packet(1_700_000_000 + 60 * minute + number * 0.01, 1, frame)
            (Path(folder) / f"made{minute}.pcapng").write_bytes(out.getvalue())
        report = report_on([folder], _book())
    assert not [gap for gap in report.gaps if gap.ending.value == "bug"]
    return report


def told(frames: list[bytes], rule: str) -> list[dict[str, Fact]]:
    """What a report on these frames says in each finding of a rule."""
    return [dict(one.facts) for one in reported(frames).findings if one.rule == rule]


def found(frames: list[bytes]) -> list[str]:
    """The rules on conversations that a capture of these frames breaks, in their order."""
    rules = _book().rules
    judged = {name for name, rule in rules.items() if rule.per in OF_CONVERSATIONS}
    judged = (judged | _ONE_SIDED) - _GENERAL
    return sorted({one.rule for one in reported(frames).findings} & judged)


def login(name: str = "login.pcapng", at: float = 1_700_000_000.0) -> Path:
    """A capture in which somebody logs in by telnet, in the working folder."""
    client = Endpoint(ip_address("192.168.1.5"), "tcp", 4000)
    talk = Connection(client, Endpoint(ip_address("192.168.1.9"), "tcp", 23))
    out = io.BytesIO()
    writer = Writer(out)
    for number, frame in enumerate(
        [
            *talk.opened(),
            *talk.said(False, b"Welcome\r\nlogin: "),
            *talk.said(True, b"root\r\n"),
            *talk.said(False, b"root\r\nPassword: "),
            *talk.said(True, b"hunter2\r\n"),
            *talk.said(False, b"\r\n# "),
            *talk.closed(),
        ]
    ):
        writer.packet(at + number / 10, 1, frame)
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(out.getvalue()) if name.endswith(".gz") else out.getvalue())
    return path
