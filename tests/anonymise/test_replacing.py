"""Addresses, MACs and words: what their replacements keep, and what they do not."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.anonymise.addresses import KEPT, SAME, Addresses
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs
from iotscan.anonymise.words import Words

KEY = Key(b"of these tests")
MACS = Macs(KEY, keep_vendor=False)
SPECIAL = (*SAME, *KEPT)


def addresses(key: Key = KEY) -> Addresses:
    return Addresses(key, Macs(key, keep_vendor=False))


ONE = addresses()


def shared_bits(a: bytes, b: bytes) -> int:
    """How many bits two addresses have in common from the first on."""
    bits = 8 * len(a)
    return bits - (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_length()


def plain(raw: bytes) -> bool:
    """Whether it is an address that is no group and holds no other one."""
    address = ip_address(raw)
    return not (
        address.is_multicast
        or raw[11:13] == b"\xff\xfe"
        or any(
            address in ip_network(net)
            for net in ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32")
        )
    )


@given(st.binary(min_size=4, max_size=4), st.integers(0, 31), st.binary(min_size=4, max_size=4))
def test_ipv4_addresses_share_as_many_bits_as_before(first: bytes, at: int, other: bytes) -> None:
    mask = (1 << (32 - at)) - 1
    near = int.from_bytes(first, "big") & ~mask | int.from_bytes(other, "big") & mask
    second = near.to_bytes(4, "big")
    assert shared_bits(ONE(first), ONE(second)) == shared_bits(first, second)


@given(
    st.binary(min_size=16, max_size=16), st.integers(0, 127), st.binary(min_size=16, max_size=16)
)
def test_ipv6_addresses_share_as_many_bits_as_before(first: bytes, at: int, other: bytes) -> None:
    mask = (1 << (128 - at)) - 1
    near = int.from_bytes(first, "big") & ~mask | int.from_bytes(other, "big") & mask
    second = near.to_bytes(16, "big")
    if plain(first) and plain(second):
        assert shared_bits(ONE(first), ONE(second)) == shared_bits(first, second)


@pytest.mark.parametrize("net", SPECIAL, ids=str)
@given(data=st.data())
def test_an_address_stays_in_its_range(data: st.DataObject, net: object) -> None:
    network = ip_network(str(net))
    number = data.draw(st.integers(0, network.num_addresses - 1))
    new = ip_address(ONE(network[number].packed))
    assert new in network
    if network in SAME and not str(new).startswith("ff02::1:ff"):
        assert new == network[number]


@given(st.integers(0, 2**32 - 1))
def test_nobody_else_gets_into_a_range_with_a_meaning(number: int) -> None:
    address = IPv4Address(number)
    inside = [net for net in SPECIAL if net.version == 4 and address in net]
    new = ip_address(ONE(address.packed))
    assert [net for net in SPECIAL if net.version == 4 and new in net] == inside


def test_what_is_replaced_is_replaced_by_something_else() -> None:
    home = [f"192.168.1.{n}" for n in range(1, 50)] + [f"fd00:1::{n:x}" for n in range(1, 50)]
    new = {str(ip_address(ONE(ip_address(text).packed))) for text in home}
    assert len(new) == len(home)
    assert not new & set(home)


def test_another_key_gives_other_addresses_and_the_same_key_the_same() -> None:
    raw = IPv4Address("192.168.1.7").packed
    assert addresses()(raw) == ONE(raw)
    assert addresses(Key(b"another"))(raw) != ONE(raw)


def test_a_mac_inside_an_address_is_the_same_mac_outside() -> None:
    mac = bytes.fromhex("0017882476ff")
    mapping = addresses()
    address = mapping(IPv6Address("2a00:1::217:88ff:fe24:76ff").packed)
    new = MACS(mac)
    assert address[8:] == bytes([new[0] ^ 2]) + new[1:3] + b"\xff\xfe" + new[3:]
    link = mapping(IPv6Address("fe80::217:88ff:fe24:76ff").packed)
    assert link[8:] == address[8:]


def test_the_group_that_is_made_of_an_address_follows_it() -> None:
    mapping = addresses()
    new = mapping(IPv6Address("2a00:1::abcd").packed)
    group = mapping(IPv6Address("ff02::1:ff00:abcd").packed)
    assert group[:13] == IPv6Address("ff02::1:ff00:0").packed[:13]
    assert group[13:] == new[13:]


@pytest.mark.parametrize(
    ("holding", "at"),
    [("::ffff:192.168.1.7", 12), ("64:ff9b::c0a8:107", 12), ("2002:c0a8:107::1", 2)],
)
def test_an_ipv4_address_inside_an_ipv6_address_is_the_same_outside(holding: str, at: int) -> None:
    raw = IPv6Address(holding).packed
    new = ONE(raw)
    assert new[at : at + 4] == ONE(IPv4Address("192.168.1.7").packed)
    assert new[:at] == raw[:at]


def test_a_teredo_address_holds_those_of_server_and_client() -> None:
    client, server = IPv4Address("192.0.2.45").packed, IPv4Address("65.54.227.120").packed
    turned = bytes(byte ^ 0xFF for byte in client)
    new = ONE(IPv6Address("2001::").packed[:4] + server + b"\x80\0\x63\xbf" + turned)
    assert new[:4] == b"\x20\x01\0\0"
    assert new[4:8] == ONE(server)
    assert new[8:12] == b"\x80\0\x63\xbf"
    assert bytes(byte ^ 0xFF for byte in new[12:]) == ONE(client)


@given(st.sets(st.binary(min_size=6, max_size=6), min_size=2, max_size=40), st.booleans())
def test_macs_stay_apart_and_keep_what_they_are(found: set[bytes], keep: bool) -> None:
    macs = Macs(KEY, keep_vendor=keep)
    new = {mac: macs(mac) for mac in found}
    assert len(set(new.values())) == len(found)
    for old, mac in new.items():
        assert mac[0] & 3 == old[0] & 3
        if old[0] & 1 or old in (bytes(6), b"\xff" * 6):
            assert mac == old
        elif keep and not old[0] & 2:
            assert mac[:3] == old[:3]


def test_no_made_up_mac_is_of_a_known_maker() -> None:
    asked: list[str] = []

    def registered(mac: str) -> bool:
        asked.append(mac)
        return len(asked) < 4

    new = Macs(KEY, keep_vendor=False, registered=registered)(bytes.fromhex("0017882476ff"))
    assert len(asked) == 4
    assert new.hex(":") == asked[-1]


WORDS = Words(KEY)


@given(st.binary(max_size=64))
def test_a_word_keeps_its_length_and_make_up(text: bytes) -> None:
    new = WORDS.word(text)
    assert len(new) == len(text)
    for old, byte in zip(text, new, strict=True):
        if not bytes([old]).isalnum() and old < 0x80:
            assert byte == old
        assert byte < 0x80


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (b"Kitchen-Lamp-12", rb"[A-Z][a-z]{6}-[A-Z][a-z]{3}-\d\d"),
        (b"DEADBEEF01", rb"[0-9A-F]{10}"),
        (
            b"2f402f80-da50-11e1-9b23-0017882476ff",
            rb"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}",
        ),
        (b"Annas-iPhone", rb"[A-Z][a-z]{3}s-iPhone"),
        (b"Anna's iPhone", rb"[A-Z][a-z]{3}'s iPhone"),
        ("Büro".encode(), rb"[A-Z][a-z]{4}"),
    ],
)
def test_forms_of_words(text: bytes, form: bytes) -> None:
    import re

    new = WORDS.word(text)
    assert re.fullmatch(form, new)
    assert new != text


def test_upper_and_lower_case_are_one_name() -> None:
    assert WORDS.word(b"LAMP").lower() == WORDS.word(b"lamp")


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        (b"api.vendor.com", (False, False, True)),
        (b"lamp.local", (False, True)),
        (b"_hue._tcp.local", (True, True, True)),
        (b"lamp", (False,)),
        (b"vendor.com.", (False, True, True)),
    ],
)
def test_names_label_by_label(name: bytes, stays: tuple[bool, ...]) -> None:
    new = WORDS.name(name).split(b".")
    old = name.split(b".")
    assert tuple(a == b for a, b in zip(old, new, strict=True)) == stays
    if len(stays) > 1:
        assert WORDS.name(b"www." + name).endswith(b"." + WORDS.name(name))


def test_a_uuid_that_ends_in_no_mac_does_not_end_in_one() -> None:
    for node in (b"c3ea3f07ceed", b"00ea3f07ceed", b"02ea3f07ceed", b"C1EA3F07CEED"):
        new = WORDS.word(b"ff78be04-1dd1-11b2-8a24-" + node)
        assert new[14:15] + new[19:20] == b"18"
        assert int(new[25:26], 16) & 3 == int(node[1:2], 16) & 3
        assert new[24:] != node
    assert WORDS.name(b"ocsp09.vendor.it").startswith(b"ocsp09.")
