"""Answers from another port than the one that was asked belong to what was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conversing import udp

Read = Callable[..., Any]
Pcap = Callable[..., bytes]
ASK, BLOCK, TAKEN = b"\0\1boot.cfg\0octet\0", b"\0\3\0\1abc", b"\0\4\0\1"


def heard(read: Read, pcap: Pcap, frames: list[bytes]) -> list[tuple[int, list[bytes]]]:
    """(port of the server, what was said) of each conversation."""
    talks = read(pcap(frames)).talks
    return [(t.service.endpoint.port, [turn.data for turn in t.turns]) for t in talks]


def test_a_transfer_is_one_exchange_with_its_request(read: Read, pcap: Pcap) -> None:
    frames = udp(1069, ("c", ASK)) + udp(50_001, ("s", BLOCK), ("c", TAKEN))
    assert heard(read, pcap, frames) == [(1069, [ASK, BLOCK, TAKEN])]


def test_who_requests_is_the_client_whatever_the_ports(read: Read, pcap: Pcap) -> None:
    frames = udp(50_069, ("c", ASK), client_port=900)
    (talk,) = read(pcap(frames)).talks
    assert (talk.client.port, talk.service.endpoint.port) == (900, 50_069)


def test_transfers_at_the_same_time_are_kept_apart(read: Read, pcap: Pcap) -> None:
    other = BLOCK.replace(b"abc", b"xyz")
    frames = [
        *udp(69, ("c", ASK), client_port=40_001),
        *udp(69, ("c", ASK), client_port=40_002),
        *udp(50_002, ("s", other), client_port=40_002),
        *udp(50_001, ("s", BLOCK), client_port=40_001),
    ]
    assert heard(read, pcap, frames) == [(69, [ASK, BLOCK]), (69, [ASK, other])]


def test_others_that_speak_to_the_same_socket_are_others(read: Read, pcap: Pcap) -> None:
    stranger = udp(50_001, ("s", BLOCK), server="192.168.1.77")
    chatter = udp(50_002, ("s", b"no transfer at all"))
    assert len(heard(read, pcap, udp(69, ("c", ASK)) + stranger + chatter)) == 3


def test_what_nobody_requested_is_an_exchange_of_its_own(read: Read, pcap: Pcap) -> None:
    frames = udp(69, ("c", b"\0\1no mode\0")) + udp(50_001, ("s", BLOCK), ("c", TAKEN))
    assert [said for _, said in heard(read, pcap, frames)] == [[b"\0\1no mode\0"], [BLOCK, TAKEN]]
