"""IPP's codec against the answer of ippeveprinter 2.4.2, and against garbage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols import ipp

ANSWER = bytes.fromhex(
    "010100000000696f01470012617474726962757465732d6368617273657400057574662d3848001b61747472"
    "6962757465732d6e61747572616c2d6c616e67756167650002656e044100167072696e7465722d6d616b652d"
    "616e642d6d6f64656c000e41636d65204c617365724c616d702300146f7065726174696f6e732d737570706f"
    "7274656400040000000223000000040000000b2200197072696e7465722d69732d616363657074696e672d6a"
    "6f62730001014100107072696e7465722d6c6f636174696f6e000044001c7572692d61757468656e74696361"
    "74696f6e2d737570706f7274656400046e6f6e6544000000046e6f6e6503"
)


def test_what_a_printer_tells_is_read() -> None:
    found = ipp.parse_answer(ANSWER)
    assert (found.status, found.went_well, found.request_id) == (0, True, 0x696F)
    assert found.texts("printer-make-and-model") == ("Acme LaserLamp",)
    assert found.attributes["operations-supported"] == (2, 11)
    assert found.attributes["printer-is-accepting-jobs"] == (True,)
    assert found.texts("printer-location") == ("",)
    assert found.texts("uri-authentication-supported") == ("none", "none")
    assert found.texts("printer-name") == ()


def test_a_question_reads_back_as_one_and_prints_nothing() -> None:
    asked = ipp.get_printer_attributes("ipp://lamp/ipp/print", 9, ("printer-name", "x"))
    assert asked[:8] == b"\x01\x01\x00\x0b\x00\x00\x00\x09"
    found = ipp.parse_answer(asked)
    assert found.texts("requested-attributes") == ("printer-name", "x")
    assert found.texts("printer-uri") == ("ipp://lamp/ipp/print",)


def test_a_refusal_is_told_from_a_success() -> None:
    assert not ipp.parse_answer(b"\x02\x00\x04\x06\x00\x00\x00\x01\x01\x03").went_well


@pytest.mark.parametrize("size", range(len(ANSWER)))
def test_an_answer_that_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(Malformed):
        ipp.parse_answer(ANSWER[:size])


def test_too_many_values_are_refused() -> None:
    many = b"\x21\0\1a\0\4\0\0\0\1" + b"\x21\0\0\0\4\0\0\0\1" * 3000
    with pytest.raises(Malformed):
        ipp.parse_answer(ANSWER[:9] + many + b"\x03")


@given(st.binary(max_size=60).map(lambda tail: ANSWER[:9] + tail + b"\x03"))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    try:
        ipp.parse_answer(data)
    except Malformed:
        return
