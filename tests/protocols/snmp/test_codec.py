"""The SNMP codec against bytes of net-snmp 5.9 and against garbage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.common.overheard import MISSING
from iotscan.protocols.encodings import ber
from iotscan.protocols.snmp import codec as snmp
from iotscan.protocols.snmp.codec import Absent, Message, Pdu
from iotscan.protocols.snmp.reading import read_overheard
from iotscan.testing import captured

SYSTEM = "1.3.6.1.2.1.1."
ANSWER = bytes.fromhex(
    "305002010104067075626c6963a2430201010201000201003038301606082b06010201010200060a2b060104"
    "01bf0803020a301006082b0601020101050004046c616d70300c06082b060102010163008000"
)
# To a question in version 1 one of whose objects does not exist: noSuchName, nothing answered.
NO_SUCH_NAME = bytes.fromhex(
    "303402010004067075626c6963a227020102020102020102301c300c06082b060102010102000500300c0608"
    "2b060102010163000500"
)
REPORT = bytes.fromhex(
    "306d020103300f0202696f020300ffe30401000201030421301f041180001f8880cf2bbd1fef81016b000000"
    "000201010201010400040004003034041180001f8880cf2bbd1fef81016b000000000400a81d0202696f0201"
    "000201003011300f060a2b060106030f01010400410101"
)
ENGINE = bytes.fromhex("80001f8880cf2bbd1fef81016b00000000")
# A coldStart trap of version 1 (RFC 1157 section 4.1.6), from 10.0.0.9.
TRAP_V1 = bytes.fromhex(
    "302902010004067075626c6963a41c06092b060104018523010840040a0000090201000201004301643000"
)


def test_what_an_agent_answers_is_read() -> None:
    values = (
        (SYSTEM + "2.0", "1.3.6.1.4.1.8072.3.2.10"),
        (SYSTEM + "5.0", b"lamp"),
        (SYSTEM + "99.0", Absent("noSuchObject")),
    )
    assert snmp.decode(ANSWER) == Message("2c", b"public", Pdu("response", 1, 0, 0, values))


def test_an_error_of_version_1_is_read() -> None:
    pdu = snmp.decode(NO_SUCH_NAME).pdu
    assert pdu == Pdu("response", 2, 2, 2, ((SYSTEM + "2.0", None), (SYSTEM + "99.0", None)))


def test_an_engine_is_read_from_its_report() -> None:
    message = snmp.decode(REPORT)
    assert (message.version, message.message_id) == ("3", 0x696F)
    assert (message.engine_id, message.boots, message.time) == (ENGINE, 1, 1)
    assert message.pdu == Pdu("report", 0x696F, 0, 0, ((snmp.UNKNOWN_ENGINE, 1),))


def test_a_trap_of_version_1_is_read() -> None:
    message = snmp.decode(TRAP_V1)
    assert (message.version, message.community) == ("1", b"public")
    assert message.pdu == Pdu("trap-v1")


def test_an_encrypted_message_shows_its_head_only() -> None:
    parts = list(ber.elements(next(ber.elements(REPORT))[1]))
    header = b"".join(ber.encode(tag, value) for tag, value in ber.elements(parts[1][1]))
    header = header.replace(ber.encode(ber.OCTETS, b"\x00"), ber.encode(ber.OCTETS, b"\x03"))
    hidden = ber.encode(
        ber.SEQUENCE,
        ber.encode(*parts[0])
        + ber.encode(ber.SEQUENCE, header)
        + ber.encode(*parts[2])
        + ber.encode(ber.OCTETS, b"\x8f" * 40),
    )
    message = snmp.decode(hidden)
    assert message.pdu is None
    assert message.engine_id == ENGINE


@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_question_reads_back(version: str) -> None:
    names = [SYSTEM + "1.0", SYSTEM + "2.0"]
    asked = snmp.get(version, b"word", 77, names)
    values = tuple((name, None) for name in names)
    assert snmp.decode(asked) == Message(version, b"word", Pdu("get", 77, 0, 0, values))


def test_a_bulk_question_reads_back() -> None:
    pdu = snmp.decode(snmp.get_bulk(b"word", 5, 40, ["1.3.6"])).pdu
    assert pdu == Pdu("get-bulk", 5, 0, 40, (("1.3.6", None),))


def test_a_discovery_names_nobody() -> None:
    message = snmp.decode(snmp.discovery(9))
    assert (message.message_id, message.engine_id, message.user) == (9, b"", b"")
    assert message.pdu == Pdu("get", 9)


@pytest.mark.parametrize("sample", [ANSWER, NO_SUCH_NAME, REPORT, TRAP_V1])
def test_a_cut_or_prolonged_message_is_refused(sample: bytes) -> None:
    for size in range(len(sample)):
        with pytest.raises(Malformed):
            snmp.decode(sample[:size])
    with pytest.raises(Malformed):
        snmp.decode(sample + b"\x00")


def test_a_thousand_values_are_the_most() -> None:
    with pytest.raises(Malformed):
        snmp.decode(snmp.get("2c", b"x", 1, ["1.3"] * 1025))


@given(st.binary(max_size=120) | st.binary(max_size=60).map(lambda tail: ANSWER[:40] + tail))
def test_garbage_is_malformed_or_a_message(data: bytes) -> None:
    try:
        message = snmp.decode(data)
    except Malformed:
        return
    assert message.version in ("1", "2c", "3")


@pytest.mark.parametrize(("whole", "kind"), [(ANSWER, "response"), (TRAP_V1, "trap-v1")])
def test_the_beginning_of_a_message_tells_its_community(whole: bytes, kind: str) -> None:
    for size in range(len(whole) + 1):
        try:
            found = snmp.decode_beginning(whole[:size])
        except Malformed:
            assert size < 14 or size == len(whole)
            continue
        assert 14 <= size < len(whole)
        assert found == Message(snmp.decode(whole).version, b"public", Pdu(kind))


@pytest.mark.parametrize(
    "data", [REPORT[:60], b"\x30\x40\2\1\1\4\3abc\x99", b"\x31" + ANSWER[1:50]]
)
def test_the_beginning_of_something_else_tells_none(data: bytes) -> None:
    with pytest.raises(Malformed):
        snmp.decode_beginning(data)


@pytest.mark.parametrize(("note", "count"), [(MISSING, 1), ("", 0)])
def test_a_community_is_overheard_in_what_the_capture_kept(note: str, count: int) -> None:
    talk = replace(captured([("server", ANSWER[:40])], 161, "udp"), note=note)
    found = [(seen.facts["sort"], seen.facts["peer"]) for seen in read_overheard(talk)]
    assert found == [("answer", "192.0.2.7")] * count
