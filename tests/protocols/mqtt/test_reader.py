"""Conversations read as a whole: our own with logins, foreign ones, and captures made by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Observation,
    Outcome,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.protocols.mqtt.codec import encode
from iotscan.protocols.mqtt.facts import KINDS
from iotscan.protocols.mqtt.packets import (
    Connack,
    Connect,
    Packet,
    Pingreq,
    Pingresp,
    Publish,
    Suback,
    Subscribe,
)
from iotscan.protocols.mqtt.reader import Reader, Sample
from iotscan.protocols.mqtt.topics import catalogue
from iotscan.testing import conversations_in

DATA = Path(__file__).resolve().parents[3] / "probes" / "mqtt_topics.yaml"
KNOWN = catalogue(yaml.safe_load(DATA.read_text("utf-8")))
HERE = Endpoint(ip_address("192.0.2.9"), "tcp", 1883)
WORDS = {kind.name: kind.facts for kind in KINDS}
SECRET = "hunter22-and-more"

Line = tuple[Sender, Packet]


def read(talk: Transcript, sample: Sample | None = None) -> list[Observation]:
    found = list(Reader(talk, KNOWN, "iotscan", sample or Sample()).observations())
    for seen in found:
        for word, value in seen.facts.items():
            assert type(value) is WORDS[seen.kind][word], (seen.kind, word, value)
        assert SECRET not in repr(seen)
    return found


def facts(found: Sequence[Observation], kind: str) -> list[dict[str, Any]]:
    return [dict(seen.facts) for seen in found if seen.kind == kind]


def talk(
    *channels: Sequence[Line],
    logins: Sequence[str | None] = (),
    ending: Ending = Ending.COMPLETE,
    tls: TlsFacts | None = None,
    endings: Sequence[Ending] = (),
) -> Transcript:
    turns: list[Turn] = []
    for number, lines in enumerate(channels):
        login = logins[number] if number < len(logins) else None
        for sender, packet in lines:
            marked = login if isinstance(packet, Connect) else None
            wire = encode(packet)
            turns.append(Turn(sender, float(len(turns)), wire, number, marked))
    made = tuple(
        Channel(
            HERE,
            ending=endings[number] if number < len(endings) else Ending.COMPLETE,
            tls=tls,
            login=logins[number] if number < len(logins) else None,
        )
        for number in range(len(channels))
    )
    return Transcript("c7", Service(HERE, "mqtt"), "mqtt", 0.0, tuple(turns), made, ending)


OURS = Connect(client_id="iotscan1883")
THEIRS = Connect(client_id="plug", username="user", password=b"*" * 8)


def tried(username: str, code: int | None) -> list[Line]:
    hello = Connect(client_id="iotscan1883", username=username, password=b"*****")
    lines: list[Line] = [("client", hello)]
    return lines if code is None else [*lines, ("server", Connack(code))]


REFUSED: list[Line] = [("client", OURS), ("server", Connack(5))]


def test_our_own_words_to_a_device_that_does_not_answer_prove_nothing() -> None:
    assert read(talk([("client", OURS)])) == []
    assert read(talk([("client", OURS), ("server", Pingresp())])) == []


def test_a_foreign_connect_that_nobody_answered_is_still_seen() -> None:
    found = read(talk([("client", THEIRS)]))
    assert facts(found, "mqtt.credentials") == [
        {"username": "user", "password_seen": True, "outcome": "unknown", "encrypted": False}
    ]
    assert "accepted" not in facts(found, "mqtt.session")[0]


def test_the_same_thing_on_two_connections_is_said_once_with_both_proofs() -> None:
    found = read(talk(REFUSED, REFUSED))
    assert len(facts(found, "mqtt.session")) == 1
    assert found[0].proofs[0].turns == (0, 1, 2, 3)
    assert found[0].proofs[0].source == "c7"


def test_a_broker_that_hangs_up_after_code_0_is_not_usable() -> None:
    lines: list[Line] = [("client", OURS), ("server", Connack(0)), ("client", Pingreq())]
    assert facts(read(talk(lines, endings=[Ending.CLOSED])), "mqtt.session")[0]["usable"] is False
    assert "usable" not in facts(read(talk(lines)), "mqtt.session")[0]
    served = read(talk([*lines, ("server", Pingresp())], endings=[Ending.CLOSED]))
    assert facts(served, "mqtt.session")[0]["usable"] is True


def test_a_default_login_with_its_control() -> None:
    conversation = talk(
        REFUSED,
        tried("admin", 5),
        tried("guest", 0),
        tried("x1y2", 4),
        logins=[None, "mqtt-admin", "mqtt-guest", "control"],
    )
    assert facts(read(conversation), "mqtt.login") == [
        {
            "attempts": 2,
            "locked_out": False,
            "accepted": True,
            "login": "mqtt-guest",
            "username": "guest",
            "control_accepted": False,
            "accepts_anything": False,
            "encrypted": False,
        }
    ]
    # Our tries are no clients of the broker.
    assert facts(read(conversation), "mqtt.credentials") == []
    assert len(facts(read(conversation), "mqtt.session")) == 1


def test_a_broker_that_takes_anything() -> None:
    found = read(talk(tried("admin", 0), tried("x", 0), logins=["mqtt-admin", "control"]))
    assert facts(found, "mqtt.login")[0]["accepts_anything"] is True


@pytest.mark.parametrize("control", [None, 3])
def test_a_control_without_a_clear_answer_leaves_the_question_open(control: int | None) -> None:
    found = read(talk(tried("admin", 0), tried("x", control), logins=["mqtt-admin", "control"]))
    login = facts(found, "mqtt.login")[0]
    assert login["accepted"] is True
    assert "control_accepted" not in login


def test_refused_logins() -> None:
    found = read(talk(tried("a", 5), tried("b", 4), logins=["one", "two"]))
    assert facts(found, "mqtt.login") == [
        {"attempts": 2, "locked_out": False, "accepted": False, "encrypted": False}
    ]


def test_an_unclear_answer_is_not_a_refusal() -> None:
    login = facts(read(talk(tried("a", 5), tried("b", 3), logins=["one", "two"])), "mqtt.login")[0]
    assert "accepted" not in login


def test_a_lock_out_is_told_by_the_code_or_by_how_it_ended() -> None:
    banned = read(talk(tried("a", 0x8A), logins=["one"]))
    assert facts(banned, "mqtt.login")[0]["locked_out"] is True
    ended = talk(tried("a", 5), logins=["one"], ending=Ending.LOCKED_OUT)
    assert facts(read(ended), "mqtt.login")[0]["locked_out"] is True


def listened(*heard: Publish, codes: tuple[int, int] = (0, 0)) -> list[Line]:
    return [
        ("client", OURS),
        ("server", Connack(0)),
        ("client", Subscribe(1, (("$SYS/#", 0),))),
        ("server", Suback(1, codes[:1])),
        ("client", Subscribe(2, (("#", 0),))),
        ("server", Suback(2, codes[1:])),
        *(("server", packet) for packet in heard),
    ]


def test_grants_refusals_and_what_was_heard_are_separate_facts() -> None:
    found = read(talk(listened(codes=(0x80, 0))))
    assert [(s["filter"], s["granted"]) for s in facts(found, "mqtt.subscribe")] == [
        ("$SYS/#", False),
        ("#", True),
    ]
    heard = facts(found, "mqtt.traffic")[0]
    assert (heard["filters"], heard["messages"]) == (("#",), 0)


def test_secrets_are_told_by_topic_and_kind_and_never_by_value() -> None:
    found = read(
        talk(
            listened(
                Publish("home/\x1b[31mcam/password", SECRET.encode(), retain=True),
                Publish("home/\x1b[31mcam/password", b"another-one", retain=True),
                Publish("cam/setup", f'{{"wifi":{{"psk":"{SECRET}"}}}}'.encode()),
            )
        )
    )
    assert [(s["topic"], s["kind"], s["retained"]) for s in facts(found, "mqtt.secret")] == [
        ("home/ [31mcam/password", "password", True),
        ("cam/setup", "wifi key", False),
    ]
    assert all(s["anonymous"] is True for s in facts(found, "mqtt.secret"))
    assert [seen.proofs[0].turns for seen in found if seen.kind == "mqtt.secret"] == [(6,), (8,)]


def test_personal_data_that_others_publish_is_told_by_kind() -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(3000)
    position = Publish("owntracks/jo/phone", b'{"lat":52.51630,"lon":13.37770}')
    said: list[Line] = [
        ("client", THEIRS),
        ("server", Connack(0)),
        ("client", position),
        ("client", position),
        ("client", Publish("cam/front", picture)),
    ]
    overheard = replace(talk(said), client=Endpoint(ip_address("192.0.2.7"), "tcp", 40_000))
    assert facts(read(overheard), "mqtt.personal") == [
        {"kind": "place", "topic": "owntracks/jo/phone", "encrypted": False},
        {"kind": "picture", "topic": "cam/front", "encrypted": False},
    ]
    assert facts(read(talk(said)), "mqtt.personal") == []


def test_a_thousand_secrets_are_told_by_a_hundred() -> None:
    many = [Publish(f"lock/{number}/pin_code", b"482916") for number in range(150)]
    assert len(facts(read(talk(listened(*many))), "mqtt.secret")) == 100


def test_products_are_named_by_their_topics() -> None:
    found = read(
        talk(
            listened(
                Publish("$SYS/broker/version", b"mosquitto version 2.0.11", retain=True),
                Publish("tele/plug/LWT", b"Online", retain=True),
                Publish("tele/plug/STATE", b"{}"),
                Publish("zigbee2mqtt/bridge/info", b'{"version":"1.40.1"}', retain=True),
            )
        )
    )
    assert facts(found, "mqtt.broker") == [{"product": "Eclipse Mosquitto", "version": "2.0.11"}]
    assert facts(found, "mqtt.ecosystem") == [
        {"product": "Tasmota", "topic": "tele/plug/LWT", "topics": 2},
        {
            "product": "Zigbee2MQTT",
            "version": "1.40.1",
            "topic": "zigbee2mqtt/bridge/info",
            "topics": 1,
        },
    ]


def test_a_sample_that_was_cut_says_so() -> None:
    two = talk(listened(Publish("a", b"1"), Publish("b", b"2")))
    assert facts(read(two, Sample(messages=2)), "mqtt.traffic")[0]["capped"] is True
    assert facts(read(two), "mqtt.traffic")[0]["capped"] is False


ASKED = TlsFacts(version="TLSv1.3", client_certificate_requested=True)


def test_a_client_certificate_that_is_asked_for_but_not_needed() -> None:
    found = read(talk(REFUSED, tls=ASKED))
    assert facts(found, "mqtt.certificate") == [{"requested": True, "required": False}]
    assert facts(found, "mqtt.session")[0]["encrypted"] is True


@pytest.mark.parametrize("ending", [Ending.TLS_FAILED, Ending.CLOSED])
def test_a_client_certificate_without_which_nobody_is_served(ending: Ending) -> None:
    found = read(talk([("client", OURS)], tls=ASKED, ending=ending, endings=[ending]))
    assert facts(found, "mqtt.certificate") == [{"requested": True, "required": True}]
    assert facts(found, "mqtt.session") == []


def test_silence_does_not_prove_that_the_certificate_was_missing() -> None:
    silent = talk([("client", OURS)], tls=ASKED, ending=Ending.TIMEOUT, endings=[Ending.TIMEOUT])
    assert facts(read(silent), "mqtt.certificate") == [{"requested": True}]


def test_no_word_about_certificates_where_the_handshake_did_not_show() -> None:
    assert facts(read(talk(REFUSED, tls=TlsFacts())), "mqtt.certificate") == []
    asked_not = TlsFacts(client_certificate_requested=False)
    assert facts(read(talk(REFUSED, tls=asked_not)), "mqtt.certificate") == [
        {"requested": False, "required": False}
    ]


def test_channels_that_the_transcript_does_not_list_are_read_as_plain() -> None:
    bare = Transcript(
        "p1", Service(HERE), "capture", 0.0, (Turn("server", 0.0, encode(Connack(0)), 3, frame=9),)
    )
    found = read(bare)
    assert facts(found, "mqtt.session")[0]["encrypted"] is False
    assert found[0].proofs[0].frames == (9,)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["client", "server"]), st.binary(max_size=40), st.integers(-1, 3)
        ),
        max_size=8,
    )
)
def test_reading_never_raises(lines: list[tuple[Sender, bytes, int]]) -> None:
    turns = tuple(Turn(sender, 0.0, data, channel) for sender, data, channel in lines)
    channels = (Channel(HERE), Channel(HERE, login="x", outcome=Outcome.REFUSED))
    read(Transcript("c1", Service(HERE), "mqtt", 0.0, turns, channels))


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "mqtt/v31-anonymous.pcap",
        "mqtt/v31-publish-userpass.pcap",
        "mqtt/v311-subscribe-userpass.pcap",
        "mqtt/v5-custom-auth-refused.pcap",
        "coap/nonstandard-ports-with-mqtt.pcap",
    ],
)
def test_captures_of_others_are_read_as_they_are_labelled(shared: Path, name: str) -> None:
    labels = yaml.safe_load((shared / "captures" / "labels.yaml").read_text("utf-8"))
    entry = next(capture for capture in labels["captures"] if capture["file"] == name)
    wanted = {item["type"]: item for item in entry["findings"] if item["type"].startswith("mqtt")}
    talks = conversations_in(shared / "captures" / name)
    found = [seen for talk in talks for seen in read(talk)]

    sessions = [seen for seen in found if seen.kind == "mqtt.session"]
    clear = wanted["mqtt-cleartext"]
    assert {str(seen.address) for seen in sessions} == {clear["host"]}
    assert min(min(seen.proofs[0].frames) for seen in sessions) == clear["frame"]
    if "version" in clear.get("detail", {}):
        assert {seen.facts["version"] for seen in sessions} == {clear["detail"]["version"]}

    anonymous = [s for s in sessions if s.facts.get("anonymous") and s.facts.get("accepted")]
    label = wanted.get("mqtt-anonymous-accepted")
    assert len(anonymous) == (label.get("count", 1) if label else 0)
    if label:
        frames = (label["frame"], label["detail"]["connack_frame"])
        assert any(seen.proofs[0].frames[:2] == frames for seen in anonymous)

    logins = [seen for seen in found if seen.kind == "mqtt.credentials"]
    label = wanted.get("mqtt-credentials-seen")
    assert len(logins) == (1 if label else 0)
    if label:
        assert logins[0].facts["username"] == label["detail"]["username"]
        assert logins[0].facts["outcome"] == label["detail"]["outcome"]
        assert logins[0].proofs[0].frames[0] == label["frame"]
