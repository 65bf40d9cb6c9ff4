"""The virtual home: what a scan makes of it is exactly what is written down, and harms nothing."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

import pytest
import pytest_asyncio

from iotscan import scan
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.demo.device import Device, Truth
from iotscan.demo.devices.doorbell import Gateway
from iotscan.demo.devices.hostile import Bystander
from iotscan.demo.devices.printer import Printer
from iotscan.demo.home import NETWORK, VirtualHome, kinds
from iotscan.demo.host import DemoError
from iotscan.model import Ending, Report
from iotscan.settings import Settings

_D = TypeVar("_D", bound=Device)

# A network of this process's own, so that a demo or another test run may go on beside it.
OWN = IPv4Network(f"127.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}.0/27")


@dataclass
class Scanned:
    home: VirtualHome
    report: Report

    def device(self, kind: type[_D]) -> _D:
        return next(one for one in self.home.devices.values() if isinstance(one, kind))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scanned() -> AsyncIterator[Scanned]:
    async with VirtualHome(OWN) as home:
        yield Scanned(home, await scan(Settings(targets=(str(home.network),))))


async def test_exactly_the_devices_that_can_be_seen_are_found(scanned: Scanned) -> None:
    found = {address for device in scanned.report.devices for address in device.addresses}
    assert found == set(scanned.home.expected())


async def test_exactly_the_findings_that_are_true_are_made(scanned: Scanned) -> None:
    made: dict[str, set[Truth]] = defaultdict(set)
    for finding in scanned.report.findings:
        where = finding.endpoint
        truth = Truth(finding.rule, where.port, where.transport) if where else Truth(finding.rule)
        made[_name(scanned.home, finding.address)].add(truth)
    expected = {
        _name(scanned.home, address): set(truth)
        for address, truth in scanned.home.expected().items()
        if truth
    }
    assert dict(made) == expected


def _name(home: VirtualHome, address: object) -> str:
    assert isinstance(address, IPv4Address)
    return home.devices[address].name if address in home.devices else str(address)


async def test_nothing_was_printed_visited_or_locked(scanned: Scanned) -> None:
    assert scanned.device(Printer).bytes_printed == 0
    assert scanned.device(Bystander).visitors == 0
    gateway = scanned.device(Gateway)
    assert gateway.failures
    assert not gateway.locked


async def test_what_attacks_the_reader_is_gone_from_the_report(scanned: Scanned) -> None:
    text = repr(scanned.report.devices) + repr(scanned.report.findings)
    assert not any(mark in text for mark in ("\x1b", "\\x1b", "\x07", "\u202e"))


async def test_what_could_not_be_looked_at_is_said(scanned: Scanned) -> None:
    assert not scanned.report.complete
    told = {gap.subject for gap in scanned.report.gaps}
    addresses = {device.name: address for address, device in scanned.home.devices.items()}
    broken = addresses["broken plug"]
    assert {f"{broken}:{port}/tcp" for port in (1883, 2323, 8080)} <= told
    assert not [talk for talk in scanned.report.conversations if talk.ending is Ending.BUG]


def test_there_are_enough_devices_and_each_is_described() -> None:
    assert len(kinds()) >= 12
    for kind in kinds():
        assert kind.what.endswith(".")
        assert kind.name
        assert 0 < kind.number < NETWORK.num_addresses - 1


def test_every_true_finding_has_a_rule() -> None:
    rules = set(load_rulebook().rules)
    assert {truth.rule for kind in kinds() for truth in kind.truth} <= rules


async def test_a_second_home_on_the_same_network_is_refused_in_words(scanned: Scanned) -> None:
    with pytest.raises(DemoError, match="Is another demo running"):
        async with VirtualHome(OWN):
            pass


async def test_an_address_that_this_system_lacks_is_refused_with_what_to_do() -> None:
    with pytest.raises(DemoError, match=r"ifconfig lo0 alias 192\.0\.2\.\d+ up"):
        async with VirtualHome(IPv4Network("192.0.2.0/27")):
            pass


async def test_a_home_that_was_left_is_gone() -> None:
    beside = IPv4Network(f"{OWN.network_address + 64}/27")
    for _ in range(2):
        async with VirtualHome(beside) as home:
            assert home.network == beside
