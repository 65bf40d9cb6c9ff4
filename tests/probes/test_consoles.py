"""The probe of consoles: few questions, only where they belong."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

import pytest

from iotscan.errors import ConnectionLost
from iotscan.model import Ending, Endpoint, Fact, Service
from iotscan.plugins import probes
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step, told_by

PROBE = next(probe for probe in probes() if probe.name == "consoles")
HOME = ip_address("127.9.0.9")


def service(port: int) -> Service:
    return Service(Endpoint(HOME, "tcp", port), "http")


def asks(path: str) -> Hears:
    return Hears(lambda said: said.startswith(f"GET {path} HTTP/1.1\r\n".encode()))


def ok(tree: object, head: str = "200 OK") -> Says:
    body = json.dumps(tree).encode()
    return Says(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


facts = partial(told_by, PROBE)


async def test_a_console_is_asked_once_and_found_open() -> None:
    script: list[Step] = [asks("/settings"), ok({"httpNodeRoot": "/", "version": "3.1.3"})]
    talk = await FakeNetwork(service(1880), [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    expected: dict[str, Fact] = {
        "product": "Node-RED",
        "version": "3.1.3",
        "open": True,
        "encrypted": False,
    }
    assert facts(talk) == [("console.access", expected)]
    assert facts(replace(talk, client=Endpoint(HOME, "tcp", 9))) == []


async def test_a_second_question_is_asked_where_the_first_asks_for_it() -> None:
    scripts: list[list[Step]] = [
        [asks("/"), ok({"couchdb": "Welcome", "version": "3.3.2"})],
        [asks("/_all_dbs"), ok({"error": "unauthorized"}, "401 Unauthorized")],
    ]
    talk = await FakeNetwork(service(5984), scripts).play(PROBE)
    ((kind, found),) = facts(talk)
    assert kind == "database.access"
    assert found == {"product": "CouchDB", "version": "3.3.2", "open": False, "encrypted": False}
    (seen,) = PROBE.read(talk)
    assert seen.proofs[0].turns == (0, 1, 2, 3)


async def test_something_else_on_the_port_is_asked_nothing_more() -> None:
    script: list[Step] = [asks("/"), ok({"hello": "lamp"})]
    talk = await FakeNetwork(service(5984), [script]).play(PROBE)
    assert facts(talk) == []


@pytest.mark.parametrize("step", [Closes(), Fails(ConnectionLost("reset"))])
async def test_a_server_that_does_not_answer_is_not_judged(step: Step) -> None:
    talk = await FakeNetwork(service(8123), [[Hears(), step]]).play(PROBE)
    assert facts(talk) == []


def test_it_joins_web_servers_on_ports_of_its_table_only() -> None:
    assert PROBE.handles(service(8123))
    assert not PROBE.handles(service(80))
    assert not PROBE.handles(replace(service(8123), name="mqtt"))
    assert not PROBE.recognises(b"HTTP/1.1 200 OK\r\n\r\n")
