"""Who tried whom, counted: what is a scan, and how much of a busy host is kept."""

from __future__ import annotations

from iotscan.capture import scans
from iotscan.capture.scans import Scans

HERE, HTTPS = bytes((192, 168, 1, 5)), 443


def servers(many: int) -> list[bytes]:
    return [bytes((198, 18)) + number.to_bytes(2, "big") for number in range(many)]


def test_of_a_host_that_talks_to_very_many_servers_no_more_is_kept_than_is_counted() -> None:
    counted = Scans()
    for frame, server in enumerate(servers(20_000)):
        counted.opening(HERE, server, HTTPS, 1.0, frame)
        counted.answer(server, HTTPS, HERE)
    (tries,) = counted.wide.values()
    assert len(tries.targets) == len(tries.answered) == scans.MOST_TARGETS
    assert tries.silent == 0
    assert list(counted.wide_scans(2)) == []


def test_answers_of_ports_beyond_those_that_are_counted_are_not_kept_either() -> None:
    counted, (server,) = Scans(), servers(1)
    for port in range(1, 2000):
        counted.opening(HERE, server, port, 1.0, port)
        counted.answer(server, port, HERE)
    ((_, tries),) = counted.deep.items()
    assert len(tries.answered) == scans.MOST_TARGETS


def test_tries_in_vain_count_where_others_were_answered() -> None:
    counted, everybody = Scans(), servers(100)
    for frame, server in enumerate(everybody):
        counted.opening(HERE, server, HTTPS, 1.0, frame)
    for server in everybody[:30]:
        counted.answer(server, HTTPS, HERE)
    ((source, port, tries),) = counted.wide_scans(100)
    assert (source, port, tries.silent) == (HERE, HTTPS, 70)
    for server in everybody[30:50]:
        counted.answer(server, HTTPS, HERE)
    assert list(counted.wide_scans(100)) == []
