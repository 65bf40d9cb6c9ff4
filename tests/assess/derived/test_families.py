"""The same port over IPv4 and IPv6: open on one side only, or protected differently."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from iotscan.assess.derived.families import families
from iotscan.model import Device, Endpoint, Fact, Observation, Proof, Service, Sweep

FOUR, SIX = ip_address("192.168.1.5"), ip_address("fd00::5")


def at(address: Any, port: int) -> Endpoint:
    return Endpoint(address, "tcp", port)


def sweep(name: str, address: Any, *ports: int, closed: int = 0, silent: int = 0) -> Sweep:
    opened = tuple(at(address, port) for port in ports)
    return Sweep(name, 0.0, address, opened, closed, silent, alive=True)


def compared(
    four: Sweep, six: Sweep, *services: Service, seen: tuple[Observation, ...] = ()
) -> dict[int, dict[str, Fact]]:
    device = Device("d", (FOUR, SIX), services=services)
    return {
        int(str(found.facts["port"])): dict(found.facts)
        for found in families([device], [four, six], seen)
    }


def test_a_port_that_only_ipv6_reaches_past_a_filter() -> None:
    found = compared(sweep("s1", FOUR, 80, silent=200), sweep("s2", SIX, 23, 80, closed=200))
    assert found[23] == {
        "port": 23, "open_ipv4": False, "open_ipv6": True, "filtered_ipv4": True,
        "filtered_ipv6": False,
    }  # fmt: skip
    assert found[80]["open_ipv4"] is True


def test_closed_is_not_filtered_and_a_mixture_is_not_known() -> None:
    six = sweep("s2", SIX, 23, closed=200)
    assert compared(sweep("s1", FOUR, closed=200), six)[23]["filtered_ipv4"] is False
    assert "filtered_ipv4" not in compared(sweep("s1", FOUR, closed=9, silent=191), six)[23]


def test_an_address_that_was_not_swept_whole_is_not_compared() -> None:
    cut = Sweep("s1", 0.0, FOUR, unswept=3, closed=9, alive=True)
    dead = Sweep("s1", 0.0, FOUR, silent=200)
    six = sweep("s2", SIX, 23, closed=200)
    assert compared(cut, six) == {}
    assert compared(dead, six) == {}


def test_the_finding_is_where_it_is_open_and_cites_both_sweeps() -> None:
    device = Device("d", (FOUR, SIX))
    (found,) = families([device], [sweep("s1", FOUR, silent=9), sweep("s2", SIX, 23, closed=9)], ())
    assert found.endpoint == at(SIX, 23)
    assert found.proofs == (Proof("s1"), Proof("s2"))


def stated(address: Any, port: int, kind: str, **facts: Fact) -> Observation:
    return Observation(kind, facts, address, at(address, port))


BOTH = (
    sweep("s1", FOUR, 80, closed=9),
    sweep("s2", SIX, 80, closed=9),
    Service(at(FOUR, 80), "http"),
    Service(at(SIX, 80), "http"),
)


def test_what_protects_a_service_is_compared() -> None:
    seen = (
        stated(FOUR, 80, "http.service", login_asked=True, encrypted=False),
        stated(SIX, 80, "http.service", login_asked=False, encrypted=False),
    )
    facts = compared(*BOTH, seen=seen)[80]
    assert (facts["same"], facts["differs"]) == (False, ("http.service login_asked",))


def test_alike_is_the_same_and_what_one_side_alone_shows_is_no_difference() -> None:
    seen = (
        stated(FOUR, 80, "http.service", login_asked=True),
        stated(SIX, 80, "http.service", login_asked=True),
        stated(FOUR, 80, "http.login", accepted=True),
        stated(SIX, 80, "http.login", accepted=False),
        stated(FOUR, 80, "http.picture", open=True),
    )
    assert compared(*BOTH, seen=seen)[80]["same"] is True


def test_several_values_at_one_port_are_no_value() -> None:
    seen = (
        stated(FOUR, 80, "http.known", open=True),
        stated(FOUR, 80, "http.known", open=False, path="/other"),
        stated(SIX, 80, "http.known", open=False),
    )
    assert compared(*BOTH, seen=seen)[80]["same"] is True


def test_another_protocol_or_none_known() -> None:
    four, six, *_ = BOTH
    other = compared(four, six, Service(at(FOUR, 80), "http"), Service(at(SIX, 80), "ssh"))
    assert other[80]["differs"] == ("service",)
    assert compared(four, six, Service(at(FOUR, 80)), Service(at(SIX, 80), "ssh"))[80]["same"]
    inside = Service(at(SIX, 80), "http", tls=True)
    assert compared(four, six, BOTH[2], inside)[80]["differs"] == ("encrypted",)
