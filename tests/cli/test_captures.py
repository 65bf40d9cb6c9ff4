"""``iotscan replay`` and ``iotscan evaluate`` on captures, from flags to the exit code."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iotscan import offline
from iotscan.capture.files import opened
from iotscan.capture.frames import Walk
from iotscan.capture.making import Connection
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint

Command = Callable[..., Any]
LABELS = """
vocabulary: {telnet-credentials-seen: '', telnet-cleartext-session: ''}
captures:
  - file: login.pcapng
    exhaustive: true
    findings:
      - {type: telnet-cleartext-session, host: 192.168.1.9, port: 23, frame: 4, peer: 192.168.1.5}
      - type: telnet-credentials-seen
        host: 192.168.1.9
        port: 23
        frame: 5
        detail: {username: USER}
    devices: []
    services: [{ip: 192.168.1.9, port: 23}]
"""


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


def test_replay_of_a_capture_tells_findings_by_file_and_frame(command: Command) -> None:
    login()
    ran = command("replay", "login.pcapng", "--output", "json")
    assert ran.code == 1
    report = json.loads(ran.out)
    assert report["source"] == "capture"
    assert report["started"] == "2023-11-14T22:13:20+00:00"
    (given,) = report["inputs"]
    assert (given["name"], given["frames"], given["stopped"]) == ("login.pcapng", 11, "")
    (seen,) = [f for f in report["findings"] if f["rule"] == "telnet-credentials-seen"]
    assert seen["proofs"][0]["file"] == "login.pcapng"
    assert seen["proofs"][0]["frames"][0] == 5
    assert seen["proofs"][0]["at"] == 0.4
    assert all(isinstance(p["at"], float) for f in report["findings"] for p in f["proofs"])
    shown = " ".join(command("replay", "login.pcapng").out.split())
    assert "login.pcapng frames 5, 6, 7, 8 (from 0.400000 s)" in shown
    assert seen["facts"]["username"] == "root"
    assert "hunter2" not in ran.out


def test_a_folder_a_packed_file_and_standard_input(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    login("in/one.pcapng")
    login("in/two.pcapng.gz", at=1_700_000_100.0)
    Path("in/notes.txt").write_text("not a capture")
    report = json.loads(command("replay", "in", "--output", "json").out)
    assert [given["name"] for given in report["inputs"]] == ["one.pcapng", "two.pcapng.gz"]
    data = login().read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    report = json.loads(command("replay", "-", "--output", "json").out)
    assert (report["inputs"][0]["name"], report["inputs"][0]["size"]) == ("-", len(data))
    assert any(f["rule"] == "telnet-credentials-seen" for f in report["findings"])


def test_files_of_a_folder_that_are_called_captures_and_are_none_are_told(command: Command) -> None:
    login("in/one.pcapng")
    Path("in/broken.pcap.gz").write_bytes(b"hello")
    Path("in/Empty.PCAP").write_bytes(b"")
    ran = command("replay", "in", "--output", "json", "--fail-on", "critical")
    report = json.loads(ran.out)
    stopped = {given["name"]: given["stopped"] for given in report["inputs"]}
    assert stopped == {
        "one.pcapng": "",
        "broken.pcap.gz": "this is neither a pcap nor a pcapng file",
        "Empty.PCAP": "the file is empty",
    }
    assert ran.code == 3
    assert any(f["rule"] == "telnet-credentials-seen" for f in report["findings"])


def test_a_folder_that_may_not_be_looked_into_is_told_and_not_taken_for_empty(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    login("in/one.pcapng")
    Path("in/shut").mkdir()
    scandir = os.scandir

    def refused(path: Any = ".") -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    ran = command("replay", "in")
    assert ran.code == 2
    assert "in/shut cannot be read: Permission denied" in ran.err


def test_a_file_is_read_once_however_often_it_is_given(command: Command) -> None:
    login("in/one.pcapng")
    Path("other.pcapng").symlink_to("in/one.pcapng")
    names = ["in", "in/one.pcapng", "./in/../in/one.pcapng", "other.pcapng"]
    once = command("replay", "in/one.pcapng", "--output", "json").out
    assert command("replay", *names, "--output", "json").out == once
    assert command("replay", *names[::-1], "--output", "json").out == once


def test_where_copies_of_one_capture_lie_does_not_show(command: Command) -> None:
    for name in ("1/b.pcapng", "2/a.pcapng", "3/a.pcapng", "4/b.pcapng"):
        login(name)
    one = command("replay", "1/b.pcapng", "2/a.pcapng", "--output", "json").out
    assert command("replay", "3/a.pcapng", "4/b.pcapng", "--output", "json").out == one


def test_a_damaged_capture_gives_what_it_holds_and_an_incomplete_report(command: Command) -> None:
    path = login()
    path.write_bytes(path.read_bytes()[:-10])
    ran = command("replay", "login.pcapng", "--output", "json", "--fail-on", "critical")
    report = json.loads(ran.out)
    assert (ran.code, report["complete"]) == (3, False)
    assert "after frame 10" in report["inputs"][0]["stopped"]
    assert report["gaps"][0]["subject"] == "login.pcapng"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("none.pcap",), "cannot be read"),
        (("text",), "neither a capture"),
        (("empty",), "holds no capture"),
        (("nothing.pcap",), "nothing.pcap is empty: take the capture again"),
        (("login.pcapng", "recording.jsonl"), "one by one"),
    ],
)
def test_wrong_use_is_told(names: tuple[str, ...], said: str, command: Command) -> None:
    login()
    Path("text").write_text("hello")
    Path("empty").mkdir()
    Path("nothing.pcap").write_bytes(b"")
    Path("recording.jsonl").write_text('{"header":')
    ran = command("replay", *names)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())


def test_names_that_stand_in_a_capture_name_devices_and_make_none(command: Command) -> None:
    path = login()
    places = ip_address("192.168.1.9"), ip_address("192.168.1.77")
    records = b"".join(struct.pack("<HH", 1, 12) + a.packed + b"cellar\0\0" for a in places)
    body = records + bytes(4)
    size = struct.pack("<I", len(body) + 12)
    path.write_bytes(path.read_bytes() + struct.pack("<I", 4) + size + body + size)
    report = json.loads(command("replay", "login.pcapng", "--output", "json").out)
    named = {tuple(d["addresses"]): d["names"] for d in report["devices"]}
    assert named == {("192.168.1.5",): [], ("192.168.1.9",): ["cellar"]}


def test_frames_without_a_header_are_told_as_what_they_are(command: Command) -> None:
    out = io.BytesIO()
    writer = Writer(out)
    writer.packet(1_700_000_000.0, 1, b"short")
    writer.packet(1_700_000_000.0, 250, b"of another link")
    Path("x.pcapng").write_bytes(out.getvalue())
    report = json.loads(command("replay", "x.pcapng", "--output", "json").out)
    assert report["inputs"][0]["unread"] == [
        "1 frame of link type 1 (too short for its header)",
        "1 frame of link type 250",
    ]
    assert ["damaged" in gap["advice"] for gap in report["gaps"]] == [True, False]


def test_frames_that_were_cut_when_they_were_captured_are_told(command: Command) -> None:
    path = login()
    out = io.BytesIO()
    writer = Writer(out)
    with opened(path) as source:
        for number, at, link, data, wire in Walk(source).frames():
            writer.packet(at, link, data[:60] if number in (5, 7) else data, wire)
    path.write_bytes(out.getvalue())
    ran = command("replay", "login.pcapng")
    assert "login.pcapng holds only the beginning of at least 1 frame" in " ".join(ran.out.split())
    report = json.loads(command("replay", "login.pcapng", "--output", "json").out)
    assert len(report["blind_spots"]) == 2
    login()
    report = json.loads(command("replay", "login.pcapng", "--output", "json").out)
    assert len(report["blind_spots"]) == 1


def test_two_files_of_one_name_are_told_apart(command: Command) -> None:
    login("a/x.pcapng")
    login("b/x.pcapng", at=1_700_000_100.0)
    report = json.loads(command("replay", "a/x.pcapng", "b/x.pcapng", "--output", "json").out)
    assert sorted(given["name"] for given in report["inputs"]) == ["b/x.pcapng", "x.pcapng"]


def test_evidence_is_one_small_capture_per_finding(command: Command) -> None:
    login()
    ran = command("replay", "login.pcapng", "--evidence", "proof", "--output", "json")
    findings = json.loads(ran.out)["findings"]
    files = sorted(Path("proof").iterdir())
    assert len(files) == len([f for f in findings if f["proofs"]])
    (file,) = [path for path in files if "telnet-credentials-seen" in path.name]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with opened(file) as source:
        held = b"".join(frame[3] for frame in Walk(source).frames())
    assert b"root\r\n" in held
    assert b"login.pcapng frame 5" in file.read_bytes()


def test_evidence_needs_captures_that_can_be_read_again(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    login()
    Path("recording.jsonl").write_text('{"header":')
    ran = command("replay", "recording.jsonl", "--evidence", "proof")
    assert (ran.code, "evidence is made of captures" in ran.err) == (2, True)
    Path("file").write_text("")
    monkeypatch.setattr(offline, "listen", None)  # nothing is read in vain
    ran = command("replay", "login.pcapng", "--evidence", "file")
    assert (ran.code, "evidence cannot be written" in ran.err) == (2, True)
    ran = command("replay", "-", "--evidence", "proof")
    assert (ran.code, "give it as a file" in ran.err) == (2, True)


def test_evaluate_scores_a_labelled_folder(command: Command) -> None:
    login("set/login.pcapng")
    Path("labels.yaml").write_text(LABELS.replace("USER", "root"))
    ran = command("evaluate", "--labels", "labels.yaml", "set")
    assert (ran.code, "all findings" in ran.out, "missed  " in ran.out) == (0, True, False)
    tree = json.loads(command("evaluate", "--labels", "labels.yaml", "set", "--json").out)
    assert tree["findings"] == {
        "found": 2,
        "missed": [],
        "extra": [],
        "precision": 1.0,
        "recall": 1.0,
    }
    assert tree["services"]["found"] == 1
    assert list(tree["by_capture"]) == ["login.pcapng"]


def test_evaluate_lists_misses_and_extras_and_fails(command: Command) -> None:
    login("set/login.pcapng")
    Path("labels.yaml").write_text(LABELS.replace("USER", "admin"))
    ran = command("evaluate", "--labels", "labels.yaml", "set", "--only", "log*")
    assert ran.code == 1
    assert "missed  login.pcapng: telnet-credentials-seen 192.168.1.9:23" in ran.out
    assert "extra   login.pcapng: telnet-credentials-seen 192.168.1.9:23/tcp" in ran.out
    assert re.search(r"^login\.pcapng +1 +1 +1 +0\.500 +0\.500$", ran.out, re.MULTILINE)


def test_evaluate_tells_captures_without_fault_and_those_that_are_not_what_was_labelled(
    command: Command,
) -> None:
    login("set/login.pcapng")
    known = LABELS.replace("USER", "root")
    entry = "    sha256: abcd\n    exhaustive"
    Path("labels.yaml").write_text(known.replace("    exhaustive", entry))
    ran = command("evaluate", "--labels", "labels.yaml", "set")
    assert re.search(r"^login\.pcapng +2 +0 +0 +1\.000 +1\.000$", ran.out, re.MULTILINE)
    assert (ran.code, "login.pcapng is not the file that was labelled" in ran.err) == (0, True)
    tree = json.loads(command("replay", "set", "--output", "json").out)
    entry = f"    sha256: {tree['inputs'][0]['sha256']}\n    exhaustive"
    Path("labels.yaml").write_text(known.replace("    exhaustive", entry))
    assert command("evaluate", "--labels", "labels.yaml", "set").err == ""


def test_evaluate_needs_labels_that_fit(command: Command) -> None:
    Path("labels.yaml").write_text(LABELS)
    ran = command("evaluate", "--labels", "labels.yaml", ".", "--only", "nothing*")
    assert (ran.code, "names no capture that fits nothing*" in ran.err) == (2, True)
    assert command("evaluate", "--labels", "labels.yaml", ".").code == 2


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
