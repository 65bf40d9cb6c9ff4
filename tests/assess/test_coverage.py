"""Gaps: whatever was not looked at is told, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from iotscan.assess.coverage import PORTS, PROTOCOL, UNKNOWN, find_gaps, hides_something
from iotscan.model import (
    RECOGNITION,
    Device,
    Ending,
    Endpoint,
    Footer,
    Gap,
    Header,
    Recording,
    Scope,
    Service,
    Sweep,
    Transcript,
    Turn,
)

V4, V6 = ip_address("192.168.1.5"), ip_address("fe80::5%eth0")
LAMP = Device("lamp", (V4, V6))


def header(source: str = "scan") -> Header:
    scope = Scope((ip_network("192.168.1.0/24"),))
    return Header(1, "0", "2026-11-21T10:00:00+00:00", scope, {}, "", source)


def talk(
    probe: str, ending: Ending = Ending.COMPLETE, name: str | None = "lamp", note: str = ""
) -> Transcript:
    service = Service(Endpoint(V4, "tcp", 23), name)
    return Transcript("c1", service, probe, 0.0, ending=ending, note=note)


def gaps(*talks: Transcript, source: str = "scan", **parts: Any) -> tuple[Gap, ...]:
    recording = Recording(header(source), transcripts=talks, footer=Footer(1.0, True), **parts)
    return find_gaps(recording, (), [LAMP])


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.COMPLETE])
def test_a_conversation_that_did_not_complete_is_a_gap_with_advice(ending: Ending) -> None:
    (gap,) = gaps(talk("lamp", ending, note="no answer in time"))
    assert (gap.subject, gap.what, gap.ending) == ("192.168.1.5:23/tcp", "lamp", ending)
    assert (gap.reason, gap.device) == ("no answer in time", "lamp")
    assert gap.advice
    assert hides_something(gap)


def test_a_complete_conversation_is_none() -> None:
    assert gaps(talk("lamp"), talk(RECOGNITION)) == ()


def test_a_service_that_nobody_recognised_is_told_but_hides_nothing() -> None:
    (gap,) = gaps(talk(RECOGNITION, name=None))
    assert gap.what == UNKNOWN
    assert gap.reason == "it is open, but it says nothing"
    assert not hides_something(gap)


def test_a_recognition_that_failed_is_told_as_such() -> None:
    (gap,) = gaps(talk(RECOGNITION, Ending.TIMEOUT, name=None))
    assert (gap.what, gap.ending) == (PROTOCOL, Ending.TIMEOUT)
    assert hides_something(gap)


def test_ports_that_were_not_swept_are_a_gap() -> None:
    swept, cut = Sweep("s1", 0.0, V4, closed=9), Sweep("s2", 0.0, V6, unswept=3, why="it died")
    (gap,) = gaps(sweeps=(swept, cut))
    assert (gap.what, gap.device) == (PORTS, "lamp")
    assert gap.reason == "3 ports were not looked at: it died"


@pytest.mark.parametrize(
    "subject",
    ["192.168.1.5", "192.168.1.5:23/tcp", "fe80::5%eth0", "[fe80::5%eth0]:23/tcp"],
)
def test_a_gap_is_booked_on_the_device_that_it_is_about(subject: str) -> None:
    (gap,) = gaps(gaps=(Gap(subject, "lamp", Ending.TIMEOUT, "why"),))
    assert gap.device == "lamp"


def test_a_gap_about_nobody_keeps_its_subject() -> None:
    (gap,) = gaps(gaps=(Gap("the network", "mdns", Ending.BUG, "why", "do"),))
    assert (gap.device, gap.advice) == ("", "do")


def test_the_conversations_of_a_capture_ended_as_they_liked() -> None:
    assert gaps(talk("lamp", Ending.CLOSED), source="capture") == ()


def test_what_an_announcement_led_to_is_no_unknown_service() -> None:
    nobody = talk(RECOGNITION, name=None)
    said = replace(talk("lamp"), turns=(Turn("server", 0.0, b"I am a lamp"),))
    assert [gap.what for gap in gaps(nobody)] == [UNKNOWN]
    assert gaps(nobody, said) == ()
    assert [gap.what for gap in gaps(nobody, talk("lamp"))] == [UNKNOWN]
    broken = replace(said, ending=Ending.CLOSED)
    assert {gap.what for gap in gaps(nobody, broken)} == {UNKNOWN, "lamp"}
