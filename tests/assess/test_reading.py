"""Reading: by the plug-in that can, booked on whoever spoke, and a reader's bug is a gap."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from iotscan.assess.reading import Plugins, read_all
from iotscan.model import (
    RECOGNITION,
    Ending,
    Endpoint,
    Fact,
    Header,
    Kind,
    Observation,
    Packet,
    Proof,
    Recording,
    Scope,
    Service,
    Sighting,
    Transcript,
    Turn,
)

HERE, THERE = ip_address("192.168.1.5"), ip_address("192.168.1.6")
AT = Endpoint(HERE, "tcp", 23)


def reader(name: str, *said: Any, fails: bool = False) -> Any:
    def read(_: object) -> Iterator[Any]:
        yield from said
        if fails:
            raise RuntimeError("oh \x1b[31m no")

    kinds = (Kind("lamp.state", {"open": bool, "hours": float}, ""), Kind("gas.leak", {}, ""))
    return SimpleNamespace(name=name, read=read, emits=kinds, openings=())


def plugins(*, probes: tuple[Any, ...] = (), discoverers: tuple[Any, ...] = ()) -> Plugins:
    return Plugins({p.name: p for p in probes}, {d.name: d for d in discoverers})


def recording(source: str = "scan", **parts: Any) -> Recording:
    scope = Scope((ip_network("192.168.1.0/24"),))
    return Recording(Header(1, "0", "2026-11-21T10:00:00Z", scope, {}, "", source), **parts)


def talk(probe: str, name: str | None = "lamp") -> Transcript:
    turns = (Turn("client", 0.0, b"a", frame=7), Turn("server", 0.1, b"b", frame=9))
    return Transcript("c1", Service(AT, name), probe, 0.0, turns)


SEEN = Observation("lamp.state", {"open": True}, HERE, AT)


def test_a_conversation_is_read_by_its_probe_only() -> None:
    both = plugins(probes=(reader("lamp", SEEN), reader("gas", SEEN, SEEN)))
    read = read_all(recording(transcripts=(talk("lamp"),)), both)
    assert len(read.observations) == 1
    assert read.speakers == {"c1": frozenset({"lamp"})}


def test_a_captured_conversation_is_read_by_all() -> None:
    both = plugins(probes=(reader("lamp", SEEN), reader("gas", SEEN, SEEN)))
    read = read_all(recording("capture", transcripts=(talk("", None),)), both)
    assert len(read.observations) == 3


def test_a_recognition_is_read_by_the_probe_of_what_was_recognised() -> None:
    one = plugins(probes=(reader("lamp", SEEN),))
    assert len(read_all(recording(transcripts=(talk(RECOGNITION),)), one).observations) == 1
    unknown = read_all(recording(transcripts=(talk(RECOGNITION, None),)), one)
    assert (unknown.observations, unknown.gaps) == ((), ())


def test_a_conversation_of_a_probe_that_is_not_here_is_a_gap() -> None:
    read = read_all(recording(transcripts=(talk("gone"),)), plugins())
    assert [(gap.what, gap.subject) for gap in read.gaps] == [("gone", str(AT))]


def test_a_reader_that_fails_is_a_gap_and_what_it_said_before_stands() -> None:
    broken = plugins(
        probes=(reader("lamp", SEEN, fails=True),),
        discoverers=(reader("shout", Sighting("shout", (HERE,)), fails=True),),
    )
    packet = Packet("p1", 0.0, "shout", b"", HERE)
    read = read_all(recording(packets=(packet,), transcripts=(talk("lamp"),)), broken)
    assert (len(read.observations), len(read.witnesses)) == (1, 1)
    assert [gap.ending for gap in read.gaps] == [Ending.BUG, Ending.BUG]
    assert "\x1b" not in read.gaps[0].reason


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("lamp.colour", {}),
        ("lamp.state", {"shut": True}),
        ("lamp.state", {"open": 1}),
        ("lamp.state", {"open": ["x"]}),
        ("lamp.state", {"hours": True}),
        ("lamp.state", {"hours": "2"}),
    ],
)
def test_what_a_reader_did_not_declare_is_left_out_and_told(
    kind: str, facts: dict[str, Fact]
) -> None:
    strange = Observation(kind, facts, HERE, AT)
    fine = Observation("lamp.state", {"open": True, "hours": 2}, HERE, AT)
    one = plugins(probes=(reader("lamp", strange, fine, strange),))
    read = read_all(recording(transcripts=(talk("lamp"),)), one)
    assert [seen.facts for seen in read.observations] == [fine.facts]
    assert [(gap.what, gap.ending) for gap in read.gaps] == [("lamp", Ending.BUG)]


def test_what_a_packet_says_of_another_is_booked_on_its_sender() -> None:
    lie = Observation("lamp.state", {"open": True}, THERE, Endpoint(THERE, "udp", 9))
    packet = Packet("p1", 0.0, "shout", b"", HERE)
    read = read_all(recording(packets=(packet,)), plugins(discoverers=(reader("shout", lie),)))
    (found,) = read.observations
    assert (found.address, found.endpoint) == (HERE, Endpoint(HERE, "udp", 9))


@pytest.mark.parametrize(
    ("vouches", "mac", "source", "backing"),
    [
        (True, "02:00:00:00:00:01", None, (True, None)),
        (True, "02:00:00:00:00:01", HERE, (True, None)),
        (True, None, HERE, (False, HERE)),
        (False, "02:00:00:00:00:01", HERE, (False, HERE)),
        (False, "02:00:00:00:00:01", None, (False, None)),
    ],
)
def test_who_vouches_for_addresses_is_believed_and_others_for_their_sender(
    vouches: bool, mac: str | None, source: Any, backing: tuple[bool, Any]
) -> None:
    told = reader("shout", Sighting("shout", (THERE,), mac))
    told.vouches = vouches
    packets = (Packet("p1", 0.0, "shout", b"", source),)
    (found,) = read_all(recording(packets=packets), plugins(discoverers=(told,))).witnesses
    assert (found.own, found.source) == backing


def test_proof_is_added_where_a_reader_gave_none_with_the_frames_of_a_capture() -> None:
    bare = reader("lamp", SEEN)
    cited = reader("gas", Observation("gas.leak", {}, HERE, AT, (Proof("c1", (1, 5)),)))
    read = read_all(recording("capture", transcripts=(talk(""),)), plugins(probes=(bare, cited)))
    assert [seen.proofs for seen in read.observations] == [
        (Proof("c1"),),
        (Proof("c1", (1, 5), frames=(9,)),),
    ]
    packet = Packet("p1", 0.0, "shout", b"", HERE, frame=3)
    shout = plugins(discoverers=(reader("shout", Sighting("shout", (HERE,))),))
    (witness,) = read_all(recording(packets=(packet,)), shout).witnesses
    assert witness.sighting.proof == Proof("p1", frames=(3,))


def test_a_packet_that_nobody_reads_is_passed_over() -> None:
    packet = Packet("p1", 0.0, "unheard-of", b"", HERE)
    assert not read_all(recording(packets=(packet,)), plugins()).witnesses
