"""LLMNR, NetBIOS, LLDP, CDP and MNDP overheard: what hosts call themselves."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.discovery import cdp, lldp, llmnr, mikrotik, netbios
from iotscan.errors import Malformed
from iotscan.model import Observation, Packet, Sighting
from iotscan.protocols import netbios as netbios_codec
from iotscan.protocols.link import cdp as cdp_codec
from iotscan.protocols.link import lldp as lldp_codec

SOURCE = ip_address("192.168.1.5")


def read(discoverer: Any, data: bytes, source: Any = SOURCE) -> list[Any]:
    packet = Packet("p1", 0.0, discoverer.name, data, source, "a4:2b:b0:00:00:01", frame=3)
    return list(discoverer.read(packet))


def names(found: list[Any]) -> tuple[str, ...]:
    return tuple(n for item in found if isinstance(item, Sighting) for n in item.names)


def encoded(name: str, suffix: int) -> bytes:
    raw = name.encode().ljust(15) + bytes([suffix])
    return b"\x20" + b"".join(bytes([0x41 + (b >> 4), 0x41 + (b & 15)]) for b in raw) + b"\0"


def registration(name: str, suffix: int, flags: int = 0) -> bytes:
    head = b"\0\1\x29\x10\0\1\0\0\0\0\0\1" + encoded(name, suffix) + b"\0\x20\0\1"
    return head + b"\xc0\x0c\0\x20\0\1\0\0\0\0\0\6" + bytes([flags, 0]) + SOURCE.packed


def test_netbios_registration_is_the_sender_s_own_name() -> None:
    found = read(netbios.DISCOVERER, registration("ANNAS-PC", 0))
    assert names(found) == ("ANNAS-PC",)
    kinds = [item.kind for item in found if isinstance(item, Observation)]
    assert kinds == ["netbios.name", "device.name"]


@pytest.mark.parametrize(
    "data",
    [
        registration("WORKGROUP", 0, flags=0x80),
        registration("WORKGROUP", 0x1E),
        b"\0\1\x01\x10\0\1\0\0\0\0\0\0" + encoded("SOMEBODY", 0x20) + b"\0\x20\0\1",
        b"",
        registration("LAMP", 0)[:40],
    ],
    ids=["group", "election", "query for another", "empty", "cut"],
)
def test_other_netbios_names_are_not_the_sender_s(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert not any(name.suffix == 0 and not name.group for name in netbios_codec.names(data))
    assert read(netbios.DISCOVERER, data) == []


def test_netbios_answers_and_datagrams_name_their_sender() -> None:
    answer = b"\0\1\x85\0\0\0\0\1\0\0\0\0" + encoded("NAS", 0x20) + b"\0\x20\0\1\0\0\0\0\0\6\0\0"
    assert names(read(netbios.DISCOVERER, answer + SOURCE.packed)) == ("NAS",)
    status = b"\0\1\x84\0\0\0\0\1\0\0\0\0" + encoded("*", 0) + b"\0\x21\0\1\0\0\0\0\0\x25\2"
    entries = b"NAS            \0\x04\0" + b"WORKGROUP      \0\x84\0"
    assert names(read(netbios.DISCOVERER, status + entries)) == ("NAS",)
    datagram = b"\x11\x0a\0\1" + SOURCE.packed + b"\0\x8a\0\xbb\0\0" + encoded("DOORPC", 0x20)
    assert names(read(netbios.DISCOVERER, datagram + encoded("WORKGROUP", 0x1D))) == ("DOORPC",)


def llmnr_answer(address: str, flags: bytes = b"\x80\0") -> bytes:
    name = b"\4lamp\0"
    head = b"\0\1" + flags + b"\0\1\0\1\0\0\0\0" + name + b"\0\1\0\1"
    return head + name + b"\0\1\0\1\0\0\0\x1e\0\4" + ip_address(address).packed


def test_llmnr_answer_for_oneself() -> None:
    assert names(read(llmnr.DISCOVERER, llmnr_answer("192.168.1.5"))) == ("lamp",)


def test_llmnr_answer_for_another_address_and_questions_say_nothing() -> None:
    assert read(llmnr.DISCOVERER, llmnr_answer("192.168.1.6")) == []
    assert read(llmnr.DISCOVERER, llmnr_answer("192.168.1.5", b"\0\0")) == []
    assert read(llmnr.DISCOVERER, b"\0") == []


def field(kind: int, body: bytes) -> bytes:
    return (kind << 9 | len(body)).to_bytes(2, "big") + body


LLDP = (
    field(1, b"\4" + bytes.fromhex("001122334455"))
    + field(2, b"\5eth0")
    + field(3, b"\0\x78")
    + field(5, b"switch-1")
    + field(6, b"Linux 5.4")
    + field(7, b"\0\x14\0\x14")
    + field(8, b"\5\1" + SOURCE.packed + b"\2\0\0\0\1\0")
    + field(127, b"\0\x12\xbb\x0aModel X")
    + field(0, b"")
)


def test_lldp_tells_chassis_name_kind_and_where_it_is_managed() -> None:
    (seen,) = read(lldp.DISCOVERER, LLDP, None)
    assert (seen.mac, seen.addresses, seen.names) == ("00:11:22:33:44:55", (SOURCE,), ("switch-1",))
    assert seen.traits == {"model": "Model X", "os": "Linux 5.4", "kind": "router"}


@pytest.mark.parametrize("data", [b"", LLDP[9:], LLDP[:28]], ids=["empty", "no chassis", "cut"])
def test_broken_lldp_says_nothing(data: bytes) -> None:
    with pytest.raises(Malformed):
        lldp_codec.parse(data)
    assert read(lldp.DISCOVERER, data, None) == []


def numbered(kind: int, body: bytes, head: int = 0) -> bytes:
    return kind.to_bytes(2, "big") + (len(body) + head).to_bytes(2, "big") + body


def cdp_frame(*fields: tuple[int, bytes], version: int = 2) -> bytes:
    return bytes([version, 180, 0, 0]) + b"".join(numbered(*field, 4) for field in fields)


IPV4 = b"\1\1\xcc\0\4" + SOURCE.packed
IPV6 = b"\2\x08\xaa\xaa\3\0\0\0\x86\xdd\0\x10" + ip_address("fd00::5").packed
CDP = cdp_frame(
    (1, b"SEP001122334455"),
    (2, b"\0\0\0\2" + IPV4 + IPV6),
    (3, b"Port 1"),
    (4, b"\0\0\4\x90"),
    (5, b"SIP45.9-4"),
    (6, b"Cisco IP Phone 7941"),
)


def test_cdp_tells_name_kind_platform_and_addresses() -> None:
    (seen,) = read(cdp.DISCOVERER, CDP, None)
    assert (seen.names, seen.mac) == (("SEP001122334455",), "a4:2b:b0:00:00:01")
    assert seen.addresses == (SOURCE, ip_address("fd00::5"))
    platform = "Cisco IP Phone 7941"
    assert seen.traits == {"platform": platform, "os": "SIP45.9-4", "kind": "ip phone"}


@pytest.mark.parametrize(
    ("bits", "kind"),
    [(0x28, "network switch"), (0x01, "router"), (0x29, ""), (0x200, "camera"), (0x10, "")],
)
def test_cdp_s_capabilities_are_kinds_where_they_leave_no_doubt(bits: int, kind: str) -> None:
    (seen,) = read(cdp.DISCOVERER, cdp_frame((1, b"x"), (4, bits.to_bytes(4, "big"))), None)
    assert seen.traits.get("kind", "") == kind


def test_a_system_name_of_cdp_is_a_better_name_than_the_device_s_number() -> None:
    (seen,) = read(cdp.DISCOVERER, cdp_frame((1, b"SAL1234"), (0x14, b"hall-switch")), None)
    assert seen.names == ("hall-switch",)


@pytest.mark.parametrize(
    "data",
    [b"", CDP[:-1], cdp_frame((6, b"x")), cdp_frame((1, b"x"), version=3), CDP[:4] + b"\0\1\0\3"],
    ids=["empty", "cut", "nobody", "version", "length"],
)
def test_broken_cdp_says_nothing(data: bytes) -> None:
    with pytest.raises(Malformed):
        cdp_codec.parse(data)
    assert read(cdp.DISCOVERER, data, None) == []


@pytest.mark.parametrize(
    "addresses",
    [b"\0\0\0\1" + b"\1\1\x81\0\4" + SOURCE.packed, b"\xff\xff\xff\xff" + IPV4[:7], b"\0\0"],
    ids=["of another protocol", "cut", "no count"],
)
def test_addresses_of_cdp_that_cannot_be_read_are_left(addresses: bytes) -> None:
    (seen,) = read(cdp.DISCOVERER, cdp_frame((1, b"x"), (2, addresses)), None)
    assert (seen.names, seen.addresses) == (("x",), ())


MNDP = b"\0\0\0\5" + b"".join(
    numbered(*field)
    for field in (
        (1, bytes.fromhex("a42bb0000001")),
        (5, b"attic"),
        (7, b"6.48.6 (long-term)"),
        (8, b"MikroTik"),
        (10, b"\1\0\0\0"),
        (11, b"ABCD-EFGH"),
        (12, b"RB750Gr3"),
    )
)


def test_mikrotik_tells_what_it_is() -> None:
    sighting, *seen = read(mikrotik.DISCOVERER, MNDP)
    assert (sighting.names, sighting.addresses) == (("attic",), (SOURCE,))
    assert sighting.traits == {
        "vendor": "MikroTik",
        "model": "RB750Gr3",
        "firmware": "6.48.6",
        "serial": "ABCD-EFGH",
    }
    facts = {one.kind: one.facts for one in seen}
    assert (facts["discovery.identifiers"]["mac"], facts["discovery.identifiers"]["serial"]) == (
        True,
        True,
    )
    assert facts["lan.device"]["protocol"] == "MNDP"


@pytest.mark.parametrize(
    "data", [b"\0\0\0\0", MNDP[:-1], MNDP[14:], MNDP[:14]], ids=["question", "cut", "?", "unnamed"]
)
def test_what_is_no_announcement_of_mikrotik_says_nothing(data: bytes) -> None:
    assert read(mikrotik.DISCOVERER, data) == []


@given(st.binary(max_size=200))
def test_garbage_is_harmless(data: bytes) -> None:
    others = lldp.DISCOVERER, llmnr.DISCOVERER, netbios.DISCOVERER
    for discoverer in (*others, cdp.DISCOVERER, mikrotik.DISCOVERER):
        read(discoverer, data)
    read(lldp.DISCOVERER, LLDP[:-2] + data, None)
    read(cdp.DISCOVERER, CDP + data, None)
    read(mikrotik.DISCOVERER, MNDP + data)
    read(netbios.DISCOVERER, registration("X", 0)[:50] + data)


def llmnr_question(name: bytes, kind: int) -> bytes:
    return b"\0\1\0\0\0\1\0\0\0\0\0\0" + bytes([len(name)]) + name + b"\0\0" + bytes([kind, 0, 1])


def test_who_asks_llmnr_for_any_record_makes_sure_of_its_own_name() -> None:
    assert names(read(llmnr.DISCOVERER, llmnr_question(b"hall", 255))) == ("hall",)


@pytest.mark.parametrize("kind", [1, 28, 12])
def test_who_looks_for_a_host_by_llmnr_is_not_called_so(kind: int) -> None:
    assert read(llmnr.DISCOVERER, llmnr_question(b"hall", kind)) == []


def test_an_llmnr_answer_for_a_link_local_address_of_one_s_own() -> None:
    address = ip_address("fe80::5")
    answer = b"\0\1\x80\0\0\0\0\1\0\0\0\0\x04lamp\0\0\x1c\0\1\0\0\0\x1e\0\x10" + address.packed
    assert names(read(llmnr.DISCOVERER, answer, ip_address("fe80::5%eth0"))) == ("lamp",)
    assert names(read(llmnr.DISCOVERER, answer, ip_address("fe80::6%eth0"))) == ()


MUD = b"https://maker.example/lamp.json"


def test_lldp_tells_the_mud_url() -> None:
    told = b"\x02\x07\x04\xa4\x2b\xb0\0\0\x01" + b"\x04\x02\x07\x31" + b"\x06\x02\0\x78"
    own = b"\0\0\x5e\x01" + MUD
    (seen,) = read(lldp.DISCOVERER, told + bytes([127 << 1, len(own)]) + own + b"\0\0")
    assert seen.traits == {"mud_url": MUD.decode()}
