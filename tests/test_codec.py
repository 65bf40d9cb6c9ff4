"""The nouns' JSON form is lossless, in one order, and refuses what it does not know."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.codec import convert, decode, encode, schema
from iotscan.model import (
    Address,
    Confidence,
    Endpoint,
    Fact,
    Impact,
    Observation,
    Proof,
    Report,
    Scope,
    Service,
    Severity,
)

FACTS = st.dictionaries(
    st.text(st.characters(codec="ascii"), max_size=6),
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.lists(st.text(max_size=4), max_size=3).map(tuple),
    max_size=4,
)


@given(FACTS, st.ip_addresses(), st.integers(0, 65_535))
def test_an_observation_survives_the_journey(
    facts: dict[str, Fact], address: Address, port: int
) -> None:
    endpoint = Endpoint(address, "udp", port)
    seen = Observation("a.b", facts, endpoint.address, endpoint, (Proof("c1", (0, 2)),))
    assert decode(encode(seen), Observation) == seen


def test_zones_and_networks_survive() -> None:
    service = Service(Endpoint(ip_address("fe80::1%lan0"), "tcp", 80), "http", True, "/x")
    assert decode(encode(service), Service) == service
    scope = Scope((ip_network("10.0.0.0/8"), ip_network("fe80::/64")), impact=Impact.GREET)
    assert decode(encode(scope), Scope) == scope


def test_mappings_are_written_in_one_order() -> None:
    there, back = ({"b": 1, "a": 2}, {"a": 2, "b": 1})
    one = Observation("k", there, ip_address("10.0.0.1"))
    other = Observation("k", back, ip_address("10.0.0.1"))
    assert encode(one) == encode(other)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"address":"10.0.0.1","transport":"tcp"}', "port"),
        ('{"address":"10.0.0.1","transport":"tcp","port":1,"colour":"red"}', "colour"),
        ('{"address":"10.0.0.999","transport":"tcp","port":1}', "10.0.0.999"),
        ('{"address":7,"transport":"tcp","port":1}', "Address"),
        ('{"address":"10.0.0.1","transport":"sctp","port":1}', "sctp"),
        ("{", "trunc"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode(text, Endpoint)


def test_unknown_fields_are_refused_at_any_depth() -> None:
    tree = json.loads(encode(Service(Endpoint(ip_address("10.0.0.1"), "tcp", 1))))
    tree["endpoint"]["extra"] = 1
    with pytest.raises(ValueError, match="unknown field 'extra'"):
        convert(tree, Service)


def test_the_schema_accepts_what_is_written() -> None:
    scope = Scope((ip_network("10.0.0.0/8"),))
    jsonschema.validate(json.loads(encode(scope)), schema(Scope))
    assert "Report" in json.dumps(schema(Report))


def test_ordered_words_compare_by_their_order() -> None:
    assert Severity.LOW < Severity.CRITICAL
    assert max(Confidence) is Confidence.CONFIRMED
    assert sorted(Impact, reverse=True)[0] is Impact.LOGIN
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]
    with pytest.raises(TypeError):
        assert Severity.LOW < Confidence.LIKELY
