"""What a sweep concludes of one host, without any socket."""

from __future__ import annotations

from collections import deque
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.net.swept import HostSweep

HOST = ip_address("192.168.1.7")


def sweep_of(ports: range, address: str = "192.168.1.7") -> HostSweep:
    return HostSweep(ip_address(address), deque(ports), slots=3, longest=1.5, at=0.25)


def run(host: HostSweep, answers: dict[int, str]) -> int:
    """Let every port end as told ("open", "closed", else silent); how many were asked."""
    asked = 0
    while not host.is_done():
        port = host.todo.popleft()
        asked += 1
        what = answers.get(port, "silent")
        if what == "silent":
            host.fell_silent(port)
        else:
            host.answered(port, 0.01, what == "open")
    return asked


def test_three_answers_are_counted_apart() -> None:
    host = sweep_of(range(1, 5))
    run(host, {1: "open", 2: "closed", 3: "closed"})
    found = host.result("s1")
    assert [str(endpoint) for endpoint in found.open] == ["192.168.1.7:1/tcp"]
    assert (found.closed, found.silent, found.unswept, found.alive) == (2, 1, 0, True)
    assert (found.id, found.at) == ("s1", 0.25)


@pytest.mark.parametrize(
    ("address", "answer", "alive"),
    [
        ("192.168.1.7", "closed", True),
        ("192.168.1.7", "silent", False),
        ("127.0.0.9", "closed", False),
        ("::1", "closed", False),
        ("127.0.0.9", "open", True),
    ],
)
def test_a_refusal_is_life_except_on_loopback(address: str, answer: str, alive: bool) -> None:
    host = sweep_of(range(1, 2), address)
    run(host, {1: answer})
    assert host.result("").alive is alive


def test_a_silent_host_is_not_asked_twice() -> None:
    assert run(sweep_of(range(100)), {}) == 100


def test_a_few_silent_ports_of_a_host_that_answers_are_asked_again() -> None:
    host = sweep_of(range(20))
    assert run(host, dict.fromkeys(range(10), "closed")) == 30
    assert host.result("").silent == 10


def test_of_many_silent_ports_a_sample_decides_whether_packets_get_lost() -> None:
    firewalled = sweep_of(range(100))
    assert run(firewalled, {0: "open"}) == 100 + 8
    assert firewalled.result("").silent == 99


def test_where_packets_get_lost_everything_silent_is_asked_again() -> None:
    host = sweep_of(range(100))
    first: set[int] = set()
    while not host.is_done():
        port = host.todo.popleft()
        if port == 0 or port in first:
            host.answered(port, 0.01, port == 50)
        else:
            first.add(port)
            host.fell_silent(port)
    found = host.result("")
    assert (len(found.open), found.closed, found.silent) == (1, 99, 0)


def test_patience_follows_the_round_trips_within_bounds() -> None:
    host = sweep_of(range(100))
    assert host.patience() == 1.5
    host.answered(1, 0.002, True)
    assert host.patience() == pytest.approx(0.3), "never below what Wi-Fi sleep takes"
    for port in range(40):
        host.answered(port, 0.4, False)
    assert 0.8 <= host.patience() <= 1.5
    host.answered(41, 30.0, False)
    assert host.patience() == 1.5, "never above the setting"


def test_silence_widens_the_window_and_answers_do_not() -> None:
    host = sweep_of(range(100))
    assert host.window == 3
    for port in range(50):
        host.answered(port, 0.01, False)
    assert host.window == 3
    for port in range(50, 80):
        host.fell_silent(port)
    assert host.window == 16


def test_giving_up_counts_each_port_left_as_unswept() -> None:
    host = sweep_of(range(10))
    port = host.todo.popleft()
    host.give_up("out of ports", port)
    assert host.is_done()
    found = host.result("")
    assert (found.unswept, found.why, found.alive) == (10, "out of ports", False)


def test_giving_up_in_a_second_round_leaves_the_ports_silent() -> None:
    host = sweep_of(range(3))
    host.answered(host.todo.popleft(), 0.01, True)
    host.fell_silent(host.todo.popleft())
    host.fell_silent(host.todo.popleft())
    assert not host.is_done()
    host.give_up("out of ports", host.todo.popleft())
    found = host.result("")
    assert (len(found.open), found.silent, found.unswept) == (1, 2, 0)


@given(
    ends=st.lists(st.sampled_from(["open", "closed", "silent", "unswept", "give up"]), min_size=1)
)
def test_every_port_is_counted_once(ends: list[str]) -> None:
    host = sweep_of(range(len(ends)))
    while not host.is_done():
        port = host.todo.popleft()
        end = ends[port]
        if end == "silent":
            host.fell_silent(port)
        elif end == "unswept":
            host.not_swept("not permitted")
        elif end == "give up":
            host.give_up("no way", port)
        else:
            host.answered(port, 0.01, end == "open")
    found = host.result("")
    assert len(found.open) + found.closed + found.silent + found.unswept == len(ends)
