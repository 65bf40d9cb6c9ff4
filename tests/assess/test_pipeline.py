"""The assessment as a whole: same recording, same report, whatever order it was written in."""

from __future__ import annotations

import ast
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import iotscan.assess
from iotscan import codec
from iotscan.assess import pipeline
from iotscan.assess.pipeline import assess, feed_word
from iotscan.assess.reading import Plugins
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.feeds import Feeds
from iotscan.model import (
    RECOGNITION,
    Ending,
    Endpoint,
    Feed,
    Footer,
    Header,
    Impact,
    Kind,
    Observation,
    Packet,
    Proof,
    Recording,
    Scope,
    Service,
    Sighting,
    Standing,
    Sweep,
    Transcript,
    Turn,
)

SCOPE = Scope((ip_network("192.168.0.0/16"),), impact=Impact.LOGIN)
HEADER = Header(1, "0.1.0", "2026-11-21T10:00:00+00:00", SCOPE, {"impact": "login"}, "")
A, B = ip_address("192.168.1.5"), ip_address("192.168.1.6")
MAC = "00:00:01:00:00:0a"


class LampProbe:
    """Reads "open 3" as a lamp that is open in version 3."""

    name, openings = "lamp", ("hello",)
    emits = (
        Kind("lamp.state", {"open": bool, "version": str}, ""),
        Kind("lamp.guard", {"locked": bool}, ""),
    )

    def read(self, talk: Transcript) -> Iterator[Observation]:
        at = talk.service.endpoint
        for index, turn in enumerate(talk.turns):
            word, _, rest = turn.data.decode().partition(" ")
            facts: Any = {"open": word == "open"} | ({"version": rest} if rest else {})
            if turn.sender == "server" and word in ("open", "shut"):
                yield Observation("lamp.state", facts, at.address, at, (Proof(talk.id, (index,)),))
            elif word == "locked":
                yield Observation("lamp.guard", {"locked": True}, at.address, at)


def _shout(packet: Packet) -> Iterator[Sighting]:
    name = packet.data.decode()
    yield Sighting("shout", (packet.source,) if packet.source else (A,), packet.mac, (name,))


PLUGINS = Plugins(
    {"lamp": LampProbe()},  # type: ignore[dict-item]  # only what reading takes
    {"shout": SimpleNamespace(name="shout", read=_shout, emits=())},
)


def talk(
    number: int,
    said: str = "open 3",
    at: Any = A,
    port: int = 23,
    probe: str = "lamp",
    name: str | None = "lamp",
    ending: Ending = Ending.COMPLETE,
) -> Transcript:
    turns = (Turn("client", 0.0, b"hi"), Turn("server", 0.1, said.encode())) if said else ()
    service = Service(Endpoint(at, "tcp", port), name)
    return Transcript(f"c{number}", service, probe, float(number), turns, ending=ending)


def home(*talks: Transcript, **known: Any) -> Recording:
    packets = (
        Packet("p1", 0.1, "shout", b"porch", None, MAC),
        Packet("p2", 0.2, "shout", b"other-lamp", B),
    )
    sweep = Sweep("s1", 0.5, A, open=(Endpoint(A, "tcp", 23),), alive=True)
    whole = Recording(HEADER, packets, (), (sweep,), talks, footer=Footer(9.0, True))
    return replace(whole, **known)


def test_a_recording_becomes_a_report(book: Rulebook) -> None:
    report = assess(home(talk(1), blind_spots=("b", "a", "b")), book, PLUGINS)
    porch, other = report.devices
    assert (porch.key, porch.names, porch.services[0].name) == (MAC, ("porch",), "lamp")
    assert other.addresses == (B,)
    (finding,) = report.findings
    assert (finding.rule, finding.device, finding.proofs) == (
        "lamp-open",
        MAC,
        (Proof("c1", (1,)),),
    )
    standings = {v.provision: v.standing for p in report.postures[:1] for v in p.verdicts}
    assert standings["1-1"] is Standing.VIOLATED
    assert (report.complete, report.gaps, report.blind_spots) == (True, (), ("a", "b"))
    assert (report.rules, report.duration, report.started) == (book.hash, 9.0, HEADER.started)
    assert [(note.id, note.turns) for note in report.conversations] == [("c1", 2)]


def test_the_same_said_twice_is_one_observation_with_both_proofs(book: Rulebook) -> None:
    report = assess(home(talk(1, probe=RECOGNITION), talk(2)), book, PLUGINS)
    (seen,) = [one for one in report.observations if one.kind == "lamp.state"]
    assert [proof.source for proof in seen.proofs] == ["c1", "c2"]


def test_what_is_part_of_a_fuller_observation_is_no_second_one(book: Rulebook) -> None:
    report = assess(home(talk(1, "open"), talk(2, "open 3"), talk(3, "shut")), book, PLUGINS)
    seen = [one for one in report.observations if one.kind == "lamp.state"]
    assert sorted((sorted(one.facts.items()), len(one.proofs)) for one in seen) == [
        ([("open", False)], 1),
        ([("open", True), ("version", "3")], 2),
    ]
    (finding,) = report.findings
    assert finding.detail == "The lamp at 192.168.1.5:23/tcp is open in version 3."


@pytest.mark.parametrize(
    ("recording", "complete"),
    [
        (home(talk(1)), True),
        (home(talk(1), footer=None), False),
        (home(talk(1), footer=Footer(3.0, False, "stopped by the user")), False),
        (home(talk(1, "", ending=Ending.TIMEOUT)), False),
        (home(talk(1, "?", probe=RECOGNITION, name=None)), True),
        (home(talk(1), sweeps=(Sweep("s1", 0.5, A, unswept=4),)), False),
    ],
)
def test_a_report_is_complete_when_all_that_was_asked_for_was_looked_at(
    book: Rulebook, recording: Recording, complete: bool
) -> None:
    assert assess(recording, book, PLUGINS).complete is complete


def test_met_needs_the_probe_to_have_finished(book: Rulebook) -> None:
    def standing(*talks: Transcript) -> Standing:
        report = assess(home(*talks), book, PLUGINS)
        return report.postures[0].verdicts[0].standing

    assert standing(talk(1, "locked")) is Standing.MET
    cut = talk(2, "", port=24, ending=Ending.CLOSED)
    assert standing(talk(1, "locked"), cut) is Standing.NOT_ASSESSED


def test_a_recording_that_was_cut_off_says_how_far_it_went(book: Rulebook) -> None:
    report = assess(home(talk(7), footer=None), book, PLUGINS)
    assert report.duration == 7.1
    assert all(posture.incomplete for posture in report.postures)


def test_a_captured_service_is_named_by_the_one_who_could_read_it(book: Rulebook) -> None:
    capture = replace(HEADER, source="capture")
    report = assess(home(talk(1, probe="", name=None), header=capture), book, PLUGINS)
    assert report.devices[0].services[0].name == "lamp"
    assert [finding.rule for finding in report.findings] == ["lamp-open"]


def test_an_empty_recording_is_an_empty_report(book: Rulebook) -> None:
    report = assess(Recording(HEADER, footer=Footer(0.0, True)), book, PLUGINS)
    assert (report.devices, report.findings, report.postures, report.complete) == ((), (), (), True)


TALKS = st.lists(
    st.builds(
        talk,
        st.integers(1, 30),
        st.sampled_from(["open", "open 1", "shut", "locked", "noise", ""]),
        st.sampled_from([A, B]),
        st.sampled_from([23, 24]),
        st.sampled_from(["lamp", RECOGNITION]),
        st.sampled_from(["lamp", None]),
        st.sampled_from([Ending.COMPLETE, Ending.TIMEOUT]),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TALKS, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_show(
    book: Rulebook, talks: list[Transcript], rng: random.Random
) -> None:
    def shuffled(entries: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(rng.sample(entries, len(entries)))

    recording = home(*talks)
    mixed = replace(
        recording,
        packets=shuffled(recording.packets),
        transcripts=shuffled(recording.transcripts),
        sweeps=shuffled(recording.sweeps),
    )
    first = codec.encode(assess(recording, book, PLUGINS))
    assert codec.encode(assess(mixed, book, PLUGINS)) == first
    assert codec.encode(assess(recording, book, PLUGINS)) == first


@pytest.mark.parametrize("inventive", [False, True])
def test_forty_thousand_sightings_cost_bounded_time_and_room(
    book: Rulebook, inventive: bool
) -> None:
    """Of one device that invents names, and of as many that each say a word."""
    packets = tuple(
        Packet(
            f"p{i}",
            0.0,
            "shout",
            f"name-{i}".encode(),
            IPv4Address(0xC0A80000 + (i if inventive else 5)),
        )
        for i in range(1, 40_001)
    )
    began = time.process_time()
    report = assess(Recording(HEADER, packets, footer=Footer(1.0, True)), book, PLUGINS)
    assert time.process_time() - began < 40
    assert len(report.devices) == (40_000 if inventive else 1)
    assert max(len(device.sightings) for device in report.devices) <= 128


def test_the_core_names_no_probe_and_asks_no_clock() -> None:
    folder = Path(str(iotscan.assess.__file__)).parent
    banned = {"time", "random", "socket", "asyncio", "os"}
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & banned, file
            assert not any("probes" in name and name != "iotscan.probe_api" for name in names), file


def told_in_header(**told: Any) -> Recording:
    return home(talk(1), header=replace(HEADER, settings=told))


def test_lists_of_flaws_are_named_and_missed_where_they_were_used(book: Rulebook) -> None:
    feed = Feed("nvd", "NVD", "2026-11-20", "ab" * 32, 7)
    recording = told_in_header(feeds=(feed_word(feed),))
    with_it = assess(recording, replace(book, feeds=Feeds((feed,))), PLUGINS)
    assert (with_it.feeds, with_it.blind_spots) == ((feed,), ())
    without = assess(recording, book, PLUGINS)
    (spot,) = without.blind_spots
    assert "nvd of 2026-11-20 (SHA-256 abababababababab), which is not imported here" in spot


def test_who_asked_for_support_periods_is_told_again_in_a_replay(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[bool] = []

    def support(*_: object, asked: bool) -> tuple[Observation, ...]:
        noted.append(asked)
        return ()

    monkeypatch.setattr(pipeline, "support", support)
    assess(told_in_header(), book, PLUGINS)
    assess(told_in_header(support_periods=True), book, PLUGINS)
    assess(told_in_header(), replace(book, asks_support=True), PLUGINS)
    assert noted == [False, True, True]
