"""POP3, IMAP and SMTP: known by their greetings, and read where others log in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from iotscan.model import Fact, Sender, TlsFacts
from iotscan.plugins import probes
from iotscan.testing import captured, conversation

PROBES = {probe.name: probe for probe in probes()}
GREETINGS = {
    "pop3": b"+OK POP3 ready\r\n",
    "imap": b"* OK [CAPABILITY IMAP4rev1] ready\r\n",
    "smtp": b"220 mail.example ESMTP Postfix\r\n",
}
LOGINS: dict[str, list[tuple[Sender, bytes]]] = {
    "pop3": [
        ("client", b"USER cam\r\n"),
        ("server", b"+OK\r\n"),
        ("client", b"PASS s3cret\r\n"),
        ("server", b"+OK\r\n"),
    ],
    "imap": [("client", b"a LOGIN cam s3cret\r\n"), ("server", b"a OK in\r\n")],
    "smtp": [
        ("client", b"EHLO x\r\n"),
        ("server", b"250 AUTH\r\n"),
        ("client", b"AUTH PLAIN AGNhbQBzM2NyZXQ=\r\n"),
        ("server", b"235 in\r\n"),
    ],
}


def overheard(
    name: str, said: Sequence[tuple[Sender, bytes]]
) -> list[tuple[dict[str, Fact], str, tuple[int, ...]]]:
    seen = PROBES[name].read(captured(said, 40_000))
    return [(dict(one.facts), str(one.address), one.proofs[0].turns) for one in seen]


@pytest.mark.parametrize("name", GREETINGS)
@pytest.mark.parametrize("tls", [None, TlsFacts("TLSv1.3")])
def test_a_greeting_is_recognised_by_its_own_probe_alone(name: str, tls: TlsFacts | None) -> None:
    greeting = GREETINGS[name]
    assert [probe.name for probe in probes() if probe.recognises(greeting)] == [name]
    talk = conversation(("server", greeting), port=40_000, tls=tls)
    (seen,) = PROBES[name].read(talk)
    assert seen.kind == f"{name}.service"
    assert seen.facts == {
        "greeting": greeting.decode().strip(),
        "cleartext": tls is None,
    }


@pytest.mark.parametrize("name", GREETINGS)
def test_a_login_of_others_is_read_from_the_greeting_on(name: str) -> None:
    ((found, address, turns),) = overheard(name, [("server", GREETINGS[name]), *LOGINS[name]])
    assert (found["username"], found["outcome"], found["peer"]) == ("cam", "accepted", "192.0.2.7")
    assert address == "192.0.2.1"
    assert turns == (len(LOGINS[name]) - 1,)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("name", GREETINGS)
def test_a_login_is_read_from_the_middle_and_with_mistaken_sides(name: str) -> None:
    assert len(overheard(name, LOGINS[name])) == 1
    other: dict[Sender, Sender] = {"client": "server", "server": "client"}
    said = [("server", GREETINGS[name]), *LOGINS[name]]
    ((_, address, _),) = overheard(name, [(other[side], data) for side, data in said])
    assert address == "192.0.2.7"


@pytest.mark.parametrize("name", GREETINGS)
def test_the_sessions_of_the_other_two_are_left_alone(name: str) -> None:
    for other in GREETINGS.keys() - {name}:
        assert overheard(name, [("server", GREETINGS[other]), *LOGINS[other]]) == []


@pytest.mark.parametrize("name", GREETINGS)
@pytest.mark.parametrize(
    "said",
    [
        [],
        [("server", b"+OK\r\n")],
        [("client", b"*2\r\n$4\r\nAUTH\r\n"), ("server", b"+OK\r\n")],
        [
            ("server", b"220 (vsFTPd 3.0.3)\r\n"),
            ("client", b"USER a\r\n"),
            ("client", b"PASS b\r\n"),
        ],
        [("client", b"GET / HTTP/1.1\r\n\r\n"), ("server", b"HTTP/1.1 200 OK\r\n\r\n")],
    ],
)
def test_other_protocols_are_left_alone(name: str, said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(name, said) == []


@pytest.mark.parametrize(
    "said",
    [
        [("client", b"USER cam\r\n"), ("server", b"331 password\r\n"), ("client", b"PASS x\r\n")],
        [("client", b"USER cam\r\nPASS x\r\nSYST\r\nPASV\r\n")],
    ],
)
def test_ftp_from_the_middle_on_is_no_mail(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard("pop3", said) == []


def test_what_only_a_client_says_on_the_port_of_ftp_is_no_mail() -> None:
    talk = captured([("client", b"USER cam\r\nPASS x\r\n")], 21)
    assert list(PROBES["pop3"].read(talk)) == []


@pytest.mark.parametrize("name", LOGINS)
def test_a_login_of_which_no_answer_was_captured_is_read(name: str) -> None:
    alone = [(sender, data) for sender, data in LOGINS[name] if sender == "client"]
    assert [facts["outcome"] for facts, _, _ in overheard(name, alone)] == ["unknown"]
