"""Messages of known form: what is none is told, and none is too odd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.anonymise import leases, names, neighbours, wire
from iotscan.anonymise.book import Book
from iotscan.anonymise.job import book_for
from iotscan.anonymise.wish import Wish

MAC = b"\x00\x17\x88\x01\x02\x03"


def book() -> Book:
    made = book_for(Wish(b"k"))
    made.macs(MAC)
    made.close()
    return made


LAYERS = [("udp", port) for port in (53, 5353, 137, 67, 547)] + [("ether", 0x0806), ("ip", 58)]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
@given(
    st.sampled_from([b"", b"\0\0\x84\0\0\1\0\1\0\0\0\0", b"\x03\1\2\3", b"\x8f\0\0\0\0\0\0\2"]),
    st.binary(max_size=120),
)
def test_the_length_stays_or_it_is_no_message(
    layer: tuple[str, int], head: bytes, rest: bytes
) -> None:
    new = wire.heard(layer, head + rest, book())
    assert new is None or len(new) == len(head + rest)


def test_labels_behind_pointers_are_replaced_once() -> None:
    name = b"\x07kitchen\x05local\0"
    message = b"\0\0\x84\0\0\0\0\2\0\0\0\0" + name + b"\0\x10\x80\1\0\0\0\x78\0\x0c\x0bowner=Anna!"
    message += b"\xc0\x0c\0\x0c\0\1\0\0\0\x78\0\2\xc0\x0c"
    made = book()
    new = names.dns(message, made)
    assert new is not None
    assert new[12:20] == b"\7" + made.words.word(b"kitchen")
    assert new[-2:] == b"\xc0\x0c"
    assert b"\x05local" in new


def test_a_pointer_that_leads_forward_is_no_name() -> None:
    assert names.dns(b"\0\0\0\0\0\1\0\0\0\0\0\0\xc0\x20\0\1\0\1", book()) is None


def test_netbios_names_keep_their_encoding() -> None:
    plain = b"KITCHEN".ljust(15) + b"\0"
    label = bytes(part for byte in plain for part in (65 + (byte >> 4), 65 + (byte & 15)))
    asked = b"\0\1\1\x10\0\1\0\0\0\0\0\0\x20" + label + b"\0\0\x20\0\1"
    made = book()
    new = names.netbios(asked, made)
    assert new is not None
    inside = bytes((a - 65) << 4 | b - 65 for a, b in zip(new[13:45:2], new[14:45:2], strict=True))
    assert inside == made.words.word(b"kitchen").upper().ljust(15) + b"\0"
    wildcard = b"\0\1\0\0\0\1\0\0\0\0\0\0\x20CK" + b"A" * 30 + b"\0\0\x21\0\1"
    assert names.netbios(wildcard, made) == wildcard


def test_dhcpv6_holds_addresses_in_options_in_options() -> None:
    address = b"\xfd\0" + bytes(13) + b"\x07"
    inner = b"\0\5\0\x18" + address + bytes(8)
    full = b"\0\x27\0\x0a\0\7kitchen\0"
    message = b"\3abc\0\1\0\x0a\0\3\0\1" + MAC + b"\0\3\0\x28" + bytes(12) + inner + full
    made = book()
    new = leases.dhcpv6(message, made)
    assert new is not None
    assert made.addresses(address) in new
    assert address not in new
    assert MAC not in new
    assert made.macs(MAC) in new
    assert b"kitchen" not in new
    assert leases.dhcpv6(b"\x0e" + message, made) is None
    assert leases.dhcp(message, made) is None


def test_reports_of_listeners_keep_groups_and_replace_sources() -> None:
    made = book()
    group, source = bytes((224, 0, 0, 251)), bytes((192, 168, 1, 7))
    report = b"\x22\0\0\0\0\0\0\1" + b"\6\0\0\1" + group + source
    new = neighbours.igmp(report, made)
    assert new[12:16] == group
    assert new[16:] == made.addresses(source)
    six = b"\x8f\0\0\0\0\0\0\1" + b"\4\0\0\0\xff\2" + bytes(12) + b"\0\xfb"
    assert neighbours.icmpv6(six, made) == six


def test_router_advertisements_tell_the_new_prefix() -> None:
    prefix = b"\x2a\0\1\2\3\4\5\6" + bytes(8)
    advert = b"\x86" + bytes(15) + b"\3\4\x40\xc0" + bytes(12) + prefix
    made = book()
    new = neighbours.icmpv6(advert, made)
    host = made.addresses(prefix[:8] + b"\0\0\0\0\0\0\0\x09")
    assert new[32:40] == host[:8]
    assert new[40:] == bytes(8)


def test_an_answer_of_nothing_but_a_head_stays_one() -> None:
    refused = b"\x77\xfc\x8c\x04" + bytes(8)
    assert names.dns(refused + b"\1\2", book()) == refused + bytes(2)
    assert names.dns(refused + b"kitchen", book()) is None
