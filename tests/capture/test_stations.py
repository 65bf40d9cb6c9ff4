"""Who is on the link, and with which addresses; who only forwards."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.capture.making import mac_of, udp_frame
from iotscan.model import Endpoint

Read = Callable[..., Any]
Pcap = Callable[..., bytes]


def place(address: str, port: int, transport: Any = "tcp") -> Endpoint:
    return Endpoint(ip_address(address), transport, port)


def ask(data: bytes = b"?", *, to: str = "10.0.0.2", port: int = 4000, at: int = 53) -> bytes:
    return udp_frame(place("10.0.0.1", port, "udp"), place(to, at, "udp"), data)


def answer(data: bytes = b"!", *, source: str = "10.0.0.2", at: int = 53) -> bytes:
    return udp_frame(place(source, at, "udp"), place("10.0.0.1", 4000, "udp"), data)


def macs(heard: Any) -> dict[str | None, set[str]]:
    found: dict[str | None, set[str]] = {}
    for sighting in heard.sightings:
        found.setdefault(sighting.mac, set()).update(map(str, sighting.addresses))
    return found


def test_stations_with_the_addresses_that_are_their_own(read: Read, pcap: Pcap) -> None:
    router = mac_of(ip_address("192.168.1.1"))
    inside, outside = place("192.168.1.5", 4000, "udp"), place("8.8.8.8", 53, "udp")
    back = bytearray(udp_frame(outside, inside, b"x"))
    back[6:12] = router
    heard = read(pcap([udp_frame(inside, outside, b"x"), bytes(back)]))
    assert macs(heard) == {
        mac_of(inside.address).hex(":"): {"192.168.1.5"},
        router.hex(":"): set(),
    }


def test_a_router_has_none_of_the_addresses_it_forwards_for(read: Read, pcap: Pcap) -> None:
    frames = [bytearray(ask(to=f"10.0.1.{n}")) for n in range(3)]
    for number, frame in enumerate(frames):
        frame[26:30] = bytes((10, 0, 2, number))
    mac = mac_of(ip_address("10.0.0.1")).hex(":")
    assert macs(read(pcap(map(bytes, frames))))[mac] == set()


def test_who_speaks_to_a_group_on_the_link_is_on_it(read: Read, pcap: Pcap) -> None:
    frames = [ask(), ask(to="224.0.0.251", at=9999)]
    other = bytearray(ask())
    other[26:30] = bytes((10, 9, 9, 9))
    mac = mac_of(ip_address("10.0.0.1")).hex(":")
    assert macs(read(pcap([*frames, bytes(other)])))[mac] == {"10.0.0.1"}


def test_lone_public_addresses_count_only_where_nobody_has_a_private_one(
    read: Read, pcap: Pcap
) -> None:
    public = [place("81.1.1.1", 4000, "udp"), place("82.2.2.2", 53, "udp")]
    only = [udp_frame(public[0], public[1], b"x"), udp_frame(public[1], public[0], b"x")]
    assert all(macs(read(pcap(only))).values())
    found = macs(read(pcap([*only, ask()])))
    assert found[mac_of(public[0].address).hex(":")] == set()
    forwarded = bytearray(only[0])
    forwarded[22] = 57
    found = macs(read(pcap([bytes(forwarded), only[1]])))
    assert found[mac_of(public[0].address).hex(":")] == set()


def test_frames_without_a_mac_give_addresses_alone(read: Read, pcap: Pcap) -> None:
    heard = read(pcap([ask()[14:], answer()[14:]], link=101))
    assert macs(heard) == {None: {"10.0.0.1", "10.0.0.2"}}


def test_whoever_takes_a_hop_off_only_forwards(read: Read, pcap: Pcap) -> None:
    first = udp_frame(place("10.1.1.10", 5000, "udp"), place("10.2.2.2", 6000, "udp"), b"x")
    router = bytes.fromhex("020000000001")
    passed = first[:6] + router + first[12:22] + bytes([first[22] - 1]) + first[23:]
    for frames in ([first, passed], [passed, first]):
        found = {(s.mac, a) for s in read(pcap(frames)).sightings for a in s.addresses}
        assert found == {(mac_of(ip_address("10.1.1.10")).hex(":"), ip_address("10.1.1.10"))}


@pytest.mark.parametrize(
    ("own", "passed"),
    [
        ([64], [63]),
        ([64], [254]),
        ([128], [127, 254]),
        ([1, 64], [63]),
        ([4], [63]),
        ([30], [29]),
        ([60], [59]),
        ([64], [60]),
        ([255, 1, 64], [63, 62]),
    ],
    ids=str,
)
def test_the_station_is_who_sends_as_systems_do_not_who_has_most_hops_left(
    read: Read, pcap: Pcap, own: list[int], passed: list[int]
) -> None:
    first = udp_frame(place("10.1.1.10", 5000, "udp"), place("10.2.2.2", 6000, "udp"), b"x")
    station, router = first[6:12], bytes.fromhex("020000000001")

    def sent(mac: bytes, hops: int) -> bytes:
        return first[:6] + mac + first[12:22] + bytes([hops]) + first[23:]

    frames = [sent(station, hops) for hops in own] + [sent(router, hops) for hops in passed]
    for order in (frames, frames[::-1]):
        found = macs(read(pcap(order)))
        assert found == {station.hex(":"): {"10.1.1.10"}, router.hex(":"): set()}


@pytest.mark.parametrize(
    ("hops", "near"),
    [(1, True), (2, True), (4, True), (30, True), (32, True), (60, True), (64, True), (128, True),
     (255, True), (29, False), (58, False), (63, False), (117, False), (254, False)],
)  # fmt: skip
def test_a_public_address_is_a_station_s_own_unless_its_packets_were_forwarded(
    read: Read, pcap: Pcap, hops: int, near: bool
) -> None:
    frame = udp_frame(place("81.1.1.1", 4000, "udp"), place("239.255.255.250", 1900, "udp"), b"x")
    found = macs(read(pcap([frame[:22] + bytes([hops]) + frame[23:]])))
    assert found == {frame[6:12].hex(":"): {"81.1.1.1"} if near else set()}
