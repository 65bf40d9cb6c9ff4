"""``iotscan replay`` and ``iotscan evaluate`` on captures, from flags to the exit code."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conversing import login

from iotscan import offline
from iotscan.capture.files import opened
from iotscan.capture.frames import Walk
from iotscan.capture.writer import Writer

Command = Callable[..., Any]


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
