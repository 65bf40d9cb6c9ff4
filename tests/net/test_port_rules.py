"""The rules of harmful ports are data, complete, and say why."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.model import Endpoint, Transport
from iotscan.net.port_rules import ORDINARY, parse_rules, rule_for, rules


def rule_at(port: int, transport: Transport = "tcp") -> Any:
    return rule_for(Endpoint(ip_address("192.168.1.7"), transport, port))


@pytest.mark.parametrize("port", [515, *range(9100, 9117)])
def test_raw_printing_is_never_written_to(port: int) -> None:
    rule = rule_at(port)
    assert not rule.may_write
    assert not rule.lets_greet("http", recognised=True)


@pytest.mark.parametrize("port", [2040, 3232, 8266, 8892])
def test_ports_where_firmware_is_taken_are_never_written_to(port: int) -> None:
    transports: tuple[Transport, ...] = ("tcp", "udp")
    for transport in transports:
        assert not rule_at(port, transport).may_write
        assert not rule_at(port, transport).lets_greet("esphome", recognised=True)


@pytest.mark.parametrize(
    "port", [102, 502, 789, 1911, 2404, 4840, 4911, 5094, 9600, 18245, 20000, 44818]
)
def test_controllers_get_one_connection_few_requests_and_rest(port: int) -> None:
    rule = rule_at(port)
    assert rule.connections == 1
    assert 1 <= rule.requests <= 3
    assert rule.gap >= 1.0
    assert not rule.lets_greet("telnet", recognised=False)
    assert rule.lets_greet(rule.protocols[0], recognised=False)
    assert rule.lets_greet("telnet", recognised=True)


def test_a_rule_holds_for_its_transport_only() -> None:
    assert rule_at(47808, "udp").name == "BACnet"
    assert rule_at(47808, "tcp") is ORDINARY
    assert rule_at(9100, "udp") is ORDINARY


def test_other_ports_are_ordinary() -> None:
    for port in (23, 80, 1883, 5683):
        assert rule_at(port) is ORDINARY
        assert ORDINARY.lets_greet("anything", recognised=False)
    assert (ORDINARY.may_write, ORDINARY.connections, ORDINARY.requests) == (True, 0, 0)


def test_every_rule_says_why_and_from_where() -> None:
    for rule in rules():
        assert rule.ports, rule.name
        assert len(rule.reason) > 20, rule.name
        assert len(rule.source) > 10, rule.name
        assert all(0 < port < 65536 for port in rule.ports), rule.name


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "x", "ports": [1], "reason": "r"},
        {"name": "x", "ports": [1], "reason": "r", "source": "s", "may_wirte": False},
    ],
)
def test_a_rule_with_a_missing_or_misspelt_field_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="port rule x"):
        list(parse_rules({"rules": [entry]}))
