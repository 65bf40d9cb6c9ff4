"""How to mend things: every rule has a task, every device steps that fit it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from iotscan.assess.devicekinds import KINDS
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.model import Device, Identity
from iotscan.report.html.remedies import Remedies, Task, load

LAMP = Device("d", (ip_address("192.0.2.7"),), identity=Identity(kind="bulb"))


def task(rule: str) -> Task:
    found = load().task(rule, load_rulebook().rules[rule].principle)
    assert found is not None
    return found


def test_every_rule_and_every_principle_has_a_task_with_steps() -> None:
    book, remedies = load_rulebook(), load()
    for rule in book.rules.values():
        found = remedies.task(rule.id, rule.principle)
        assert found is not None, rule.id
        assert len(remedies.steps(found, None)) >= 2
    for principle in book.principles:
        assert remedies.task("no-such-rule", principle) is not None, principle
    assert remedies.task("no-such-rule", "no-such-principle") is None


def test_makers_and_kinds_are_words_that_fingerprints_give() -> None:
    remedies, book = load(), load_rulebook()
    guides = [*remedies.doors, *(guide for each in remedies.tasks for guide in each.guides)]
    assert {kind for guide in guides for kind in guide.kinds} <= KINDS
    assert {name for guide in guides for name in guide.vendors} <= book.fingerprints.vendors()


def test_patterns_of_rules_name_rules_there_are() -> None:
    from fnmatch import filter as matching

    rules = list(load_rulebook().rules)
    for each in load().tasks:
        for pattern in each.rules:
            assert matching(rules, pattern), f"{each.id}: {pattern}"


@pytest.mark.parametrize(
    ("identity", "rule", "said"),
    [
        (Identity(vendor="AVM", kind="router"), "default-credentials-http", "FRITZ!Box Users"),
        (Identity(vendor="avm"), "internet-reachable-service", "UPnP"),
        (
            Identity(vendor="Hikvision", kind="camera"),
            "default-credentials-rtsp",
            "User Management",
        ),
        (Identity(vendor="HP", kind="printer"), "printer-port-unauthenticated", "Port 9100"),
        (Identity(family="Tasmota", kind="plug"), "default-credentials-http", "Web Admin Password"),
        (Identity(kind="industrial controller"), "modbus-no-auth", "while it runs"),
        (Identity(), "telnet-exposed", "guest network"),
    ],
)
def test_steps_are_those_of_the_maker_or_kind(identity: Identity, rule: str, said: str) -> None:
    steps = load().steps(task(rule), replace(LAMP, identity=identity))
    assert said in " ".join(steps)


def test_address_of_the_device_stands_in_the_steps() -> None:
    remedies, found = load(), task("default-credentials-rtsp")
    camera = replace(LAMP, identity=Identity(kind="camera"))
    assert "http://192.0.2.7" in " ".join(remedies.steps(found, camera))
    six = replace(camera, addresses=(ip_address("2001:db8::7"),))
    assert "http://[2001:db8::7]" in " ".join(remedies.steps(found, six))
    assert "{" not in " ".join(remedies.steps(found, None))


def test_more_exact_entries_stand_before_general_ones() -> None:
    """The first that fits is taken: one that stands behind a more general one is never read."""

    def hides(general: Remedies, index: int) -> bool:
        doors = general.doors
        return any(
            set(doors[index].vendors or {""}) <= set(before.vendors or doors[index].vendors or {""})
            and set(doors[index].kinds or {""}) <= set(before.kinds or doors[index].kinds or {""})
            and not before.families
            for before in doors[:index]
        )

    remedies = load()
    assert not [index for index in range(len(remedies.doors)) if hides(remedies, index)]
