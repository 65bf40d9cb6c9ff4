"""What rsyslog makes of the messages, where it is installed: every word of them arrives."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import free_port

from iotscan.model import Report
from iotscan.report import Options, render

PATIENCE, POLL = 60.0, 0.05
CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imtcp") module(load="mmpstrucdata")
template(name="lines" type="list" option.jsonf="on") {{
  property(name="pri" outname="pri" format="jsonf")
  property(name="timereported" dateFormat="rfc3339" outname="when" format="jsonf")
  property(name="app-name" outname="program" format="jsonf")
  property(name="msgid" outname="kind" format="jsonf")
  property(name="$!rfc5424-sd" outname="data" format="jsonf")
  property(name="msg" outname="words" format="jsonf")
}}
ruleset(name="in") {{
  action(type="mmpstrucdata")
  action(type="omfile" file="{folder}/received" template="lines")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="in")
"""


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port on loopback, and the file in which each message that came in is a line of JSON."""
    program = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
    if program is None:
        pytest.skip("rsyslog is not installed (tests/lab/install.sh)")
    port = free_port()
    settings = tmp_path / "rsyslog.conf"
    settings.write_text(CONFIGURATION.format(folder=tmp_path, port=port))
    words = [program, "-n", "-f", str(settings), "-i", str(tmp_path / "pid")]
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        yield port, tmp_path / "received"
    finally:
        daemon.terminate()
        daemon.wait(PATIENCE)


def sent(text: str, port: int) -> None:
    """Send the lines, as soon as somebody listens."""
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            with socket.create_connection(("127.0.0.1", port)) as out:
                out.sendall(text.encode())
            return
        assert time.monotonic() < until, "nobody listens"
        time.sleep(POLL)


def test_rsyslog_takes_in_every_message(recorded: Report, receiver: tuple[int, Path]) -> None:
    port, file = receiver
    text = io.StringIO()
    render(recorded, "syslog", text, Options())
    lines = text.getvalue().splitlines()
    sent(text.getvalue(), port)
    until = time.monotonic() + PATIENCE
    while not file.exists() or file.read_bytes().count(b"\n") < len(lines):
        assert time.monotonic() < until, "messages were lost"
        time.sleep(POLL)
    received = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["kind"] for one in received] == [line.split(" ", 6)[5] for line in lines]
    assert {one["program"] for one in received} == {"iotscan"}
    assert [f"<{one['pri']}>" for one in received] == [line.partition("1 ")[0] for line in lines]
    assert [one["words"].lstrip("\ufeff ") for one in received] == [
        line.partition("\ufeff")[2] for line in lines
    ]
    data = [json.loads(one["data"]) for one in received if one["kind"] == "finding"]
    findings = [one["finding@32473"] for one in data]
    wanted = [(finding.rule, finding.fingerprint) for finding in recorded.findings]
    assert [(one["rule"], one["fingerprint"]) for one in findings] == wanted
