"""``iotscan mud`` and ``iotscan replay --mud``, from flags to findings."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from iotscan import mudfiles
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture.files import is_capture
from iotscan.capture.making import Connection
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint
from iotscan.offline import report_on

Command = Callable[..., Any]
LAMP, MAC = "192.168.1.5", "02:04:c0:a8:01:05"


def capture(name: str, *servers: tuple[str, int]) -> None:
    """The lamp talks to each of these servers."""
    with Path(name).open("wb") as out:
        writer, at = Writer(out), 1_700_000_000.0
        for number, (address, port) in enumerate(servers):
            talk = Connection(
                Endpoint(ip_address(LAMP), "tcp", 40_000 + number),
                Endpoint(ip_address(address), "tcp", port),
            )
            said = talk.said(True, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for frame in (*talk.opened(), *said, *talk.closed()):
                writer.packet(at, 1, frame)
                at += 0.01


def test_drafts_go_to_a_folder_and_replay_finds_nothing_against_them(command: Command) -> None:
    capture("a.pcapng", ("52.1.2.3", 443), ("192.168.1.9", 80))
    ran = command("mud", "a.pcapng", "--to", "drafts")
    assert (ran.code, "2 profiles" in ran.err) == (0, True)
    assert sorted(p.name for p in Path("drafts").iterdir()) == [
        "02-04-c0-a8-01-05.json",
        "02-04-c0-a8-01-09.json",
    ]
    report = json.loads(command("replay", "a.pcapng", "--mud", "drafts", "--output", "json").out)
    assert report["complete"]
    traffic = [seen for seen in report["observations"] if seen["kind"] == "mud.traffic"]
    assert traffic
    assert all(seen["facts"]["allowed"] for seen in traffic)
    assert not {f["rule"] for f in report["findings"]} & {"mud-violation"}


def test_what_a_file_does_not_allow_is_found_with_its_frame(command: Command) -> None:
    capture("a.pcapng", ("52.1.2.3", 443))
    Path("lamp.json").write_text(command("mud", "a.pcapng", "--device", MAC).out)
    capture("b.pcapng", ("52.1.2.3", 443), ("52.8.8.8", 23))
    ran = command("replay", "b.pcapng", "--mud", f"{MAC.upper()}=lamp.json", "--output", "json")
    report = json.loads(ran.out)
    by_rule = {finding["rule"]: finding for finding in report["findings"]}
    broken = by_rule["mud-violation"]
    assert (broken["facts"]["peer"], broken["facts"]["port"]) == ("52.8.8.8", 23)
    assert broken["proofs"][0]["file"] == "b.pcapng"
    assert broken["proofs"][0]["frames"] == [9]
    assert "lamp.json" in broken["detail"]
    assert by_rule["capture-unexpected-destinations"]["facts"]["examples"] == ["52.8.8.8"]


def test_a_file_for_no_device_makes_the_report_incomplete(command: Command) -> None:
    capture("a.pcapng", ("52.1.2.3", 443))
    Path("x.json").write_text(command("mud", "a.pcapng", "--device", LAMP).out)
    ran = command("replay", "a.pcapng", "--mud", "x.json", "--output", "json")
    report = json.loads(ran.out)
    assert (ran.code, report["complete"]) == (3, False)
    assert "for no device" in report["gaps"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mud", "a.pcapng", "--device", "192.168.1.77"), "no traffic of 192.168.1.77"),
        (("mud", "a.pcapng", "--to", "a.pcapng"), "is a file: name a folder"),
        (("mud", "a.pcapng", "--to", "a.pcapng/in"), "cannot be written"),
        (("replay", "a.pcapng", "--mud", "none.json"), "cannot be read"),
        (("replay", "a.pcapng", "--mud", "a.pcapng"), "no MUD file: it is no JSON"),
        (("replay", "a.pcapng", "--mud", "{}.json"), "no MUD file: it lacks 'ietf-mud:mud'"),
        (("replay", "a.pcapng", "--mud", "empty"), "holds no MUD file"),
        (("replay", "r.jsonl", "--mud", "empty"), "are for captures"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str, ...], said: str, command: Command) -> None:
    capture("a.pcapng", ("52.1.2.3", 443))
    Path("empty").mkdir()
    Path("{}.json").write_text("{}")
    Path("r.jsonl").write_text('{"header":')
    ran = command(*arguments)
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True)


@pytest.mark.shared
def test_no_capture_breaks_its_own_drafts(shared: Path, tmp_path: Path) -> None:
    book = load_rulebook()
    captures = sorted(p for p in (shared / "captures").rglob("*.pcap*") if is_capture(p))
    assert len(captures) > 50
    judged = 0
    for number, path in enumerate(captures):
        folder = tmp_path / str(number)
        folder.mkdir()
        drafts = list(mudfiles.drafts(report_on([path], book)))
        for one in drafts:
            (folder / one.name).write_bytes(one.data)
        given = mudfiles.load([str(folder)] if drafts else [])
        again = report_on([path], book, profiles=given)
        for seen in again.observations:
            if seen.kind == "mud.traffic":
                judged += 1
                assert seen.facts.get("allowed") is True, (path, seen)
            elif seen.kind == "mud.destinations":
                assert seen.facts["unexpected"] == 0, (path, seen)
        rules = {finding.rule for finding in again.findings}
        assert not rules & {"mud-violation", "capture-unexpected-destinations"}
    assert judged > 300
