"""``iotscan anonymise``, from flags to the file and what is said about it."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from iotscan.capture.making import Connection
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint

Command = Callable[..., Any]


def capture() -> None:
    talk = Connection(
        Endpoint(ip_address("192.168.1.5"), "tcp", 40_000),
        Endpoint(ip_address("192.168.1.9"), "tcp", 80),
    )
    with Path("in.pcapng").open("wb") as out:
        writer = Writer(out)
        frames = talk.opened()
        frames += talk.said(True, b"GET /?password=hunter2 HTTP/1.1\r\nHost: kitchen\r\n\r\n")
        frames += talk.said(False, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        for frame in frames:
            writer.packet(1_700_000_000.0, 1, frame)


def test_it_says_what_it_changed_and_what_it_cannot_vouch_for(command: Command) -> None:
    capture()
    ran = command("anonymise", "in.pcapng", "out.pcapng", "--key", "k")
    assert ran.code == 0
    assert "2  addresses" in ran.out
    assert "credentials" in ran.out
    assert "Not anonymised" in ran.out
    assert "Times (to the microsecond), sizes" in ran.out
    written = Path("out.pcapng").read_bytes()
    assert b"hunter2" not in written
    assert b"kitchen" not in written
    command("anonymise", "in.pcapng", "again.pcapng", "--key", "k")
    assert Path("again.pcapng").read_bytes() == written
    command("anonymise", "in.pcapng", "other.pcapng")
    assert Path("other.pcapng").read_bytes() != written


def test_the_maker_stays_if_it_is_wanted(command: Command) -> None:
    capture()
    data = Path("in.pcapng").read_bytes().replace(b"\x02\x04\xc0\xa8", b"\x00\x17\x88\xa8")
    Path("in.pcapng").write_bytes(data)
    command("anonymise", "in.pcapng", "out.pcapng", "--keep-vendor")
    assert Path("out.pcapng").read_bytes().count(b"\x00\x17\x88") >= data.count(b"\x00\x17\x88")
    command("anonymise", "in.pcapng", "out.pcapng", "--overwrite")
    assert b"\x00\x17\x88" not in Path("out.pcapng").read_bytes()


def test_a_recording_is_told_from_a_capture(command: Command) -> None:
    header = '{"header":{"format":1,"version":"0","started":"2026-01-02T03:04:05Z","scope":'
    header += '{"allow":[],"deny":[],"interfaces":[],"impact":"login"},"settings":{},"rules":""}}\n'
    Path("r.jsonl").write_text(header + '{"footer":{"ended":1.0,"complete":true}}\n')
    assert command("anonymise", "r.jsonl", "o.jsonl").code == 0
    assert Path("o.jsonl").read_text().startswith('{"header":')


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("none", "o", "cannot be read"),
        ("text", "o", "neither a capture nor a recording"),
        ("in.pcapng", "in.pcapng", "OUT is IN"),
        ("in.pcapng", "none/o", "cannot be written"),
        ("in.pcapng", "text", "is there already"),
        ("in.pcapng", ".", "is a folder"),
        (".", "o", "cannot be read"),
    ],
)
def test_wrong_use_is_told(source: str, target: str, said: str, command: Command) -> None:
    capture()
    Path("text").write_text("hello")
    ran = command("anonymise", source, target)
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True)


def test_nothing_half_written_stays_behind(command: Command) -> None:
    capture()
    Path("text").write_text("hello")
    Path("old").write_text("kept")
    assert command("anonymise", "text", "old", "--overwrite").code == 2
    assert Path("old").read_text() == "kept"
    assert sorted(path.name for path in Path().iterdir()) == ["in.pcapng", "old", "text"]
    assert command("anonymise", "in.pcapng", "old", "--overwrite").code == 0
    assert Path("old").read_bytes().startswith(b"\n\r\r\n")


def test_through_pipes() -> None:
    capture()
    ran = subprocess.run(
        [sys.executable, "-m", "iotscan", "anonymise", "-", "-", "--key", "k"],
        input=gzip.compress(Path("in.pcapng").read_bytes()),
        capture_output=True,
        check=True,
    )
    assert b"2  addresses" in ran.stderr
    assert ran.stdout.startswith(b"\n\r\r\n")
    assert b"hunter2" not in ran.stdout
    assert b"GET /?password=" in ran.stdout
    ran = subprocess.run(
        [sys.executable, "-m", "iotscan", "anonymise", "-", "out"],
        input=b"hello",
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 2
    assert b"standard input is neither" in b" ".join(ran.stderr.split())
    assert not Path("out").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_is_told(command: Command) -> None:
    capture()
    ran = command("anonymise", "in.pcapng", "/dev/full")
    assert (ran.code, "cannot be written" in " ".join(ran.err.split())) == (2, True)
    test_a_recording_is_told_from_a_capture(command)
    ran = command("anonymise", "r.jsonl", "/dev/full")
    assert (ran.code, "cannot be written" in " ".join(ran.err.split())) == (2, True)
