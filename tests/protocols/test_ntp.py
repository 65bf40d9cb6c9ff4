"""NTP's codec against bytes of ntpsec 1.2.2, samples after ntpd's headers, and garbage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols import ntp
from iotscan.protocols.ntp import Part, Time

TIME = bytes.fromhex(
    "240200e8000000000000000 0c0000205eeac0571c2fd45f5696f747363616e01"
    "eeac0571c2fd45f5eeac0571c301f315".replace(" ", "")
)
TEXT = (
    b'leap=3, stratum=16,\r\nprocessor="x86_64",\r\nsystem="Linux/6.1, own", version="ntpd 1.2"\r\n'
)
VARIABLES = bytes.fromhex("d6820001c016000000000000")[:10] + len(TEXT).to_bytes(2, "big") + TEXT
# 6 clients of 72 bytes, one of several datagrams; and ntpd's refusal (INFO_ERR_NODATA 4).
CLIENTS = bytes.fromhex("d700032a00060048") + bytes(6 * 72)
REFUSED = bytes.fromhex("9700032a40000000")


def test_the_time_is_read() -> None:
    assert ntp.parse_time(TIME) == Time(4, 0, 2, bytes([192, 0, 2, 5]))


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, 0x23), (0, 0x2C), (0, 0x04), (1, 17), (31, 0)],
    ids=["a question", "version 5", "version 0", "stratum", "for somebody else"],
)
def test_what_is_not_the_time_for_us_is_refused(at: int, value: int) -> None:
    data = bytearray(TIME)
    data[at] = value
    with pytest.raises(Malformed):
        ntp.parse_time(bytes(data))


def test_our_questions_are_as_small_as_they_can_be() -> None:
    assert (len(ntp.ASK_TIME), len(ntp.ASK_VARIABLES), len(ntp.ASK_CLIENTS)) == (48, 12, 8)
    for question in (ntp.ASK_TIME, ntp.ASK_VARIABLES, ntp.ASK_CLIENTS):
        for parse in (ntp.parse_time, ntp.parse_part):
            with pytest.raises(Malformed):
                parse(question)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (VARIABLES + bytes(3), Part(6, False, False, TEXT)),
        (b"\xd6\xa2" + VARIABLES[2:], Part(6, False, True, TEXT)),
        (b"\xd6\xc2" + VARIABLES[2:], Part(6, True, False, TEXT)),
        (CLIENTS, Part(7, False, True, bytes(432))),
        (REFUSED, Part(7, True, False)),
    ],
    ids=["variables", "more follow", "an error", "clients", "refused"],
)
def test_answers_about_the_server_are_read(data: bytes, expected: Part) -> None:
    assert ntp.parse_part(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        VARIABLES[:-1],
        CLIENTS[:-1],
        b"\xd6\x83" + VARIABLES[2:],
        b"\xd7\0\2\x2a" + CLIENTS[4:],
        TIME,
    ],
    ids=["cut variables", "cut clients", "another operation", "another program", "the time"],
)
def test_what_answers_neither_question_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        ntp.parse_part(data)


def test_variables_are_taken_apart_at_commas_outside_quotes() -> None:
    assert ntp.variables(TEXT) == {
        "leap": b"3",
        "stratum": b"16",
        "processor": b"x86_64",
        "system": b"Linux/6.1, own",
        "version": b"ntpd 1.2",
    }
    assert len(ntp.variables(b"".join(b"a%d=1," % i for i in range(1000)))) == 128


@given(st.binary(max_size=60))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    ntp.variables(data)
    for parse in (ntp.parse_time, ntp.parse_part):
        try:
            parse(data)
        except Malformed:
            continue
