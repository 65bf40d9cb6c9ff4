"""From frames to transcripts and announcements: who is the client, what is heard."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotscan.capture import flows, making, table
from iotscan.capture.making import Connection, ip_frame, udp_frame
from iotscan.capture.udp import MOST_DATAGRAMS
from iotscan.model import Endpoint, Transcript

Read = Callable[..., Any]
Pcap = Callable[..., bytes]


def place(address: str, port: int, transport: Any = "tcp") -> Endpoint:
    return Endpoint(ip_address(address), transport, port)


def telnet(client: str = "192.168.1.5", server: str = "192.168.1.9") -> list[bytes]:
    talk = Connection(place(client, 40_000), place(server, 23))
    return [
        *talk.opened(),
        *talk.said(False, b"login: "),
        *talk.said(True, b"root\r\n"),
        *talk.closed(),
    ]


@pytest.mark.parametrize(
    ("client", "server"), [("192.168.1.5", "192.168.1.9"), ("fd00::5", "fd00::9")]
)
def test_a_connection_becomes_a_transcript(
    client: str, server: str, read: Read, pcap: Pcap
) -> None:
    heard = read(pcap(telnet(client, server)))
    (talk,) = heard.talks
    assert talk.service.endpoint == place(server, 23)
    assert talk.client == place(client, 40_000)
    assert [(t.sender, t.data, t.frame) for t in talk.turns] == [
        ("server", b"login: ", 4),
        ("client", b"root\r\n", 5),
    ]
    assert (talk.probe, talk.note) == ("capture", "")
    assert heard.answers == [(place(server, 23), ip_address(client), 0.001, 2)]
    assert (heard.facts.frames, heard.facts.damage) == (8, "")


def test_only_the_end_of_a_connection_is_no_connection(read: Read, pcap: Pcap) -> None:
    heard = read(pcap(telnet()[-3:]))
    assert heard.talks == []


def test_what_comes_again_after_the_end_is_not_heard_again(read: Read, pcap: Pcap) -> None:
    frames = telnet()
    assert len(read(pcap([*frames, frames[3], frames[4]])).talks) == 1
    assert len(read(pcap([*frames, *frames])).talks) == 2


@pytest.mark.parametrize(
    ("first", "second", "server"),
    [
        (40_000, 80, 80),
        (80, 40_000, 80),
        (40_000, 8883, 8883),
        (8883, 40_000, 8883),
        (52_593, 44_818, 44_818),
        (44_818, 52_593, 44_818),
        (5000, 6000, 6000),
    ],
)
def test_who_serves_is_guessed_from_ports_where_the_beginning_is_missing(
    first: int, second: int, server: int, read: Read, pcap: Pcap
) -> None:
    talk = Connection(place("10.0.0.1", first), place("10.0.0.2", second))
    heard = read(pcap(talk.said(True, b"hello")), usual=frozenset({44_818}))
    assert heard.talks[0].service.endpoint.port == server
    doubt = "" if server == 44_818 else ", who asked is a guess"
    assert heard.talks[0].note == f"starts mid-stream{doubt}"


def test_who_asked_is_no_guess_once_an_opening_was_seen(read: Read, pcap: Pcap) -> None:
    talk = Connection(place("10.0.0.1", 5000), place("10.0.0.2", 6000))
    late = talk.opened()[1:]  # the server's answer alone
    assert read(pcap([*late, *talk.said(True, b"hello")])).talks[0].note == "starts mid-stream"


def test_an_answered_opening_without_the_opening_tells_who_serves(read: Read, pcap: Pcap) -> None:
    talk = Connection(place("10.0.0.1", 80), place("10.0.0.2", 40_000))
    frames = [*talk.opened()[1:], *talk.said(True, b"hello")]
    heard = read(pcap(frames))
    assert heard.talks[0].service.endpoint == place("10.0.0.2", 40_000)


def test_a_port_used_again_is_another_connection(read: Read, pcap: Pcap) -> None:
    frames = telnet()[:-3] * 2
    assert [len(talk.turns) for talk in read(pcap(frames)).talks] == [2, 2]


def ask(data: bytes = b"?", *, to: str = "10.0.0.2", port: int = 4000, at: int = 53) -> bytes:
    return udp_frame(place("10.0.0.1", port, "udp"), place(to, at, "udp"), data)


def answer(data: bytes = b"!", *, source: str = "10.0.0.2", at: int = 53) -> bytes:
    return udp_frame(place(source, at, "udp"), place("10.0.0.1", 4000, "udp"), data)


def test_datagrams_become_an_exchange(read: Read, pcap: Pcap) -> None:
    (talk,) = read(pcap([ask(), answer()])).talks
    assert talk.service.endpoint == place("10.0.0.2", 53, "udp")
    assert [(turn.sender, turn.data) for turn in talk.turns] == [("client", b"?"), ("server", b"!")]


def test_long_silence_makes_another_exchange(read: Read, pcap: Pcap) -> None:
    assert len(read(pcap([ask(), ask()], step=121)).talks) == 2
    assert len(read(pcap([ask(), ask()], step=119)).talks) == 1


def test_announcements_are_handed_to_their_readers(read: Read, pcap: Pcap) -> None:
    arp = b"\xff" * 6 + b"\x02\0\0\0\0\7" + b"\x08\x06" + bytes(28)
    frames = [arp, ask(b"mdns", to="224.0.0.251", at=5353)]
    frames.append(ip_frame(ip_address("fe80::1"), ip_address("ff02::1"), 58, b"\x88" + bytes(23)))
    heard = read(pcap(frames))
    assert [(p.protocol, p.frame) for p in heard.packets] == [("arp", 1), ("mdns", 2), ("ndp", 3)]
    assert [p.source for p in heard.packets] == [
        None,
        ip_address("10.0.0.1"),
        ip_address("fe80::1"),
    ]
    assert heard.packets[0].mac == "02:00:00:00:00:07"
    assert heard.talks == []


def test_an_answer_to_what_was_asked_of_a_group_is_an_announcement_from_any_port(
    read: Read, pcap: Pcap
) -> None:
    search = ask(b"M-SEARCH", to="239.255.255.250", at=1900)
    heard = read(pcap([search, answer(b"HTTP/1.1 200 OK", at=49_152)]))
    assert [(p.protocol, p.data) for p in heard.packets] == [
        ("ssdp", b"M-SEARCH"),
        ("ssdp", b"HTTP/1.1 200 OK"),
    ]


def test_many_flows_at_once_are_bounded_and_the_report_knows(
    read: Read, pcap: Pcap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST_FLOWS", 16)
    frames = [ask(port=10_000 + n) for n in range(100)]
    for number in range(100):
        talk = Connection(place("10.0.0.1", 9000 + number), place("10.0.0.2", 80))
        frames += [talk.segment(True, making.SYN), *talk.said(True, b"GET / HTTP/1.1")]
    heard = read(pcap(frames))
    assert len(heard.talks) == 200
    # Of datagrams nothing is lost, nor where nothing was said.
    assert 80 <= heard.facts.flows_cut < 100
    opened = [
        Connection(place("10.0.0.1", 9000 + n), place("10.0.0.2", 80)).opened()[0]
        for n in range(100)
    ]
    assert read(pcap(opened)).facts.flows_cut == 0


def test_what_all_flows_hold_together_is_bounded(
    read: Read, pcap: Pcap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "MOST_HELD", 20_000)
    talks = [Connection(place("10.0.0.1", 9000 + n), place("10.0.0.2", 80)) for n in range(40)]
    frames = [segment for talk in talks for segment in talk.said(True, b"x" * 1000)]
    heard = read(pcap(frames))
    assert heard.facts.flows_cut > 0
    assert sum(len(turn.data) for talk in heard.talks for turn in talk.turns) == 40_000


def bulky(version: int) -> tuple[list[bytes], int]:
    client, server = ("10.0.0.1", "52.0.0.2") if version == 4 else ("fd00::1", "2600::2")
    film = Connection(place(client, 40_000), place(server, 80))
    frames = [*film.opened(), *film.said(True, b"GET /film")]
    for _ in range(200):
        frames += [*film.said(False, b"f" * 1400), film.segment(True, making.ACK)]
    frames += [*film.said(True, b"GET /next"), *film.said(False, b"next"), *film.closed()]
    return frames, len(frames)


@pytest.mark.parametrize("version", [4, 6])
def test_a_film_is_passed_over_and_what_follows_is_heard(
    version: int, read: Read, pcap: Pcap
) -> None:
    frames, count = bulky(version)
    heard = read(pcap(frames))
    assert [talk.turns[0].data for talk in heard.talks] == [b"GET /film", b"GET /next"]
    assert len(heard.talks[0].turns) < 60
    assert heard.talks[1].turns[1].data == b"next"
    assert heard.facts.frames == count


@pytest.mark.parametrize("version", [4, 6])
def test_datagrams_that_nobody_can_read_are_passed_over(
    version: int, read: Read, pcap: Pcap
) -> None:
    ends = ("10.0.0.1", "52.0.0.2") if version == 4 else ("fd00::1", "2600::2")
    frame = udp_frame(place(ends[0], 4000, "udp"), place(ends[1], 443, "udp"), b"q" * 900)
    heard = read(pcap([frame] * MOST_DATAGRAMS * 5), lambda _: False)
    assert len(heard.talks) == 1
    assert heard.facts.frames == MOST_DATAGRAMS * 5


def test_fragments_of_a_quiet_direction_do_not_confuse(read: Read, pcap: Pcap) -> None:
    frames, _ = bulky(4)
    odd = bytearray(frames[100])
    odd[20] |= 0x20
    heard = read(pcap([*frames[:100], bytes(odd), *frames[100:]]))
    assert [talk.turns[0].data for talk in heard.talks] == [b"GET /film", b"GET /next"]


def test_knocking_on_many_doors_is_counted(read: Read, pcap: Pcap) -> None:
    knocks = [
        Connection(place("192.168.1.7", 9000), place(f"10.0.{n}.1", 23)).opened() for n in range(30)
    ]
    frames = [knock[0] for knock in knocks] + knocks[0]
    scans = read(pcap(frames)).reader.scans
    ((source, port, tries),) = scans.wide_scans(20)
    assert (source, port, len(tries.targets), len(tries.answered)) == (
        ip_address("192.168.1.7").packed,
        23,
        30,
        1,
    )
    assert tries.frame == 1
    assert list(scans.wide_scans(31)) == []
    assert list(scans.deep_scans(2)) == []


def test_browsing_is_no_scanning_even_where_answers_are_not_in_the_capture(
    read: Read, pcap: Pcap
) -> None:
    frames = []
    for n in range(30):
        talk = Connection(place("192.168.1.7", 9000), place(f"52.0.{n}.1", 443))
        frames += [talk.segment(True, making.SYN), *talk.said(True, b"hello")]
    assert list(read(pcap(frames)).reader.scans.wide_scans(20)) == []


def test_many_ports_of_one_host(read: Read, pcap: Pcap) -> None:
    frames = [
        Connection(place("192.168.1.7", 9000), place("192.168.1.8", 1000 + n)).opened()[0]
        for n in range(50)
    ]
    scans = read(pcap(frames)).reader.scans
    ((source, target, tries),) = scans.deep_scans(40)
    assert (source[-1], target[-1], len(tries.targets)) == (7, 8, 50)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.binary(max_size=90), max_size=20), st.sampled_from([0, 1, 101, 105, 113, 276]))
def test_garbage_is_harmless(read: Read, pcap: Pcap, frames: list[bytes], link: int) -> None:
    ip = b"\x02" * 12 + b"\x08\x00\x45"
    heard = read(pcap([*frames, *(ip + frame for frame in frames)], link=link))
    assert heard.facts.frames == 2 * len(frames)
    assert all(isinstance(talk, Transcript) for talk in heard.talks)


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (195, b"\x41\x88" + bytes(20)),
        (105, b"\x08\x41\0\0" + bytes(18) + b"\x10\0" + bytes(30)),
        (127, b"\0\0\x08\0\0\0\0\0" + b"\x08\x42\0\0" + bytes(18) + b"\x10\0" + bytes(30)),
    ],
    ids=["802.15.4", "encrypted Wi-Fi", "encrypted Wi-Fi behind radiotap"],
)
def test_frames_that_cannot_be_looked_into_are_told(
    read: Read, pcap: Pcap, link: int, frame: bytes
) -> None:
    assert read(pcap([frame] * 3, link)).facts.unread_links == {link: 3}


def test_wifi_frames_that_carry_nothing_are_not_missed(read: Read, pcap: Pcap) -> None:
    beacon = b"\x80\0\0\0" + bytes(18) + b"\x10\0" + bytes(30)
    assert read(pcap([beacon], 105)).facts.unread_links == {}


@pytest.mark.parametrize("before", [0, 1])
def test_the_first_fragment_of_a_datagram_is_read_if_the_others_never_come(
    before: int, read: Read, pcap: Pcap
) -> None:
    asked = udp_frame(place("192.168.1.5", 40_000, "udp"), place("192.168.1.9", 53, "udp"), b"?")
    answer = udp_frame(
        place("192.168.1.9", 53, "udp"), place("192.168.1.5", 40_000, "udp"), bytes(1000)
    )
    first = answer[:14] + b"\x45\0\0\x64\0\1\x20\0" + answer[22:114]
    heard = read(pcap([asked] * before + [first] + [asked] * before))
    (talk,) = heard.talks
    frames = [1] if not before else [1, 3, 2]
    assert [turn.frame for turn in talk.turns] == frames
    assert [len(turn.data) for turn in talk.turns if turn.sender == "server"] == [72]
    assert sorted(turn.at for turn in talk.turns) == [turn.at for turn in talk.turns]


def test_a_datagram_that_the_capture_cut_is_read_and_noted(read: Read, pcap: Pcap) -> None:
    whole = udp_frame(
        place("192.168.1.5", 40_000, "udp"), place("192.168.1.9", 161, "udp"), bytes(80)
    )
    for frame, note, size in ((whole, "", 80), (whole[:90], "bytes are missing", 48)):
        (talk,) = read(pcap([frame])).talks
        assert (talk.note, len(talk.turns[0].data)) == (note, size)
