"""What is asked next: what is open, no more than twice, and fairly under a flood."""

from __future__ import annotations

from typing import Any

from zeroconf import DNSPointer

from iotscan.discovery import mdns_plan
from iotscan.discovery.mdns_plan import Plan
from iotscan.protocols.dns.codec import BROWSE, Question


def asked(plan: Plan) -> dict[str, set[tuple[str, str]]]:
    return {
        str(source): {(question.name, question.kind) for question in questions}
        for source, questions in plan.direct_questions()
    }


def test_an_announced_type_is_asked_of_the_group_once_and_of_its_host(bulb: Any) -> None:
    plan = Plan()
    plan.learn(bulb.packet(DNSPointer(BROWSE, 12, 1, 10, "_odd._tcp.local.")))
    assert plan.group_questions() == [Question("_odd._tcp.local.", "PTR", unicast=True)]
    assert plan.group_questions() == []
    assert asked(plan) == {"10.0.0.7": {("_odd._tcp.local.", "PTR")}}


def test_an_instance_is_resolved_until_place_text_and_address_are_known(bulb: Any) -> None:
    plan = Plan()
    pointer, place, text, host = bulb.service("Küche._hap._tcp.local.")
    plan.learn(bulb.packet(pointer))
    name = "Küche._hap._tcp.local."
    assert asked(plan)["10.0.0.7"] == {(name, "SRV"), (name, "TXT")}
    plan.learn(bulb.packet(place))
    assert asked(plan)["10.0.0.7"] == {
        (name, "SRV"),
        (name, "TXT"),
        ("bulb.local.", "A"),
        ("bulb.local.", "AAAA"),
    }
    plan.learn(bulb.packet(place, text, host))
    assert asked(plan) == {}


def test_nothing_is_asked_of_one_host_more_than_twice(bulb: Any) -> None:
    plan = Plan()
    plan.learn(bulb.packet(bulb.service("A._hap._tcp.local.")[0]))
    rounds = [asked(plan) for _ in range(4)]
    assert rounds[0] == rounds[1] != {}
    assert rounds[2] == rounds[3] == {}


def test_a_flood_of_invented_instances_starves_nobody(bulb: Any) -> None:
    plan = Plan()
    for number in range(0, 40_000, 40):
        invented = [
            DNSPointer(f"_t{i % 99}._tcp.local.", 12, 1, 10, f"x{i}._t{i % 99}._tcp.local.")
            for i in range(number, number + 40)
        ]
        plan.learn(bulb.packet(*invented, source="10.0.0.66"))
    plan.learn(bulb.packet(bulb.service("Real._hap._tcp.local.")[0]))
    types = [question.name for question in plan.group_questions()]
    assert "_hap._tcp.local." in types[:2]
    assert len(types) <= mdns_plan.MOST_GROUP_TYPES
    questions = asked(plan)
    assert len(questions["10.0.0.66"]) <= mdns_plan.MOST_QUESTIONS
    assert ("Real._hap._tcp.local.", "SRV") in questions["10.0.0.7"]


def test_the_number_of_hosts_asked_is_bounded(bulb: Any) -> None:
    plan = Plan()
    pointer = bulb.service("A._hap._tcp.local.")[0]
    for i in range(mdns_plan.MOST_SOURCES + 50):
        plan.learn(bulb.packet(pointer, source=f"10.1.{i // 250}.{i % 250}"))
    assert len(asked(plan)) == mdns_plan.MOST_SOURCES
