"""Logins of which frames were lost: a name that is not all there is nobody's, never a wrong one."""

from __future__ import annotations

import pytest
from conversing import Said, base64_of, tcp, told


def keys(text: str) -> list[Said]:
    return [("c", key) for key in text]


TELNET: list[Said] = [
    ("c", b"\xff\xfd\x03"),
    ("s", b"\xff\xfb\x01\xff\xfb\x03login: "),
    *keys("root\r"),
    ("s", "\r\nPassword: "),
    *keys("pw\r"),
    ("s", "\r\n# "),
]


def lost(port: int, said: list[Said], *which: int) -> list[bytes]:
    """The frames of a conversation without those of some of its parts, each of which is one."""
    opening = len(tcp(port)) - len(tcp(port, late=True))
    return [frame for at, frame in enumerate(tcp(port, *said), -opening) if at not in which]


@pytest.mark.parametrize("which", [(2,), (3,), (5,), (0, 2), (2, 3, 4), (6,)])
def test_keys_that_were_lost_leave_the_name_unknown(which: tuple[int, ...]) -> None:
    """Whether the first key, one in the middle, the last one, or the end of the line."""
    (login,) = told(lost(23, TELNET, *which), RULES[23])
    assert "username" not in login


def test_the_first_words_of_a_client_may_be_lost_ones() -> None:
    (login,) = told(lost(23, TELNET[1:], 1), RULES[23])
    assert "username" not in login


def test_what_is_lost_behind_a_name_leaves_it_known() -> None:
    (login,) = told(lost(23, TELNET, 8), RULES[23])
    assert (login["username"], login["outcome"]) == ("root", "accepted")


RULES = {
    21: "ftp-credentials-seen",
    23: "telnet-credentials-seen",
    25: "smtp-credentials-seen",
    80: "http-login-form-cleartext",
    110: "pop3-credentials-seen",
    143: "imap-credentials-seen",
}
POST = "POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CONVERSATIONS: dict[str, tuple[int, list[Said]]] = {
    "ftp": (
        21,
        [
            ("s", "220 FTP ready\r\n"),
            ("c", "USER ad"),
            ("c", "min\r\n"),
            ("s", "331 go on\r\n"),
            ("c", "PASS se"),
            ("c", "cret\r\n"),
            ("s", "230 in\r\n"),
            ("c", "SYST\r\n"),
        ],
    ),
    "pop3": (
        110,
        [
            ("s", "+OK ready\r\n"),
            ("c", "USER ad"),
            ("c", "min\r\n"),
            ("s", "+OK\r\n"),
            ("c", "PASS secret\r\n"),
            ("s", "+OK in\r\n"),
            ("c", "STAT\r\n"),
        ],
    ),
    "imap": (
        143,
        [
            ("s", "* OK IMAP4rev1 ready\r\n"),
            ("c", "a1 LOGIN {5}\r\n"),
            ("s", "+ go on\r\n"),
            ("c", "ad"),
            ("c", "min {6}\r\n"),
            ("s", "+ go on\r\n"),
            ("c", "secret\r\n"),
            ("s", "a1 OK in\r\n"),
        ],
    ),
    "smtp": (
        25,
        [
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 AUTH LOGIN\r\n"),
            ("c", "AUTH LOGIN\r\n"),
            ("s", "334 VXNlcm5hbWU6\r\n"),
            ("c", base64_of("adm")),
            ("c", base64_of("in") + "\r\n"),
            ("s", "334 UGFzc3dvcmQ6\r\n"),
            ("c", base64_of("secret") + "\r\n"),
            ("s", "235 in\r\n"),
            ("c", "MAIL FROM:<x@y>\r\n"),
        ],
    ),
    "http": (
        80,
        [
            ("c", POST + "Content-Length: 31\r\n\r\nuser=ad"),
            ("c", "min&password=sec"),
            ("c", "ret12345"),
            ("s", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ],
    ),
}


@pytest.mark.parametrize(("port", "said"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_whatever_is_lost_no_wrong_name_is_told(port: int, said: list[Said]) -> None:
    (whole,) = told(tcp(port, *said), RULES[port])
    assert whole["username"] == "admin"
    for first in range(len(said)):
        for count in (1, 2):
            logins = told(lost(port, said, *range(first, first + count)), RULES[port])
            assert all(login.get("username", "admin") == "admin" for login in logins)
