"""mDNS messages: zeroconf's own packets, broken ones, and names that lie in wait."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.dns import codec as dns
from iotscan.protocols.dns.codec import Question

# What a HomeKit bulb answers to a query for its type, made by hand: PTR, and in the additional
# section SRV, TXT and A with compressed names.
_HEAD = b"\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x03"
_TYPE = b"\x04_hap\x04_tcp\x05local\x00"
_PTR = _TYPE + b"\x00\x0c\x00\x01\x00\x00\x11\x94\x00\x0a" + b"\x07K\xc3\xbcche1\xc0\x0c"
_AT_INSTANCE = (len(_HEAD) + len(_TYPE) + 10).to_bytes(2, "big")
_INSTANCE = bytes([0xC0 | _AT_INSTANCE[0], _AT_INSTANCE[1]])
_SRV = (
    _INSTANCE + b"\x00\x21\x80\x01\x00\x00\x00\x78\x00\x0d\x00\x00\x00\x00\x1f\x90\x04bulb\xc0\x16"
)
_TXT_DATA = b"\x04sf=1\x04SF=0\x02md\x05x=y=z\x00\x02=v"
_TXT = (
    _INSTANCE + b"\x00\x10\x80\x01\x00\x00\x11\x94" + len(_TXT_DATA).to_bytes(2, "big") + _TXT_DATA
)
_A = b"\x04bulb\xc0\x16\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04\x0a\x00\x00\x07"
ANSWER = _HEAD + _PTR + _SRV + _TXT + _A


def test_an_answer_gives_its_records_with_compressed_names_resolved() -> None:
    message = dns.parse(ANSWER)
    assert message.response
    assert message.records == (
        dns.Pointer("_hap._tcp.local.", "Küche1._hap._tcp.local."),
        dns.Location("Küche1._hap._tcp.local.", "bulb.local.", 8080),
        dns.Text("Küche1._hap._tcp.local.", (("sf", b"1"), ("md", None), ("x", b"y=z"))),
        dns.HostAddress("bulb.local.", ip_address("10.0.0.7")),
    )


def test_the_first_of_a_repeated_txt_key_counts_whatever_its_case() -> None:
    text = dns.parse(ANSWER).records[2]
    assert isinstance(text, dns.Text)
    assert dict(text.pairs)["sf"] == b"1"


def test_a_query_reads_back_and_carries_id_and_unicast_wish() -> None:
    data = dns.query(
        [Question("_hap._tcp.local.", "PTR", unicast=True), Question("bulb.local.", "AAAA")], 0x6975
    )
    message = dns.parse(data)
    assert message.id == 0x6975
    assert not message.response
    assert message.questions == (
        Question("_hap._tcp.local.", "PTR", unicast=True),
        Question("bulb.local.", "AAAA"),
    )


@pytest.mark.parametrize(
    "question",
    [
        Question("a" * 64 + ".local.", "PTR"),
        Question("..local.", "PTR"),
        Question("", "A"),
        Question("bulb.local.", "NAPTR"),
    ],
    ids=["long-label", "empty-label", "no-name", "unknown-kind"],
)
def test_names_that_cannot_be_asked_for_are_malformed(question: Question) -> None:
    with pytest.raises(Malformed):
        dns.query([question])


def test_questions_that_do_not_fit_one_frame_are_malformed() -> None:
    with pytest.raises(Malformed, match="datagram"):
        dns.query([Question(f"instance-{i}._hap._tcp.local.", "SRV") for i in range(200)])


@pytest.mark.parametrize("data", [b"", b"\x00" * 11, b"HTTP/1.1 200 OK\r\n\r\n", bytes(9001)])
def test_what_is_not_mdns_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        dns.parse(data)


def test_a_pointer_to_itself_ends_the_message_and_keeps_what_stood_before() -> None:
    at = len(_HEAD) + len(_PTR)
    loop = bytes([0xC0 | at >> 8, at & 0xFF])
    message = dns.parse(_HEAD + _PTR + loop + _SRV[2:])
    assert message.records == (dns.Pointer("_hap._tcp.local.", "Küche1._hap._tcp.local."),)


@pytest.mark.parametrize("cut", range(len(_HEAD) + len(_PTR), len(ANSWER), 7))
def test_a_cut_answer_gives_what_came_before_the_cut(cut: int) -> None:
    whole = dns.parse(ANSWER).records
    records = dns.parse(ANSWER[:cut]).records
    assert records
    assert records == whole[: len(records)]


def test_an_answer_cut_in_its_first_record_is_malformed() -> None:
    with pytest.raises(Malformed):
        dns.parse(ANSWER[: len(_HEAD) + len(_PTR) - 1])


@given(st.binary(max_size=200))
def test_garbage_is_read_or_malformed(tail: bytes) -> None:
    try:
        dns.parse(_HEAD + tail)
    except Malformed:
        return


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Küche._hap._tcp.local.", ("Küche", "_hap._tcp")),
        ("Dr. Who's TV._AirPlay._tcp.local.", ("Dr. Who's TV", "_airplay._tcp")),
        ("_hap._tcp.local.", None),
        ("_printer._sub._http._tcp.local.", None),
        ("bulb.local.", None),
        ("", None),
    ],
)
def test_instances_are_split_from_the_end(name: str, parts: tuple[str, str] | None) -> None:
    assert dns.split_instance(name) == parts


def test_types_are_read_from_subtypes_too() -> None:
    assert dns.service_type("_hap._tcp.local.") == "_hap._tcp"
    assert dns.service_type("_S15._sub._Matterc._udp.local.") == "_matterc._udp"
    assert dns.service_type("bulb.local.") is None
