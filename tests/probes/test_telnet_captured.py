"""Telnet that others spoke, and delays between refusals, as the record shows them."""

from __future__ import annotations

from dataclasses import replace

from terminals import PROBE, SERVICE, facts_of

from iotscan.model import Channel, Sender, Transcript, Turn
from iotscan.protocols.common.overheard import FIRST_MISSING
from iotscan.testing import lacking


def _captured(*said: tuple[Sender, bytes]) -> Transcript:
    turns = tuple(Turn(s, float(i), data, frame=i + 10) for i, (s, data) in enumerate(said))
    return Transcript("c9", SERVICE, "capture", 0.0, turns, (Channel(SERVICE.endpoint),))


def _keys(typed: bytes) -> list[tuple[Sender, bytes]]:
    return [("client", bytes([key])) for key in typed]


def test_a_captured_login_gives_the_name_and_never_the_password() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x01OpenBSD\r\nlogin: "),
        *_keys(b"fake\r"),
        ("server", b"\r\nPassword:"),
        *_keys(b"hunter2\r"),
        ("server", b"\r\nLast login: Thu Dec  2 21:32:59 on ttyp1\r\n$ "),
        *_keys(b"ls\r"),
        ("server", b"ls\r\na b c\r\n$ "),
    )
    facts = facts_of(talk, "telnet.session")
    assert facts == {
        "cleartext": True,
        "username": "fake",
        "outcome": "accepted",
        "password_seen": True,
    }
    seen = list(PROBE.read(talk))
    assert "hunter2" not in repr(seen)
    session = next(one for one in seen if one.kind == "telnet.session")
    assert session.proofs[0].frames[0] == 11


def test_a_name_of_which_keys_are_missing_is_not_told() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x01login: "),
        *_keys(b"rt\r"),
        ("server", b"\r\nPassword:"),
        *_keys(b"pw\r"),
        ("server", b"\r\nLogin incorrect\r\nlogin: "),
        *_keys(b"root\r"),
        ("server", b"\r\nPassword:"),
        *_keys(b"pw\r"),
        ("server", b"\r\n# "),
    )
    told = [one.facts for one in PROBE.read(lacking(talk, 1)) if one.kind == "telnet.session"]
    assert [(one.get("username"), one["outcome"]) for one in told] == [
        (None, "refused"),
        ("root", "accepted"),
    ]
    assert all(one["password_seen"] for one in told)
    headless = replace(talk, note=FIRST_MISSING["client"])
    behind = lacking(talk, 7)  # the next name begins in what is missing
    for holed, names in ((headless, [None, "root"]), (behind, ["rt", None])):
        told = [one.facts for one in PROBE.read(holed) if one.kind == "telnet.session"]
        assert [one.get("username") for one in told] == names


def test_each_captured_login_of_a_session_is_told() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x01login: "),
        ("client", b"bob\r\n"),
        ("server", b"Password: "),
        ("client", b"wrong\r\n"),
        ("server", b"\r\nLogin incorrect\r\nlogin: "),
        ("client", b"bob\r\n"),
        ("server", b"Password: "),
        ("client", b"right\r\n"),
        ("server", b"\r\nbob@box:~$ "),
    )
    sessions = [one.facts["outcome"] for one in PROBE.read(talk) if one.kind == "telnet.session"]
    assert sessions == ["refused", "accepted"]


def test_a_captured_session_without_a_login_is_still_clear_text() -> None:
    talk = _captured(("server", b"\xff\xfd\x18\xff\xfd\x1f"), ("client", b"\xff\xfc\x18"))
    facts = facts_of(talk, "telnet.session")
    assert facts == {"cleartext": True, "password_seen": False}


def test_a_captured_session_that_encrypts_is_not_called_clear_text() -> None:
    talk = _captured(
        ("server", b"\xff\xfb\x26"),
        ("client", b"\xff\xfd\x26"),
        ("server", b"\xff\xfa\x26\x03\x00\xff\xf0"),
        ("server", b"login: "),
        ("client", b"bob\r\n"),
    )
    facts = facts_of(talk, "telnet.session")
    assert facts == {"cleartext": False, "password_seen": False}


def test_delays_between_refusals_are_measured_in_the_record() -> None:
    def tries(delay: float) -> Transcript:
        turns: list[Turn] = []
        for channel, at in ((0, 0.0), (1, 10.0), (2, 20.0)):
            turns += (
                Turn("server", at, b"login: ", channel),
                Turn("client", at + 0.1, b"root\r", channel),
                Turn("server", at + 0.2, b"Password: ", channel),
                Turn("client", at + 0.3, b"****\r", channel),
                Turn("server", at + 0.31, b"\r\n", channel),
                Turn("server", at + 0.3 + delay, b"Login incorrect\r\nlogin: ", channel),
            )
        channels = tuple(Channel(SERVICE.endpoint, login=f"pair-{i}") for i in range(3))
        return Transcript("c1", SERVICE, "telnet", 0.0, tuple(turns), channels)

    assert facts_of(tries(3.0), "telnet.login")["throttled"] is True
    assert facts_of(tries(0.1), "telnet.login")["throttled"] is False


def test_every_fact_has_the_type_its_kind_promises() -> None:
    kinds = {kind.name: kind.facts for kind in PROBE.emits}
    talk = _captured(
        ("server", b"\xff\xfd\x18BusyBox v1.2.3\r\nIdle timeout is 5 minutes\r\nlogin: "),
        ("client", b"bob\r\n"),
        ("server", b"\r\n$ "),
    )
    for seen in PROBE.read(talk):
        for name, value in seen.facts.items():
            assert type(value) is kinds[seen.kind][name], (seen.kind, name)
