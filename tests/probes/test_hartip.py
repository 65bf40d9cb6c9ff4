"""HART-IP: nothing is ever sent; sessions of others are overheard."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.model import Endpoint, Service
from iotscan.testing import DEVICE, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "hartip")
INITIATE = bytes.fromhex("010000000001000d0100007530")
GRANTED = bytes.fromhex("010100000001000d0100007530")


talk = partial(conversation, port=5094)


facts = partial(told_by, PROBE)


def test_nothing_is_ever_sent_or_recognised() -> None:
    assert PROBE.openings == ()
    assert not PROBE.recognises(GRANTED)
    assert not PROBE.handles(Service(Endpoint(DEVICE, "tcp", 5094), "hartip"))


def test_a_session_is_overheard_on_any_port() -> None:
    (seen,) = PROBE.read(talk(("client", INITIATE), ("server", GRANTED), port=9, client=40_000))
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "messages": ("session initiate",),
    }
    assert seen.proofs[0].turns == (0, 1)


def test_sides_that_were_guessed_wrongly_are_turned_by_what_they_say() -> None:
    (seen,) = PROBE.read(talk(("server", INITIATE), ("client", GRANTED), port=9, client=8))
    assert str(seen.endpoint) == "192.0.2.7:8/tcp"


def test_an_answer_must_fit_its_question() -> None:
    other = GRANTED[:4] + b"\0\x09" + GRANTED[6:]
    assert facts(talk(("client", INITIATE), ("server", other), client=40_000)) == []
    assert facts(talk(("client", INITIATE), client=40_000)) == []


def test_our_own_conversations_are_never_of_it() -> None:
    assert facts(talk(("client", INITIATE), ("server", GRANTED))) == []
