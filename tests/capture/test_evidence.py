"""Evidence: what is cited, with what it takes to understand it, and no more."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture import context, evidence
from iotscan.capture.context import Context
from iotscan.capture.files import opened
from iotscan.capture.frames import Walk
from iotscan.capture.making import Connection, udp_frame
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint, Finding, Proof, Report
from iotscan.offline import report_on
from iotscan.protocols.tls.keylog import parse_keylog

Pcap = Callable[..., bytes]
SERVER = Endpoint(ip_address("192.168.1.9"), "tcp", 23)
OTHER = Endpoint(ip_address("192.168.1.8"), "tcp", 80)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook()


def client(port: int) -> Endpoint:
    return Endpoint(ip_address("192.168.1.5"), "tcp", port)


def typed(name: bytes, password: bytes) -> list[bytes]:
    """A login by telnet, key by key, each acknowledged."""
    talk = Connection(client(4000), SERVER)
    frames = [*talk.opened(), *talk.said(False, b"Welcome\r\nlogin: ")]
    for key in name:
        frames += [*talk.said(True, bytes([key])), *talk.said(False, bytes([key]))]
    frames += [*talk.said(True, b"\r\n"), *talk.said(False, b"\r\nPassword: ")]
    for key in password:
        frames += talk.said(True, bytes([key]))
    frames += [*talk.said(True, b"\r\n"), *talk.said(False, b"\r\n\r\n# ")]
    return [*frames, *talk.said(True, b"ls\r\n"), *talk.said(False, b"bin etc\r\n# ")]


def noise(count: int) -> list[bytes]:
    talk = Connection(client(5000), OTHER)
    frames = list(talk.opened())
    while len(frames) < count:
        frames += [*talk.said(True, b"\x01\x02\x03"), *talk.said(False, b"\x09" * 40)]
    return frames


def same(report: Report, wanted: Finding) -> bool:
    return any(f.rule == wanted.rule and f.endpoint == wanted.endpoint for f in report.findings)


def kept(path: Path, report: Report, folder: Path) -> dict[str, Path]:
    """The evidence of each finding, by its rule."""
    names = evidence.write(report.findings, {path.name: str(path)}, folder)
    return {name[4:-16]: folder / name for name in names}


def test_the_evidence_of_a_finding_gives_it_again(
    pcap: Pcap, book: Rulebook, tmp_path: Path
) -> None:
    login = typed(b"root", b"hunter2")
    frames = [frame for pair in zip(login, noise(200)[: len(login)], strict=True) for frame in pair]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(frames))
    report = report_on([path], book)
    files = kept(path, report, tmp_path / "proof")
    assert "telnet-credentials-seen" in files
    for finding in report.findings:
        again = report_on([files[finding.rule]], book)
        assert same(again, finding)
        assert len(again.devices) <= 2  # nothing of the others' conversation


def test_scans_and_rows_of_tries_in_vain_can_be_judged_from_their_evidence(
    pcap: Pcap, book: Rulebook, tmp_path: Path
) -> None:
    frames = []
    for number in range(60):
        there = Endpoint(ip_address(f"192.168.1.{number + 10}"), "tcp", 23)
        frames.append(next(iter(Connection(client(6000 + number), there).opened())))
    for number in range(30):
        frames.append(next(iter(Connection(client(7000 + number), OTHER).opened())))
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(frames, step=0.5))
    report = report_on([path], book)
    files = kept(path, report, tmp_path / "proof")
    assert {"telnet-scan-seen", "capture-scanning-behaviour", "reconnect-storm"} <= set(files)
    for finding in report.findings:
        assert same(report_on([files[finding.rule]], book), finding)


def cited(frames: list[bytes], *numbers: int) -> set[int]:
    """The company of frames, by numbers from 1."""
    told = [(number, 0.0, 1, frame, len(frame)) for number, frame in enumerate(frames, 1)]
    seen = Context()
    for frame in told:
        if frame[0] in numbers:
            seen.cite(frame)
    for frame in told:
        seen.add(frame)
    return seen.company(numbers)


def test_of_a_long_conversation_its_beginning_and_what_stands_around_the_proof_is_kept() -> None:
    talk = Connection(client(4000), SERVER)
    frames = [*talk.opened()]
    while len(frames) < 1000:
        frames += talk.said(True, b"x" * 10)
    company = cited(frames, 700)
    before, after = range(700 - context.BEFORE, 700), range(701, 701 + context.AFTER)
    assert {1, 2, *before, *after} <= company
    assert len(company) == context.OPENING + context.BEFORE + context.AFTER
    assert not cited(frames, 5000)


def test_long_frames_take_less_company() -> None:
    frames = [udp_frame(client(4000), SERVER, b"x" * 16_000)] * 200
    company = cited(frames, 150)
    assert {1, 149} <= company
    assert len(company) == 2 * (context.MOST_BYTES // len(frames[0])) + context.AFTER


def test_bare_acknowledgements_and_announcements_bring_and_are_no_company() -> None:
    frames = typed(b"root", b"x")
    company = cited(frames, len(frames))
    assert 3 not in company  # of the handshake
    assert {1, 2, 4} <= company
    group = Endpoint(ip_address("224.0.0.251"), "udp", 5353)
    here = Endpoint(ip_address("192.168.1.5"), "udp", 5353)
    assert cited([udp_frame(here, group, b"hello")] * 5, 3) == set()


def test_fragments_bring_all_fragments_of_the_two(tmp_path: Path) -> None:
    head = bytearray(udp_frame(client(40), OTHER, b"x" * 32))
    first, last = bytearray(head[:50]), bytearray(head[:34] + head[50:])
    first[16:18], last[16:18] = (36).to_bytes(2, "big"), (44).to_bytes(2, "big")
    first[20:22], last[20:22] = b"\x20\0", b"\0\2"
    assert cited([bytes(first), bytes(head), bytes(last)], 3) == {1, 3}


def test_keys_of_a_session_go_with_its_evidence_and_no_others(
    pcap: Pcap, book: Rulebook, tmp_path: Path
) -> None:
    own, other = b"\xab" * 32, b"\xcd" * 32
    talk = Connection(client(4000), Endpoint(ip_address("192.168.1.9"), "tcp", 443))
    hello = b"\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x03" + own + bytes(9)
    frames = [*talk.opened(), *talk.said(True, hello), *talk.said(False, b"\x16\x03\x03")]
    out = io.BytesIO()
    writer = Writer(out)
    log = b"".join(b"CLIENT_RANDOM %s %s\n" % (r.hex().encode(), b"ef" * 48) for r in (own, other))
    for number, frame in enumerate(frames):
        if number == 3:
            writer.secrets(log)
        writer.packet(1_700_000_000 + number / 10, 1, frame)
    path = tmp_path / "x.pcapng"
    path.write_bytes(out.getvalue())
    (tmp_path / "telnet.pcap").write_bytes(pcap(typed(b"root", b"hunter2")))
    known = report_on([tmp_path / "telnet.pcap"], book).findings[0]
    found = replace(known, proofs=(Proof("c1", file="x.pcapng", frames=(5,)),))
    (name,) = evidence.write([found], {"x.pcapng": str(path)}, tmp_path / "proof")
    with opened(tmp_path / "proof" / name) as source:
        walk = Walk(source)
        assert len(list(walk.frames())) == 4
    assert parse_keylog(b"".join(walk.told.keylog)) == {own: {"CLIENT_RANDOM": b"\xef" * 48}}


def test_a_capture_within_a_capture_is_read_whole(tmp_path: Path, book: Rulebook) -> None:
    """Link layers differ from frame to frame in pcapng: each is understood by its own."""
    out = io.BytesIO()
    writer: Any = Writer(out)
    for number, frame in enumerate(typed(b"root", b"hunter2")):
        link, data = (101, frame[14:]) if number % 2 else (1, frame)
        writer.packet(1_700_000_000 + number / 10, link, data)
    path = tmp_path / "x.pcapng"
    path.write_bytes(out.getvalue())
    report = report_on([path], book)
    files = kept(path, report, tmp_path / "proof")
    (finding,) = [f for f in report.findings if f.rule == "telnet-credentials-seen"]
    assert same(report_on([files[finding.rule]], book), finding)
