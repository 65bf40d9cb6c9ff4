"""OMRON FINS over UDP and TCP: commands, responses, node numbers and controller data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.industrial import fins
from iotscan.protocols.industrial.fins import Message, decode_tcp, decode_udp, encode, over_tcp

MESSAGES = st.builds(
    Message,
    st.booleans(),
    st.tuples(st.integers(0, 255), st.integers(0, 255)),
    st.integers(0, 255),
    st.sampled_from(sorted(fins.COMMANDS)),
    st.binary(min_size=2, max_size=60),
)
DATA = b"\0\0" + b"CJ2M-CPU33".ljust(20) + b"02.01".ljust(20, b"\0") + bytes(52)


@given(message=MESSAGES)
def test_what_is_written_reads_back(message: Message) -> None:
    data = encode(message)
    assert decode_udp(data) == (message, len(data))
    carried = over_tcp(fins.FRAME, data)
    assert decode_tcp(carried) == (message, len(carried))


def test_node_numbers_are_asked_for_and_told() -> None:
    assert bytes.fromhex("46494e530000000c000000000000000000000000") == fins.ASK_NODE
    told = decode_tcp(bytes.fromhex("46494e53000000100000000100000000000000ef00000001"))
    assert told is not None
    assert fins.nodes(told[0]) == (0xEF, 1)
    asked = decode_tcp(fins.ASK_NODE)
    assert asked is not None
    with pytest.raises(Malformed):
        fins.nodes(asked[0])


def test_controller_data_is_model_and_version() -> None:
    answer = Message(True, (1, 2), 0, fins.CONTROLLER_DATA_READ, DATA)
    assert fins.controller(answer) == (b"CJ2M-CPU33", b"02.01")
    for other in (
        Message(False, (1, 2), 0, fins.CONTROLLER_DATA_READ, DATA),
        Message(True, (1, 2), 0, 0x0601, DATA),
        Message(True, (1, 2), 0, fins.CONTROLLER_DATA_READ, b"\x04\x01" + DATA[2:]),
        Message(True, (1, 2), 0, fins.CONTROLLER_DATA_READ, DATA[:20]),
    ):
        with pytest.raises(Malformed):
            fins.controller(other)


@pytest.mark.parametrize(
    "data",
    [
        "80000200010000020069",  # too short
        "820002000100000200690501",  # a bit that is always clear
        "800102000100000200690501",  # a reserved byte
        "800009000100000200690501",  # more gateways than there are
        "800002ff0100000200690501",  # no such network
        "800002000100000200690599",  # no such command
        "c00002000100000200690501",  # a response without end code
    ],
)
def test_what_is_no_frame_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        decode_udp(bytes.fromhex(data))


@pytest.mark.parametrize("data", [b"FINS\0\0\0\7\0\0\0\2", b"FINS\0\0\xff\0\0\0\0\2", b"FINZ"])
def test_what_is_no_message_over_tcp_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_tcp(data + bytes(16))
