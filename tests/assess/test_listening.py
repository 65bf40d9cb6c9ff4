"""Reading a capture as it goes by: each conversation once, bounded, booked where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest

from iotscan.assess import keeping, listening
from iotscan.assess.booking import booked
from iotscan.assess.derived.capture import scanning
from iotscan.assess.findings import earliest
from iotscan.assess.joining import joined, later
from iotscan.assess.listening import Listener
from iotscan.assess.reading import Contact, Plugins, Readings, Witness
from iotscan.capture.reader import NAMES
from iotscan.capture.scans import Scans
from iotscan.model import (
    Channel,
    Endpoint,
    Kind,
    Observation,
    Packet,
    Proof,
    Service,
    Sighting,
    Transcript,
    Turn,
)
from iotscan.protocols.common.overheard import GUESSED, MISSING, turned

CLIENT = Endpoint(ip_address("192.168.1.5"), "tcp", 40_000)
SERVER = Endpoint(ip_address("192.168.1.9"), "tcp", 23)
OUTSIDE = Endpoint(ip_address("52.1.2.3"), "tcp", 443)
WORDS = (Kind("lamp.state", {"open": bool, "bits": int}, ""),)


def talk(
    said: bytes = b"hello", server: Endpoint = SERVER, client: Endpoint = CLIENT, **odd: Any
) -> Transcript:
    turns = (Turn("client", 0.0, said, frame=4), Turn("server", 0.1, b"yes", frame=6))
    return Transcript(
        odd.get("id", "c1"),
        Service(server),
        "capture",
        2.5,
        turns,
        (Channel(server),),
        note=odd.get("note", ""),
        client=client,
    )


def probe(read: Callable[[Transcript], Iterator[Observation]], name: str = "lamp") -> Any:
    return SimpleNamespace(name=name, emits=WORDS, read=read, openings=("x",))


def reads(word: bytes) -> Any:
    """A probe that reads conversations in which the client begins with this word."""

    def read(talk: Transcript) -> Iterator[Observation]:
        if talk.turns[0].sender == "client" and talk.turns[0].data.startswith(word):
            endpoint = talk.service.endpoint
            proof = Proof(talk.id, (1,))
            yield Observation("lamp.state", {"open": True}, endpoint.address, endpoint, (proof,))

    return probe(read)


def listener(*probes: Any, discoverers: tuple[Any, ...] = ()) -> Listener:
    plugins = Plugins({p.name: p for p in probes}, {d.name: d for d in discoverers})
    return Listener(plugins, "x.pcap")


def test_the_earliest_proof_is_kept_though_its_conversation_ended_last() -> None:
    ear = listener(reads(b"hello"))
    for number in range(100, 120):
        late = talk()
        turns = tuple(replace(turn, frame=number * 10 + i) for i, turn in enumerate(late.turns))
        ear.talk(replace(late, id=f"c{number}", turns=turns))
    ear.talk(talk())
    (seen,) = ear.readings().observations
    assert len(seen.proofs) == keeping.MOST_PROOFS
    assert seen.proofs[-1].frames == (6,)
    assert earliest(seen.proofs)[0].frames == (6,)


def test_an_observation_names_peer_file_and_frames() -> None:
    ear = listener(reads(b"hello"))
    assert ear.talk(talk())
    (seen,) = ear.readings().observations
    assert seen.facts == {"peer": "192.168.1.5", "open": True}
    assert seen.proofs == (Proof("c1", (1,), "x.pcap", (6,), 2.6),)


def test_a_conversation_leaves_a_note_and_a_time_only_if_it_proved_something() -> None:
    ear = listener(reads(b"hello"))
    ear.talk(talk())
    assert not ear.talk(talk(b"noise", id="c2"))
    kept = ear.readings()
    assert [(note.id, note.turns) for note in kept.notes] == [("c1", 2)]
    assert kept.began == {"c1": 2.5}
    assert kept.spoken == {SERVER: frozenset({"lamp"})}
    assert kept.answers == {SERVER: Proof("c1", (), "x.pcap", (6,), 2.6)}


def test_the_same_again_adds_proofs_up_to_a_bound() -> None:
    ear = listener(reads(b"hello"))
    for number in range(keeping.MOST_PROOFS + 5):
        ear.talk(talk(id=f"c{number}"))
    (seen,) = ear.readings().observations
    assert len(seen.proofs) == keeping.MOST_PROOFS


def test_too_many_different_observations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_ALIKE", 3)
    count = iter(range(100))

    def read(talk: Transcript) -> Iterator[Observation]:
        yield Observation("lamp.state", {"bits": next(count)}, SERVER.address, SERVER)

    ear = listener(probe(read))
    for _ in range(5):
        ear.talk(talk())
    kept = ear.readings()
    assert len(kept.observations) == 3
    assert "2 observations" in kept.gaps[0].reason


def swapped() -> Transcript:
    turns = (Turn("server", 0.0, b"hello", frame=4), Turn("client", 0.1, b"yes", frame=6))
    return Transcript("c1", Service(CLIENT), "capture", 0.0, turns, note=GUESSED, client=SERVER)


def test_roles_are_exchanged_where_they_were_guessed_and_nobody_reads_it() -> None:
    ear = listener(reads(b"hello"))
    assert ear.talk(swapped())
    (seen,) = ear.readings().observations
    assert (seen.address, seen.facts["peer"]) == (SERVER.address, "192.168.1.5")


def test_roles_that_a_handshake_proved_stay() -> None:
    ear = listener(reads(b"hello"))
    assert not ear.talk(replace(swapped(), note=""))
    assert not ear.talk(replace(swapped(), note=f"starts mid-stream, {MISSING}"))


def test_turned_twice_is_the_same() -> None:
    assert turned(turned(talk())) == talk()
    assert turned(talk()).said_by("server") == b"hello"


def test_a_reader_that_breaks_its_word_is_one_gap() -> None:
    def read(talk: Transcript) -> Iterator[Observation]:
        yield Observation("lamp.state", {"nonsense": True}, SERVER.address, SERVER)
        raise RuntimeError("oh")

    ear = listener(probe(read), SimpleNamespace(**vars(reads(b"hello")) | {"name": "other"}))
    for number in range(3):
        ear.talk(talk(id=f"c{number}"))
    kept = ear.readings()
    assert len(kept.gaps) == 2
    assert len(kept.observations) == 1


def test_announcements_and_stations_are_witnesses() -> None:
    def read(packet: Packet) -> Iterator[Sighting | Observation]:
        yield Sighting("shout", (CLIENT.address,), packet.mac, ("lamp",))
        yield Observation("lamp.state", {"open": True}, CLIENT.address)

    crier = SimpleNamespace(name="shout", emits=WORDS, read=read, hears=())
    ear = listener(discoverers=(crier,))
    for number in (1, 2):
        packet = Packet(
            f"p{number}", 0.0, "shout", b"", CLIENT.address, "02:00:00:00:00:05", frame=9
        )
        ear.packet(packet)
    ear.sighting(Sighting("frames", (), "02:00:00:00:00:06"))
    shouted, station = ear.readings().witnesses
    assert (shouted.source, shouted.own) == (CLIENT.address, False)
    assert shouted.sighting.proof == Proof("p1", (), "x.pcap", (9,), 0.0)
    assert (station.sighting.mac, station.own) == ("02:00:00:00:00:06", True)
    (seen,) = ear.readings().observations
    assert [proof.source for proof in seen.proofs] == ["p1", "p2"]


def readings(*seen: Observation, near: str | None = None) -> Readings:
    witnesses: tuple[Witness, ...] = ()
    if near:
        sighting = Sighting("arp", (ip_address(near),), "02:00:00:00:00:01")
        witnesses = (Witness(sighting, own=True),)
    answers = {OUTSIDE: Proof("s1"), SERVER: Proof("s2")}
    return Readings(witnesses, seen, (), answers=answers)


def seen_at(endpoint: Endpoint, peer: str) -> Observation:
    return Observation("lamp.state", {"peer": peer, "open": True}, endpoint.address, endpoint)


def test_what_a_server_outside_says_is_booked_on_the_device_that_asked() -> None:
    kept = booked(readings(seen_at(OUTSIDE, "192.168.1.5"), near="192.168.1.5"))
    (seen,) = kept.observations
    assert (seen.address, seen.endpoint) == (CLIENT.address, OUTSIDE)
    assert set(kept.answers) == {SERVER}


def test_a_public_address_with_a_mac_here_is_of_this_network() -> None:
    public = "81.1.1.1"
    kept = booked(readings(seen_at(OUTSIDE, public), near=public))
    assert kept.observations[0].address == ip_address(public)
    here = booked(readings(seen_at(OUTSIDE, "8.8.8.8"), near=str(OUTSIDE.address)))
    assert here.observations[0].address == OUTSIDE.address


def test_between_strangers_it_stays_with_the_server() -> None:
    kept = booked(readings(seen_at(OUTSIDE, "8.8.8.8")))
    assert kept.observations[0].address == OUTSIDE.address
    assert set(kept.answers) == {OUTSIDE, SERVER}


def test_a_server_outside_that_is_told_of_keeps_its_ports() -> None:
    kept = booked(readings(seen_at(OUTSIDE, "8.8.8.8"), near="192.168.1.5"))
    assert kept.observations[0].address == OUTSIDE.address
    assert set(kept.answers) == {OUTSIDE, SERVER}


def test_contacts_are_kept_with_their_answer_and_span() -> None:
    ear = listener(reads(b"hello"))
    group = Endpoint(ip_address("224.0.0.251"), "udp", 5353)
    ear.group(group, CLIENT.address, 1.0, 2)
    ear.group(group, CLIENT.address, 9.0, 30)
    ear.scans(knocks(8080, 40), -3.0)
    ear.answer(SERVER, CLIENT.address, 2.0, 3)
    ear.talk(talk())
    kept = ear.readings().contacts
    assert kept[CLIENT.address, group] == Contact(
        Proof("contact", (), "x.pcap", (2,), 1.0), False, 1.0, 9.0
    )
    assert kept[CLIENT.address, SERVER] == Contact(
        Proof("contact", (), "x.pcap", (3,), 2.0), True, 2.0, 2.6, True
    )
    vain = [place for _, place in kept if place.port == 8080]
    assert len(vain) == listening.MOST_IN_VAIN
    assert not kept[CLIENT.address, vain[1]].answered
    assert kept[CLIENT.address, vain[1]].proof.frames == (101,)
    assert (kept[CLIENT.address, vain[1]].began, kept[CLIENT.address, vain[1]].proof.at) == (
        4.0,
        4.0,
    )


def test_a_group_is_never_who_asks() -> None:
    ear = listener(reads(b"hello"))
    group = Endpoint(ip_address("224.2.24.27"), "udp", 40_000)
    said = (Turn("server", 0.0, b"x", frame=4),)
    ear.talk(replace(talk(), client=group, turns=said))
    assert [key for key in ear.readings().contacts] == [(SERVER.address, group)]


def test_an_answer_s_proof_is_worth_more_than_that_of_a_try() -> None:
    ear = listener(reads(b"hello"))
    ear.scans(knocks(23, 1))
    ear.answer(Endpoint(ip_address("10.0.0.0"), "tcp", 23), CLIENT.address, 5.0, 200)
    (contact,) = ear.readings().contacts.values()
    assert (contact.answered, contact.proof.frames, contact.began) == (True, (200,), 1.0)


def test_a_storm_is_told_of_its_client() -> None:
    scans = Scans()
    for number in range(30):
        scans.opening(CLIENT.address.packed, bytes((52, 1, 2, 3)), 443, float(number), 10 + number)
    (seen,) = scanning(scans, "x.pcap", -5.0)
    assert seen.proofs[0].at == 5.0
    assert (seen.kind, seen.address, seen.endpoint) == ("capture.reconnects", CLIENT.address, None)
    assert seen.facts == {
        "tries": 30,
        "seconds": 29.0,
        "pause": 1.0,
        "port": 443,
        "peer": "52.1.2.3",
    }
    assert seen.proofs[0].frames == tuple(range(10, 40))


def knocks(port: int, count: int, scans: Scans | None = None) -> Scans:
    scans = scans or Scans()
    for number in range(count):
        scans.opening(CLIENT.address.packed, bytes((10, 0, 0, number)), port, 1.0, 100 + number)
    return scans


def test_looking_for_telnet_is_told_apart_and_takes_fewer_hosts() -> None:
    (seen,) = scanning(knocks(2323, 10, knocks(23, 12)), "x.pcap", 0.25)
    assert seen.proofs[0].at == 0.75
    assert seen.facts == {
        "way": "wide",
        "ports": ("23", "2323"),
        "targets": 12,
        "answered": 0,
        "telnet": True,
    }
    assert seen.endpoint == Endpoint(CLIENT.address, "tcp", 23)
    assert seen.proofs[0].frames == tuple(range(100, 112))
    assert list(scanning(knocks(23, 7), "")) == []
    assert list(scanning(knocks(8080, 19), "")) == []
    (wide,) = scanning(knocks(8080, 20), "")
    assert (wide.facts["telnet"], wide.endpoint) == (False, None)


def test_many_ports_of_one_host() -> None:
    scans = Scans()
    for port in range(40):
        scans.opening(CLIENT.address.packed, SERVER.address.packed, port, 1.0, port)
    (seen,) = scanning(scans, "")
    assert (seen.facts["way"], seen.facts["target"]) == ("deep", "192.168.1.9")
    assert seen.proofs[0].frames == tuple(range(40))


def test_of_a_scan_as_many_tries_in_vain_are_cited_as_prove_it() -> None:
    scans = knocks(8080, 250)
    scans.answer(bytes((10, 0, 0, 0)), 8080, CLIENT.address.packed)
    (seen,) = scanning(scans, "")
    assert seen.proofs[0].frames == tuple(range(101, 141))


def test_a_name_that_stands_in_the_file_names_who_is_known_and_proves_nobody() -> None:
    listening_to = listener()
    known, unknown = CLIENT.address, ip_address("192.168.1.77")
    proof = Proof(NAMES)
    listening_to.sighting(Sighting("frames", (known,), "02:00:00:00:00:05", proof=proof))
    for address in (known, unknown):
        listening_to.sighting(Sighting(NAMES, (address,), None, ("lamp.lan",), proof=proof))
    own, named = listening_to.readings().witnesses
    assert (own.hearsay, named.hearsay) == (False, True)
    assert named.sighting.addresses == (known,)


def test_contacts_for_which_there_was_no_room_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds devices against MUD files must know that not all contacts were looked at."""
    monkeypatch.setattr(keeping, "MOST_CONTACTS", 1)
    full = listener()
    full.group(OUTSIDE, CLIENT.address, 0.0, 1)
    full.group(OUTSIDE, CLIENT.address, 1.0, 2)
    assert full.readings().gaps == ()
    full.group(SERVER, CLIENT.address, 2.0, 3)
    (gap,) = full.readings().gaps
    assert gap.reason.startswith("1 conversation was left out")
    assert set(full.readings().contacts) == {(CLIENT.address, OUTSIDE)}


def test_ports_for_which_there_was_no_room_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_ANSWERS", 1)
    full = listener()
    for port in (23, 23, 80):
        full.answer(Endpoint(SERVER.address, "tcp", port), CLIENT.address, 0.0, port)
    full.answer(OUTSIDE, CLIENT.address, 0.0, 443)  # nobody's service here
    (gap,) = full.readings().gaps
    assert gap.reason.startswith("1 answer of a port was")
    assert [place.port for place in full.readings().answers] == [23]


def test_hours_are_those_in_which_somebody_spoke() -> None:
    ear = listener()
    for began in (0.0, 60.0, 7200.0, 9_000_000.0):
        ear.talk(replace(talk(), began=began))
    readings = ear.readings()
    assert readings.hours == 3
    assert joined([later(readings, 3600.0), readings]).hours == 6
