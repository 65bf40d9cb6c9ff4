"""DHCP and DHCPv6 overheard: names, classes, and who was given which address."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery import dhcp, dhcpv6
from iotscan.errors import Malformed
from iotscan.model import Observation, Packet, Sighting
from iotscan.protocols.link import dhcp as codec
from iotscan.protocols.link import dhcpv6 as codec6

MAC = "a4:2b:b0:00:00:01"
RAW_MAC = bytes.fromhex(MAC.replace(":", ""))


def message(
    kind: int, *options: tuple[int, bytes], ciaddr: str = "0.0.0.0", yiaddr: str = "0.0.0.0"
) -> bytes:
    head = bytes([2 if kind in (2, 5, 6) else 1, 1, 6, 0]) + bytes(8)
    head += ip_address(ciaddr).packed + ip_address(yiaddr).packed + bytes(8)
    head += RAW_MAC.ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63"
    body = b"".join(bytes([code, len(data)]) + data for code, data in options)
    return head + bytes([53, 1, kind]) + body + b"\xff"


def read(data: bytes, source: str | None = None) -> list[Sighting | Observation]:
    address = ip_address(source) if source else None
    return list(dhcp.DISCOVERER.read(Packet("p1", 0.0, "dhcp", data, address, MAC, frame=7)))


def test_a_client_tells_its_name_and_how_its_stack_shows() -> None:
    (seen,) = read(
        message(3, (12, b"Kitchen-Cam"), (60, b"udhcp 1.19.4"), (55, bytes([1, 3, 6, 12])))
    )
    assert isinstance(seen, Sighting)
    assert (seen.mac, seen.addresses, seen.names) == (MAC, (), ("Kitchen-Cam",))
    assert seen.traits == {"dhcp_vendor_class": "udhcp 1.19.4", "dhcp_parameters": "1,3,6,12"}
    assert seen.proof.frames == (7,)


def test_a_client_with_an_address_is_observed() -> None:
    found = read(message(3, (12, b"Annas-iPhone"), ciaddr="192.168.1.5"), "192.168.1.5")
    kinds = {item.kind: item for item in found if isinstance(item, Observation)}
    assert kinds["dhcp.client"].facts == {"hostname": "Annas-iPhone"}
    assert kinds["dhcp.client"].address == ip_address("192.168.1.5")
    assert kinds["device.name"].facts["looks_personal"] is True


def test_an_acknowledgement_gives_the_address_to_the_client_not_to_the_server() -> None:
    (seen,) = read(message(5, yiaddr="10.0.0.9"), "10.0.0.1")
    assert isinstance(seen, Sighting)
    assert (seen.mac, seen.addresses) == (MAC, (ip_address("10.0.0.9"),))


@pytest.mark.parametrize("kind", [2, 6])
def test_an_offer_or_a_refusal_gives_nothing(kind: int) -> None:
    assert read(message(kind, yiaddr="10.0.0.9"), "10.0.0.1") == []


def test_a_full_name_comes_in_ascii_or_as_labels() -> None:
    for option in (b"\0\0\0lamp.home", b"\4\0\0\4lamp\4home\0"):
        (seen,) = read(message(1, (81, option)))
        assert isinstance(seen, Sighting)
        assert seen.names == ("lamp.home",)


def test_an_option_in_two_pieces_is_joined_and_padding_is_passed_over() -> None:
    (seen,) = read(message(1, (12, b"lamp-"), (0, b""), (12, b"1")))
    assert isinstance(seen, Sighting)
    assert seen.names[0].startswith("lamp-")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        message(1)[:239],
        message(1)[:236] + b"\0\0\0\0" + message(1)[240:],
        b"\3" + message(1)[1:],
        message(1)[:240] + b"\xff",
    ],
    ids=["empty", "cut", "BOOTP", "operation", "no type"],
)
def test_what_is_not_dhcp_says_nothing(data: bytes) -> None:
    with pytest.raises(Malformed):
        codec.parse(data)
    assert read(data) == []


def test_no_ethernet_no_client() -> None:
    data = bytearray(message(1, (12, b"x")))
    data[1] = 32
    assert read(bytes(data)) == []


def option6(code: int, body: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


DUID = option6(1, b"\0\1\0\1" + bytes(4) + RAW_MAC)
ONE_CARD = option6(1, b"\0\3\0\1" + RAW_MAC)
ASSOCIATION = b"\0\0\0\1" + bytes(8)


def leased(lifetime: int = 3600) -> bytes:
    body = ip_address("fd00::9").packed + bytes(4) + lifetime.to_bytes(4, "big")
    return option6(3, ASSOCIATION + option6(5, body))


def read6(data: bytes, source: str = "fe80::1") -> list[Any]:
    packet = Packet("p1", 0.0, "dhcpv6", data, ip_address(source), "02:00:00:00:00:09")
    return list(dhcpv6.DISCOVERER.read(packet))


def test_a_client_of_dhcpv6_is_known_by_its_frame_and_tells_its_name() -> None:
    data = b"\1\0\0\1" + DUID + option6(39, b"\0\4lamp\0") + option6(6, b"\0\x17\0\x18")
    seen, named = read6(data)
    assert (seen.mac, seen.addresses) == ("02:00:00:00:00:09", (ip_address("fe80::1"),))
    assert (seen.names, seen.traits) == (("lamp",), {"dhcpv6_options": "23,24"})
    assert named.facts["name"] == "lamp"


def test_a_reply_gives_addresses_to_the_mac_that_is_the_identifier() -> None:
    (seen,) = read6(b"\7\0\0\1" + ONE_CARD + leased(), "fe80::2")
    assert (seen.mac, seen.addresses) == (MAC, (ip_address("fd00::9"),))


def test_a_reply_gives_nothing_to_a_mac_that_the_client_once_made_its_identifier_of() -> None:
    """Computers keep the identifier over all their network cards."""
    assert read6(b"\7\0\0\1" + DUID + leased(), "fe80::2") == []


@pytest.mark.parametrize(
    ("kind", "lifetime", "held"),
    [(5, 3600, True), (6, 3600, True), (5, 0, True), (3, 3600, False), (1, 3600, False),
     (4, 3600, False)],
)  # fmt: skip
def test_a_client_that_renews_an_address_has_it(kind: int, lifetime: int, held: bool) -> None:
    (seen, *_) = read6(bytes([kind, 0, 0, 1]) + DUID + leased(lifetime))
    own = ["fe80::1", "fd00::9"] if held else ["fe80::1"]
    assert (seen.mac, [str(a) for a in seen.addresses]) == ("02:00:00:00:00:09", own)


def test_an_address_taken_back_is_not_given() -> None:
    assert read6(b"\7\0\0\1" + ONE_CARD + leased(0), "fe80::2") == []


def test_vendor_class_of_dhcpv6() -> None:
    body = b"\0\0\1\x37\0\7MSFT 5.0"[:-1]
    seen, *_ = read6(b"\1\0\0\1" + DUID + option6(16, body))
    assert seen.traits["dhcp_vendor_class"] == "MSFT 5."


@given(st.binary(max_size=400))
def test_garbage_is_harmless(data: bytes) -> None:
    for parse in (codec.parse, codec6.parse):
        try:
            parse(data)
        except Malformed:
            continue
    read(message(1)[:240] + data)
    read6(b"\7\0\0\1" + data)


def test_clients_tell_their_mud_url() -> None:
    url = b"https://maker.example/lamp.json"
    (seen,) = read(message(3, (161, url)))
    assert isinstance(seen, Sighting)
    assert seen.traits == {"mud_url": url.decode()}
    asked = b"\x01\0\0\1" + b"\0\6\0\2\0\x17" + b"\0\x70" + len(url).to_bytes(2, "big") + url
    packet = Packet("p1", 0.0, "dhcpv6", asked, ip_address("fe80::1"), MAC)
    (seen6,) = dhcpv6.DISCOVERER.read(packet)
    assert isinstance(seen6, Sighting)
    assert seen6.traits["mud_url"] == url.decode()
