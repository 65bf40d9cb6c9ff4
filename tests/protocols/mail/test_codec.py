"""Logins in sessions of POP3, IMAP and SMTP."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import Sender, Turn
from iotscan.protocols.common.overheard import Line, lines
from iotscan.protocols.logins.sasl import plain_user, unwrapped
from iotscan.protocols.mail.codec import MailLogin, imap_logins, pop3_logins, smtp_logins

PLAIN = base64.b64encode(b"\0cam\0s3cret")
NAME, WORD = base64.b64encode(b"cam"), base64.b64encode(b"s3cret")


def heard(*said: tuple[str, bytes]) -> list[Line]:
    sides: dict[str, Sender] = {"C": "client", "S": "server"}
    turns = [(i, Turn(sides[who], 0.0, text + b"\r\n")) for i, (who, text) in enumerate(said)]
    return list(lines(turns))


PASSED = heard(("C", b"PASS a b"), ("S", b"+OK in"))


def test_pop3_takes_a_name_and_a_password() -> None:
    asked = heard(("S", b"+OK hi"), ("C", b"USER cam"), ("S", b"+OK"))
    said = [*asked, *(replace(line, turn=line.turn + 3) for line in PASSED)]
    assert list(pop3_logins(said)) == [MailLogin(3, b"cam", "pass", "accepted")]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(b"-ERR no", "refused"), (b"+OK", "accepted"), (b"what", "unknown")],
)
def test_the_answer_decides_the_outcome(answer: bytes, outcome: str) -> None:
    said = heard(("C", b"USER cam"), ("S", b"+OK"), ("C", b"pass x"), ("S", answer))
    (login,) = pop3_logins(said)
    assert login.outcome == outcome


def test_nothing_is_a_login_behind_stls() -> None:
    said = heard(("C", b"STLS"), ("S", b"+OK begin"), ("C", b"USER x"), ("C", b"PASS y"))
    assert list(pop3_logins(said)) == []
    refused = heard(("C", b"STLS"), ("S", b"-ERR no"), ("C", b"USER x"), ("C", b"PASS y"))
    assert [login.username for login in pop3_logins(refused)] == [b"x"]


def test_sasl_of_pop3_is_read() -> None:
    said = heard(("C", b"AUTH PLAIN"), ("S", b"+ "), ("C", PLAIN), ("S", b"+OK in"))
    assert list(pop3_logins(said)) == [MailLogin(2, b"cam", "plain", "accepted")]


def test_redis_is_not_taken_for_pop3() -> None:
    assert list(pop3_logins(heard(("C", b"AUTH s3cret"), ("S", b"+OK")))) == []


@pytest.mark.parametrize(
    ("said", "login"),
    [
        (
            [("C", b"AUTH PLAIN " + PLAIN), ("S", b"235 in")],
            MailLogin(0, b"cam", "plain", "accepted"),
        ),
        (
            [("C", b"auth plain"), ("S", b"334 "), ("C", PLAIN), ("S", b"535 no")],
            MailLogin(2, b"cam", "plain", "refused"),
        ),
        (
            [
                ("C", b"AUTH LOGIN"),
                ("S", b"334 VXNlcm5hbWU6"),
                ("C", NAME),
                ("S", b"334 UGFzc3dvcmQ6"),
                ("C", WORD),
                ("S", b"235 in"),
            ],
            MailLogin(4, b"cam", "login", "accepted"),
        ),
        (
            [("C", b"AUTH LOGIN " + NAME), ("S", b"334 x"), ("C", WORD)],
            MailLogin(2, b"cam", "login", "unknown"),
        ),
    ],
)
def test_smtp_logins_are_read(said: list[tuple[str, bytes]], login: MailLogin) -> None:
    greeting = [("S", b"220 mail ESMTP"), ("C", b"EHLO x"), ("S", b"250 AUTH PLAIN LOGIN")]
    (found,) = smtp_logins(heard(*greeting, *said))
    assert found == MailLogin(login.turn + 3, login.username, login.mechanism, login.outcome)


@pytest.mark.parametrize(
    "said",
    [
        [("C", b"STARTTLS"), ("S", b"220 go"), ("C", b"AUTH PLAIN " + PLAIN)],
        [("C", b"AUTH CRAM-MD5"), ("S", b"334 xx"), ("C", NAME)],
        [("C", b"AUTH LOGIN"), ("S", b"334 xx"), ("C", b"*")],
        [("C", b"AUTH PLAIN"), ("S", b"334 "), ("C", b"not base64!")],
        [("C", b"AUTH PLAIN " + base64.b64encode(b"\0cam\0"))],
    ],
)
def test_smtp_without_a_readable_password_is_left_alone(said: list[tuple[str, bytes]]) -> None:
    assert list(smtp_logins(heard(*said))) == []


@pytest.mark.parametrize(
    ("said", "turn", "username"),
    [
        ([b"a1 LOGIN cam s3cret"], 0, b"cam"),
        ([b'a1 login "c\\"am x" "s3 cret"'], 0, b'c"am x'),
        ([b"a1 LOGIN {3}", b"cam {6}", b"s3cret"], 2, b"cam"),
        ([b"a1 LOGIN cam {6+}", b"s3cret"], 1, b"cam"),
        ([b'a1 LOGIN cam "a\\\\b"'], 0, b"cam"),
        ([b"a1 AUTHENTICATE PLAIN", PLAIN], 1, b"cam"),
        ([b"a1 AUTHENTICATE LOGIN", NAME, WORD], 2, b"cam"),
        ([b"a1 AUTHENTICATE PLAIN " + PLAIN], 0, b"cam"),
    ],
)
def test_imap_logins_are_read(said: list[bytes], turn: int, username: bytes) -> None:
    (found,) = imap_logins(heard(*(("C", line) for line in said), ("S", b"a1 OK done")))
    assert (found.turn, found.username, found.outcome) == (turn, username, "accepted")


def test_the_tag_tells_which_answer_is_meant() -> None:
    said = heard(("C", b"a1 LOGIN cam x"), ("S", b"* NO wait"), ("S", b"a2 OK"), ("S", b"a1 NO no"))
    (login,) = imap_logins(said)
    assert login.outcome == "refused"


@pytest.mark.parametrize(
    "said",
    [
        [("C", b"a1 STARTTLS"), ("S", b"a1 OK go"), ("C", b"a2 LOGIN cam x")],
        [("C", b"a1 LOGIN cam")],
        [("C", b"a1 LOGIN {3}")],
        [("C", b"a1 CAPABILITY"), ("S", b"* CAPABILITY LOGIN x y")],
    ],
)
def test_imap_without_a_readable_password_is_left_alone(said: list[tuple[str, bytes]]) -> None:
    assert list(imap_logins(heard(*said))) == []


REFUSED = ("S", b"504 5.5.4 unrecognised")
PROMPTED = [
    ("C", b"AUTH LOGIN"),
    ("S", b"334 VXNlcm5hbWU6"),
    ("C", NAME),
    ("S", b"334 UGFzc3dvcmQ6"),
    ("C", WORD),
    ("S", b"235 in"),
]


@pytest.mark.parametrize(
    "before",
    [
        [("C", b"AUTH PLAIN"), REFUSED],
        [("C", b"AUTH LOGIN"), REFUSED],
        [("C", b"AUTH LOGIN"), ("S", b"334 x"), ("C", NAME), ("S", b"535 no such user")],
        [("C", b"AUTH CRAM-MD5"), ("S", b"334 xx"), ("C", b"*"), ("S", b"501 as you wish")],
        [("C", b"AUTH LOGIN"), ("S", b"334 x"), ("C", b"*"), ("S", b"501 as you wish")],
        [("C", b"AUTH DIGEST-MD5"), ("S", b"334 " + NAME), ("C", WORD), ("S", b"535 no")],
        [("C", b"AUTH XOAUTH2 " + WORD), ("S", b"334 " + NAME), ("C", b""), ("S", b"535 no")],
    ],
)
def test_the_next_try_is_not_taken_for_an_answer_to_what_was_refused(
    before: list[tuple[str, bytes]],
) -> None:
    said = heard(*before, *PROMPTED)
    assert list(smtp_logins(said)) == [MailLogin(len(before) + 4, b"cam", "login", "accepted")]


def test_each_command_that_was_not_waited_for_has_its_own_answer() -> None:
    said = [Turn("client", 0.0, b"USER cam\r\nPASS x\r\n"), Turn("server", 0.1, b"+OK\r\n-ERR\r\n")]
    (login,) = pop3_logins(list(lines(enumerate(said))))
    assert (login.username, login.outcome) == (b"cam", "refused")


def cut(who: Sender, text: bytes) -> Turn:
    """What was said, and bytes behind it that the capture lacks."""
    return Turn(who, 0.0, text, cut=True)


def after_holes(*said: Turn) -> list[Line]:
    return list(lines(enumerate(said)))


@pytest.mark.parametrize(
    "said",
    [
        [cut("client", b"USER ca"), Turn("client", 0.0, b"m\r\nPASS x\r\n")],
        [
            cut("client", b"USER old\r\nPASS y\r\n"),
            Turn("client", 0.0, b"era\r\nPASS x\r\n"),
        ],
        [cut("client", b"USER old\r\nPASS y\r\n"), Turn("client", 0.0, b"PASS x\r\n")],
    ],
)
def test_a_name_of_which_bytes_are_missing_is_not_known(said: list[Turn]) -> None:
    assert list(pop3_logins(after_holes(*said)))[-1].username == b""


@pytest.mark.parametrize(
    "said",
    [
        [cut("client", b"AUTH LOGIN\r\n"), Turn("client", 0.0, WORD + b"\r\n" + WORD + b"\r\n")],
        [cut("client", b"AUTH LOGIN " + NAME + b"\r\n"), Turn("client", 0.0, WORD[4:] + b"\r\n")],
        [cut("client", b"AUTH PLAIN\r\n"), Turn("client", 0.0, PLAIN + b"\r\n")],
    ],
)
def test_sasl_of_which_bytes_are_missing_tells_nobodys_name(said: list[Turn]) -> None:
    assert list(smtp_logins(after_holes(*said))) == []


def test_a_literal_of_which_bytes_are_missing_tells_nobodys_name() -> None:
    said = [cut("client", b"a LOGIN {5+}\r\n"), Turn("client", 0.0, b"am {1+}\r\nx\r\n")]
    assert list(imap_logins(after_holes(*said))) == []


def test_an_answer_behind_missing_ones_may_be_to_another_command() -> None:
    asked, greeted = Turn("client", 0.0, b"USER cam\r\nPASS x\r\nSTAT\r\n"), b"+OK hi\r\n"
    said = [cut("server", greeted), asked, Turn("server", 0.1, b"+OK\r\n+OK\r\n")]
    assert [one.outcome for one in pop3_logins(after_holes(*said))] == ["unknown"]
    tagged = [cut("server", b"* OK hi\r\n"), Turn("client", 0.0, b"a LOGIN cam x\r\n")]
    tagged.append(Turn("server", 0.1, b"a OK\r\n"))
    assert [one.outcome for one in imap_logins(after_holes(*tagged))] == ["accepted"]


QUOTED = [b"AUTH PLAIN " + PLAIN, b"a2 LOGIN cam s3cret"]


def test_a_mail_that_quotes_a_session_is_no_login() -> None:
    sent = [("C", b"DATA"), ("S", b"354 go on"), *(("C", line) for line in QUOTED), ("C", b".")]
    assert list(smtp_logins(heard(*sent))) == []
    assert len(list(smtp_logins(heard(*sent, *PROMPTED)))) == 1
    refused = [("C", b"DATA"), ("S", b"503 no"), *(("C", line) for line in QUOTED)]
    assert len(list(smtp_logins(heard(*refused)))) == 1
    size = sum(len(line) + 2 for line in QUOTED)
    stored = [
        ("C", b"a1 APPEND INBOX {%d}" % size),
        ("S", b"+ go on"),
        *(("C", line) for line in QUOTED),
        ("C", b""),
        ("S", b"a1 OK"),
    ]
    assert list(imap_logins(heard(*stored))) == []
    assert len(list(imap_logins(heard(*stored, ("C", b"a3 LOGIN cam x"))))) == 1
    assert list(imap_logins(heard(("C", b"a1 APPEND {0}")))) == []


@pytest.mark.parametrize(
    ("response", "user"),
    [
        (b"\0cam\0s3cret", b"cam"),
        (b"admin\0cam\0s3cret", b"cam"),
        (b"\0cam\0", None),
        (b"\0\0s3cret", None),
        (b"cam\0s3cret", None),
    ],
)
def test_plain_holds_a_name_and_a_password(response: bytes, user: bytes | None) -> None:
    assert plain_user(response) == user


def test_base64_is_strict() -> None:
    assert unwrapped(b"=") == b""
    assert unwrapped(b"Y2Ft") == b"cam"
    assert unwrapped(b"Y2F t") is None
    assert unwrapped(b"A" * 20_000) is None


@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=40)), max_size=6))
def test_garbage_never_raises(said: list[tuple[str, bytes]]) -> None:
    found = heard(*said)
    for read in (pop3_logins, smtp_logins, imap_logins):
        list(read(found))
