"""BER as SNMP uses it: known encodings, round trips, garbage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings import ber

# X.690 section 8.3 and 8.19, RFC 1157's own examples of types.
KNOWN = [
    (ber.encode_integer(0), "020100"),
    (ber.encode_integer(127), "02017f"),
    (ber.encode_integer(128), "02020080"),
    (ber.encode_integer(-128), "020180"),
    (ber.encode_integer(-129), "0202ff7f"),
    (ber.encode_object("1.3.6.1.4.1.8072.3.2.10"), "060a2b06010401bf0803020a"),
    (ber.encode(ber.OCTETS, b"x" * 200), "0481c8" + "78" * 200),
    (ber.encode(ber.OCTETS, b"x" * 300), "0482012c" + "78" * 300),
]


@pytest.mark.parametrize(("encoded", "expected"), KNOWN)
def test_elements_are_encoded_as_the_standard_says(encoded: bytes, expected: str) -> None:
    assert encoded.hex() == expected


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_survive(value: int) -> None:
    ((tag, content),) = ber.elements(ber.encode_integer(value))
    assert tag == ber.INTEGER
    assert ber.integer(content) == value


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 39)),
    st.lists(st.integers(0, 2**32 - 1), max_size=30),
)
def test_object_identifiers_survive(top: tuple[int, int], rest: list[int]) -> None:
    dotted = ".".join(map(str, (*top, *rest)))
    ((tag, content),) = ber.elements(ber.encode_object(dotted))
    assert tag == ber.OBJECT
    assert ber.object_identifier(content) == dotted


@pytest.mark.parametrize("dotted", ["", "1", "3.1.2", "1.40", "1.3.-1", "1.3.x"])
def test_what_is_no_object_identifier_is_not_encoded(dotted: str) -> None:
    with pytest.raises(Malformed):
        ber.encode_object(dotted)


@pytest.mark.parametrize(
    "content",
    [b"\x2b\x86", b"\x2b" + b"\xff" * 6 + b"\x7f", b"\x2b" * 200],
    ids=["cut", "too large", "too many"],
)
def test_broken_object_identifiers_are_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        ber.object_identifier(content)


@pytest.mark.parametrize("content", [b"", b"\x01" * 10])
def test_integers_of_impossible_size_are_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        ber.integer(content)


@given(st.binary(max_size=100))
def test_garbage_is_elements_or_malformed(data: bytes) -> None:
    try:
        found = list(ber.elements(data))
    except Malformed:
        return
    assert sum(len(content) for _, content in found) <= len(data)
