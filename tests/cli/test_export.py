"""Recordings as captures, reports and captures as tables."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conversing import login

Command = Callable[..., Any]


def test_export_writes_tables_of_captures_and_of_reports(command: Command) -> None:
    login()
    (row, *_) = [json.loads(line) for line in command("export", "login.pcapng").out.splitlines()]
    assert (row["mac"], row["address"], row["port"]) == ("02:04:c0:a8:01:09", "192.168.1.9", 23)
    assert (row["frame"], row["time"]) == (4, "2023-11-14T22:13:20.300000+00:00")
    command("replay", "login.pcapng", "--output", "json:report.json")
    again = command("export", "report.json", "--format", "csv", "--to", "out.csv")
    assert again.code == 0
    lines = Path("out.csv").read_text().splitlines()
    assert lines[0].startswith("device,mac,about,address,port,transport,rule,title")
    assert any("telnet-credentials-seen" in line for line in lines)
    services = command("export", "report.json", "--table", "services").out
    assert json.loads(services)["service"] == "telnet"
    pytest.importorskip("duckdb")
    assert command("export", "report.json", "--format", "parquet", "--to", "x.parquet").code == 0
    assert Path("x.parquet").read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--format", "xlsx"), "formats are: jsonl, csv, parquet, pcapng"),
        (("--format", "parquet"), "--to FILE"),
        (("--table", "moods"), "tables are: devices"),
        (("--to", "none/x.csv"), "cannot be written"),
    ],
)
def test_export_tells_wrong_use(flags: tuple[str, ...], said: str, command: Command) -> None:
    login()
    ran = command("export", "login.pcapng", *flags)
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True)


def test_a_recording_becomes_a_capture(command: Command) -> None:
    header = '{"header":{"format":1,"version":"0","started":"2026-01-02T03:04:05Z","scope":'
    header += '{"allow":[],"deny":[],"interfaces":[],"impact":"login"},"settings":{},"rules":""}}\n'
    Path("r.jsonl").write_text(header + '{"footer":{"ended":1.0,"complete":true}}\n')
    ran = command("export", "r.jsonl", "--format", "pcapng", "--to", "r.pcapng")
    assert (ran.code, "0 frames were written" in ran.err) == (0, True)
    assert Path("r.pcapng").read_bytes()[:4] == b"\n\r\r\n"
    login()
    for wrong in (("r.jsonl",), ("login.pcapng", "--to", "x"), ("r.jsonl", "--to", "none/x")):
        assert command("export", *wrong, "--format", "pcapng").code == 2


def test_export_as_parquet_says_nothing_where_all_went_well(command: Command) -> None:
    pytest.importorskip("duckdb")
    login()
    program = [sys.executable, "-m", "iotscan", "export", "login.pcapng", "--format", "parquet"]
    ran = subprocess.run([*program, "--to", "x.parquet"], capture_output=True, check=True)
    assert (ran.stdout, ran.stderr) == (b"", b"")
