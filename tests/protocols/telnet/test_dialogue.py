from __future__ import annotations

import pytest

from iotscan.model import Outcome, Sender
from iotscan.protocols.logins.dialogue import Prompt
from iotscan.protocols.telnet.dialogue import Dialogue, outcome_of, read_dialogue, seen_outcome

MARKER = b"echo iot$((6*7))scan\r"
FALLBACK = b'echo ios""can\r'


def _read(*said: bytes) -> Dialogue:
    """A session in which server and client speak in turn, the server first."""
    senders: tuple[Sender, Sender] = ("server", "client")
    return read_dialogue((i, senders[i % 2], data) for i, data in enumerate(said))


def test_lines_are_joined_from_single_keys_with_echo_and_backspaces() -> None:
    turns: list[tuple[int, Sender, bytes]] = [(0, "server", b"\xff\xfb\x01login: ")]
    for key in b"rx\x7foot\r":
        turns.append((len(turns), "client", bytes([key])))
        turns.append((len(turns), "server", b"\b \b" if key == 0x7F else bytes([key])))
    turns.append((len(turns), "client", b"\0"))
    turns.append((len(turns), "server", b"\r\nPassword: "))
    for key in b"s\x15pass\r\n":
        turns.append((len(turns), "client", bytes([key])))
    turns.append((len(turns), "server", b"\r\nLast login: Thu Dec 2 on ttyp1\r\n$ "))
    name, password = read_dialogue(turns).logins
    assert (name.asked, name.text, name.turns[0]) == (Prompt.LOGIN, "root", 1)
    assert (password.asked, password.text) == (Prompt.PASSWORD, "pass")
    assert seen_outcome((name, password)) is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("after_password", "outcome"),
    [
        (b"\r\nLogin incorrect\r\ncam login: ", Outcome.REFUSED),
        (b"\r\ncam login: ", Outcome.REFUSED),
        (b"\r\nPassword: ", Outcome.REFUSED),
        (b"\r\nToo many failures, try again in 60 seconds\r\n", Outcome.LOCKED),
        (b"\r\nLogin incorrect. Account locked.\r\nlogin: ", Outcome.LOCKED),
        (b"\r\nWelcome!\r\n", Outcome.UNCLEAR),
        (b"\r\n# ", Outcome.UNCLEAR),
        (b"", Outcome.UNCLEAR),
        (b"\r\nNew password: ", Outcome.UNCLEAR),
    ],
)
def test_how_a_login_ended_without_a_marker(after_password: bytes, outcome: Outcome) -> None:
    talk = _read(b"login: ", b"root\r", b"Password: ", b"secret\r", after_password)
    assert outcome_of(talk) is outcome


@pytest.mark.parametrize(
    ("marker", "answer"),
    [
        (MARKER, b"echo iot$((6*7))scan\r\niot42scan\r\n# "),
        (MARKER, b"iot42scan\r\n# "),
        (FALLBACK, b'echo ios""can\r\nioscan\r\n$ '),
        (MARKER, b"bad command name echo (line 1 column 1)\r\n[admin@MikroTik] > "),
    ],
)
def test_a_carried_out_command_proves_a_login(marker: bytes, answer: bytes) -> None:
    talk = _read(b"login: ", b"root\r", b"Password: ", b"secret\r", b"\r\n# ", marker, answer)
    assert outcome_of(talk) is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "answer",
    [
        b"echo iot$((6*7))scan\r\n# ",
        b"echo iot$((6*7))scan\r\niot$((6*7))scan\r\n# ",
        b"# ",
        b"command not found\r\nlogin: ",
    ],
)
def test_an_echo_or_a_prompt_alone_proves_nothing(answer: bytes) -> None:
    talk = _read(b"login: ", b"root\r", b"Password: ", b"secret\r", b"\r\n# ", MARKER, answer)
    assert outcome_of(talk) is not Outcome.ACCEPTED


def test_a_prompt_character_in_a_banner_is_no_login() -> None:
    assert outcome_of(_read(b"*** Welcome $ \r\nspecial offer # ")) is None


def test_a_device_that_only_says_it_is_locked_is_read_as_locked() -> None:
    assert outcome_of(_read(b"\r\nYour address is blocked.\r\n")) is Outcome.LOCKED
    warned = b"Accounts are locked for 5 minutes after 3 failures\r\nlogin: "
    assert outcome_of(_read(warned)) is None


def test_nothing_is_read_once_a_side_encrypts() -> None:
    start = b"\xff\xfa\x26\x03\x00\xff\xf0"
    talk = _read(b"\xff\xfb\x26", b"\xff\xfd\x26", start, b"login: \r", b"Password: ")
    assert talk.encrypted
    assert talk.logins == ()


def test_options_and_the_question_for_encryption_are_noted() -> None:
    talk = _read(b"\xff\xfd\x18login: ", b"\xff\xfc\x18\xff\xfd\x26", b"\xff\xfc\x26")
    assert talk.options == ("TERMINAL-TYPE",)
    assert talk.negotiated
    assert talk.asked_for_encryption
    assert talk.replies == ()


def test_a_flood_is_kept_within_bounds() -> None:
    talk = _read(b"A" * 1_000_000, b"x" * 1_000_000 + b"\r", b"B" * 1_000_000)
    assert len(talk.greeting) + len(talk.replies[0].text) + len(talk.replies[0].answer) < 40_000
