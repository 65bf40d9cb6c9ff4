"""FTP that others spoke: logins, guests, TLS, and firmware that was fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from iotscan.model import Fact, Sender
from iotscan.plugins import probes
from iotscan.testing import captured, lacking, only_facts

PROBE = next(probe for probe in probes() if probe.name == "ftp")
facts = partial(only_facts, PROBE)

SESSION: list[tuple[Sender, bytes]] = [
    ("server", b"220 (vsFTPd 3.0.3)\r\n"),
    ("client", b"USER cam\r\n"),
    ("server", b"331 password\r\n"),
    ("client", b"PASS s3cret\r\n"),
    ("server", b"230 in\r\n"),
]


def overheard(
    said: Sequence[tuple[Sender, bytes]], port: int = 21
) -> list[tuple[str, dict[str, Fact], tuple[int, ...]]]:
    seen = list(PROBE.read(captured(said, port)))
    return [(one.kind, dict(one.facts), one.proofs[0].turns) for one in seen]


@pytest.mark.parametrize("port", [21, 40_021])
def test_a_login_of_others_is_read_without_its_password(port: int) -> None:
    session, entry = overheard(SESSION, port)
    assert session == (
        "ftp.overheard",
        {
            "cleartext": True,
            "greeting": "(vsFTPd 3.0.3)",
            "version": "vsFTPd 3.0.3",
            "peer": "192.0.2.7",
        },
        (0,),
    )
    assert entry == (
        "ftp.overheard_login",
        {
            "username": "cam",
            "anonymous": False,
            "password_seen": True,
            "outcome": "accepted",
            "peer": "192.0.2.7",
        },
        (3,),
    )


@pytest.mark.parametrize(
    ("answer", "outcome"), [(b"530 no\r\n", "refused"), (b"", "unknown"), (b"331 ?", "unknown")]
)
def test_the_answer_decides_the_outcome(answer: bytes, outcome: str) -> None:
    answered: list[tuple[Sender, bytes]] = [("server", answer)] if answer else []
    found = overheard([*SESSION[:4], *answered])
    assert found[1][1]["outcome"] == outcome


def test_a_name_of_which_bytes_are_missing_is_nobodys() -> None:
    again: list[tuple[Sender, bytes]] = [
        ("server", b"530 no\r\n"),
        ("client", b"era\r\n"),
        ("server", b"331 password\r\n"),
        ("client", b"PASS other\r\n"),
        ("server", b"230 in\r\n"),
    ]
    found = list(PROBE.read(lacking(captured([*SESSION[:4], *again], 21), 3)))
    logins = [one.facts for one in found if one.kind == "ftp.overheard_login"]
    assert [(one["username"], one["outcome"]) for one in logins] == [("cam", "refused")]


def test_an_answer_behind_missing_ones_may_be_to_another_command() -> None:
    found = list(PROBE.read(lacking(captured(SESSION, 21), 2)))
    assert found[1].facts["outcome"] == "unknown"


def test_a_client_that_does_not_wait_is_told_how_its_password_fared() -> None:
    said: list[tuple[Sender, bytes]] = [
        SESSION[0],
        ("client", b"USER cam\r\nPASS s3cret\r\n"),
        ("server", b"331 password\r\n530 no\r\n"),
    ]
    assert overheard(said)[1][1]["outcome"] == "refused"


def test_a_guest_is_known_by_the_name() -> None:
    said: list[tuple[Sender, bytes]] = [
        SESSION[0],
        ("client", b"USER Anonymous\r\n"),
        ("server", b"331 mail?\r\n"),
        ("client", b"PASS a@b\r\n"),
        ("server", b"230 in\r\n"),
    ]
    _, (_, found, turns) = overheard(said)
    assert (found["anonymous"], found["outcome"], turns) == (True, "accepted", (1,))


def test_a_session_that_begins_in_the_middle_or_is_turned_round_is_read() -> None:
    middle = SESSION[1:]
    assert [kind for kind, _, _ in overheard(middle)] == ["ftp.overheard", "ftp.overheard_login"]
    other: dict[Sender, Sender] = {"client": "server", "server": "client"}
    (seen, _) = PROBE.read(captured([(other[s], data) for s, data in SESSION], 50_001))
    assert str(seen.address) == "192.0.2.7"
    assert seen.facts["peer"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("port", "more"), [(21, b""), (40_021, b"SYST\r\n"), (40_021, b"PASV\r\n")]
)
def test_a_login_of_which_no_answer_was_captured_is_read(port: int, more: bytes) -> None:
    said = [turn for turn in SESSION if turn[0] == "client"]
    ((kind, found, turns),) = overheard([*said, ("client", more)] if more else said, port)
    assert (kind, found["username"], found["outcome"], turns) == (
        "ftp.overheard_login",
        "cam",
        "unknown",
        (1,),
    )


def test_a_password_of_which_the_user_was_not_captured_may_be_a_guests() -> None:
    assert [kind for kind, _, _ in overheard(SESSION[2:])] == ["ftp.overheard"]


def test_a_client_that_could_as_well_fetch_its_mail_is_not_taken_for_one_of_ftp() -> None:
    said = [turn for turn in SESSION if turn[0] == "client"]
    assert overheard(said, 110) == []
    assert overheard([("client", b"EHLO x\r\n"), *said], 21) == []


def test_a_greeting_that_says_ftp_is_enough() -> None:
    ((kind, found, _),) = overheard(SESSION[:1])
    assert (kind, found["cleartext"]) == ("ftp.overheard", True)


def test_a_session_that_changes_to_tls_first_is_not_in_clear() -> None:
    said: list[tuple[Sender, bytes]] = [
        SESSION[0],
        ("client", b"AUTH TLS\r\n"),
        ("server", b"234 go\r\n"),
        ("client", b"\x16\x03\x01" + b"USER x\r\n"),
    ]
    assert overheard(said) == []


def test_firmware_is_known_by_its_name_once_it_was_fetched() -> None:
    fetched: list[tuple[Sender, bytes]] = [
        ("client", b"RETR /fw/cam-1.2.trx\r\n"),
        ("server", b"150 Opening BINARY for cam (40960 bytes).\r\n"),
        ("server", b"226 done\r\n"),
    ]
    (kind, found, turns) = overheard([*SESSION, *fetched])[-1]
    assert kind == "ftp.firmware"
    assert found == {
        "path": "/fw/cam-1.2.trx",
        "bytes": 40960,
        "cleartext": True,
        "peer": "192.0.2.7",
    }
    assert turns == (5,)
    for changed in (
        [("client", b"RETR photo.jpg\r\n"), *fetched[1:]],
        [fetched[0], ("server", b"550 no such file\r\n")],
        [fetched[0], fetched[1], ("server", b"426 broken off\r\n")],
    ):
        assert "ftp.firmware" not in [kind for kind, _, _ in overheard([*SESSION, *changed])]


@pytest.mark.parametrize(
    "said",
    [
        [("server", b"220 mail ESMTP\r\n"), ("client", b"EHLO x\r\n"), ("server", b"250 ok\r\n")],
        [("server", b"220 hi\r\n"), ("client", b"HELO x\r\n"), ("server", b"250 ok\r\n")],
        [("server", b"200 news\r\n"), ("client", b"LIST\r\n"), ("server", b"215 list\r\n")],
        [("client", b"GET / HTTP/1.0\r\n\r\n"), ("server", b"200 OK\r\n")],
        [],
    ],
)
def test_other_protocols_are_left_alone(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(said) == []


def test_a_bare_greeting_is_of_ftp_where_ftp_is_usual_alone() -> None:
    said: list[tuple[Sender, bytes]] = [("server", b"220 hello\r\n")]
    ((kind, found, _),) = overheard(said)
    assert (kind, found["greeting"]) == ("ftp.overheard", "hello")
    assert overheard(said, 40_021) == []
