"""What a session establishes, and above all what it does not."""

from __future__ import annotations

import pytest

from iotscan.model import Outcome
from iotscan.protocols.mqtt.facts import (
    KINDS,
    Facts,
    credentials_facts,
    limits_facts,
    outcome_of,
    session_facts,
    subscription_facts,
    traffic_facts,
)
from iotscan.protocols.mqtt.packets import Connack, Connect, Disconnect, Publish
from iotscan.protocols.mqtt.session import Message, Session, Subscription
from iotscan.protocols.mqtt.wire import Property

WORDS = {kind.name: kind.facts for kind in KINDS}


def opened(code: int | None = 0, connect: Connect | None = None) -> Session:
    said = connect or Connect(client_id="x")
    answer = None if code is None else Connack(code)
    return Session(version=said.version, connect=said, connack=answer)


def test_code_0_alone_is_accepted_but_not_known_to_be_usable() -> None:
    facts = session_facts(opened(0))
    assert facts["accepted"] is True
    assert "usable" not in facts


def test_an_answer_after_connack_makes_it_usable() -> None:
    session = opened(0)
    session.later.append(3)
    assert session_facts(session)["usable"] is True
    assert session_facts(session, closed=True)["usable"] is True


def test_a_close_or_a_farewell_after_connack_makes_it_unusable() -> None:
    session = opened(0)
    assert session_facts(session, closed=True)["usable"] is False
    session.farewell = Disconnect(0x87)
    assert session_facts(session)["usable"] is False


def test_a_refusal_keeps_the_raw_code_and_names_it() -> None:
    facts = session_facts(opened(5))
    assert (facts["accepted"], facts["code"], facts["reason"]) == (False, 5, "not authorised")
    assert "usable" not in facts


def test_without_an_answer_nothing_is_said_about_it() -> None:
    assert {"accepted", "code", "usable"}.isdisjoint(session_facts(opened(None)))


@pytest.mark.parametrize(
    ("connect", "anonymous"),
    [
        (Connect(), True),
        (Connect(username=""), False),
        (Connect(5, password=b"token"), False),
        (Connect(5, properties=(Property("authentication_method", "X"),)), False),
    ],
)
def test_who_brings_nothing_is_anonymous(connect: Connect, anonymous: bool) -> None:
    assert session_facts(opened(0, connect))["anonymous"] is anonymous


def test_an_authentication_method_is_named() -> None:
    connect = Connect(5, properties=(Property("authentication_method", "SCRAM\x1b[31m"),))
    assert session_facts(opened(140, connect))["auth_method"] == "SCRAM [31m"


@pytest.mark.parametrize(
    ("code", "outcome"), [(0, "accepted"), (4, "refused"), (0x87, "refused"), (None, "unknown")]
)
def test_credentials_come_with_their_outcome_and_without_the_password(
    code: int | None, outcome: str
) -> None:
    facts = credentials_facts(opened(code, Connect(username="user", password=b"hunter22")))
    assert facts is not None
    assert facts["outcome"] == outcome
    assert (facts["username"], facts["password_seen"]) == ("user", True)
    assert "hunter22" not in repr(facts)
    assert credentials_facts(opened(code)) is None


def test_limits_are_those_stated_and_the_defaults_of_the_standard() -> None:
    session = opened(0, Connect(5))
    stated: dict[str, int | str] = {
        "receive_maximum": 20,
        "maximum_packet_size": 1024,
        "wildcard_subscription_available": 0,
        "server_keep_alive": 30,
        "server_reference": "other.example",
    }
    session.connack = Connack(0, properties=tuple(Property(k, v) for k, v in stated.items()))
    assert limits_facts(session) == {
        "receive_maximum": 20,
        "maximum_qos": 2,
        "topic_alias_maximum": 0,
        "retain_available": True,
        "wildcard_available": False,
        "shared_available": True,
        "identifiers_available": True,
        "maximum_packet_size": 1024,
        "packet_size_limited": True,
        "server_keep_alive": 30,
        "server_reference": "other.example",
    }


def test_no_limits_without_an_accepted_session_of_version_5() -> None:
    assert limits_facts(opened(0)) is None
    assert limits_facts(opened(0x87, Connect(5))) is None


@pytest.mark.parametrize(("code", "granted"), [(0, True), (2, True), (0x80, False), (0x87, False)])
def test_a_suback_code_grants_or_refuses(code: int, granted: bool) -> None:
    facts = subscription_facts(opened(), Subscription("#", code, (1, 2)))
    assert facts == {"filter": "#", "code": code, "granted": granted, "anonymous": True}


def test_a_grant_of_version_3_1_proves_nothing() -> None:
    facts = subscription_facts(opened(0, Connect(3)), Subscription("#", 0, (1, 2)))
    assert facts is not None
    assert "granted" not in facts


def test_an_unanswered_filter_is_no_fact() -> None:
    assert subscription_facts(opened(), Subscription("#", None, (1,))) is None


def traffic(session: Session, messages: int = 500, octets: int = 65_536) -> Facts | None:
    return traffic_facts(session, most_messages=messages, most_octets=octets)


def listening(*heard: Publish) -> Session:
    session = opened()
    session.subscriptions.append(Subscription("#", 0, (2, 3)))
    session.messages += [Message("server", packet, 4) for packet in heard]
    return session


def test_a_granted_filter_on_which_nothing_came_is_silence_not_access() -> None:
    facts = traffic(listening())
    assert facts is not None
    assert (facts["messages"], facts["topics"], facts["capped"]) == (0, 0, False)


def test_the_brokers_own_topics_are_counted_apart() -> None:
    session = listening(
        Publish("$SYS/broker/version", b"x", retain=True),
        Publish("a", b"12", retain=True),
        Publish("a", b"3"),
    )
    session.messages.append(Message("client", Publish("b", b"4"), 5))
    facts = traffic(session)
    assert facts is not None
    assert (facts["topics"], facts["messages"], facts["retained"]) == (1, 2, 1)
    assert (facts["system_topics"], facts["published"], facts["octets"]) == (1, 1, 4)


def test_a_limit_or_a_cut_message_says_that_there_is_more() -> None:
    two = listening(Publish("a", b"1"), Publish("b", b"2"))
    assert (traffic(two, messages=2) or {})["capped"] is True
    assert (traffic(two, octets=2) or {})["capped"] is True
    assert (traffic(two) or {})["capped"] is False
    two.cut = True
    assert (traffic(two) or {})["capped"] is True


def test_nobody_listening_is_no_traffic() -> None:
    refused = opened()
    refused.subscriptions.append(Subscription("#", 0x80, (2, 3)))
    assert traffic(refused) is None


def test_a_client_that_only_publishes_did_not_hear_silence() -> None:
    session = opened()
    session.messages.append(Message("client", Publish("b", b"4"), 5))
    assert traffic(session) == {"filters": (), "published": 1, "anonymous": True}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, Outcome.UNCLEAR),
        (Connack(0), Outcome.ACCEPTED),
        (Connack(4), Outcome.REFUSED),
        (Connack(0x86), Outcome.REFUSED),
        (Connack(3), Outcome.UNCLEAR),
        (Connack(2), Outcome.UNCLEAR),
        (Connack(0x8A), Outcome.LOCKED),
        (Connack(0x9F), Outcome.LOCKED),
    ],
)
def test_the_outcome_of_a_login_is_read_from_the_code(
    answer: Connack | None, outcome: Outcome
) -> None:
    assert outcome_of(answer) is outcome


def test_every_fact_is_a_declared_word_of_its_type() -> None:
    session = listening(Publish("a", b"1"))
    session.version = 5
    given: dict[str, Facts | None] = {
        "mqtt.session": session_facts(session, closed=True),
        "mqtt.credentials": credentials_facts(opened(0, Connect(username="u"))),
        "mqtt.limits": limits_facts(session),
        "mqtt.subscribe": subscription_facts(session, session.subscriptions[0]),
        "mqtt.traffic": traffic(session),
    }
    for name, facts in given.items():
        assert facts is not None
        for word, value in facts.items():
            assert type(value) is WORDS[name][word], (name, word)
