"""Logins in clear text on POP3, IMAP and SMTP, as lines of somebody else's session tell them.

RFC 1939 (USER, PASS), RFC 5034 (AUTH of POP3), RFC 3501 section 6.2 (LOGIN, AUTHENTICATE),
RFC 4954 (AUTH of SMTP). What follows STARTTLS or STLS is encrypted and ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.protocols.common.overheard import Line
from iotscan.protocols.logins.sasl import plain_user, unwrapped

_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\{\d+\+?\})|([^\s(){%*"\\]+)')
_UNESCAPE = re.compile(rb"\\(.)")


@dataclass(frozen=True, slots=True)
class MailLogin:
    """A login with a password that was readable. ``turn``: of the password.

    ``outcome``: accepted, refused or unknown.
    """

    turn: int
    username: bytes
    mechanism: str
    outcome: str


class _Session:
    """Walks the lines of a session; the server's answer is the next line of its own kind."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.at = 0

    def next_line(self) -> Line | None:
        if self.at >= len(self.lines):
            return None
        self.at += 1
        return self.lines[self.at - 1]

    def client(self) -> Line | None:
        """The next line of the client, past what the server says before it."""
        while (line := self.next_line()) is not None:
            if line.sender == "client":
                return line
        return None

    def answer(self, yes: re.Pattern[bytes], no: re.Pattern[bytes]) -> str:
        """How the next line of the server that is an answer at all reads; the place stays."""
        for line in self.lines[self.at :]:
            if line.sender == "server" and yes.match(line.text):
                return "accepted"
            if line.sender == "server" and no.match(line.text):
                return "refused"
        return "unknown"


_POP3_YES, _POP3_NO = re.compile(rb"\+OK\b"), re.compile(rb"-ERR\b")
_SMTP_YES, _SMTP_NO = re.compile(rb"235[ -]"), re.compile(rb"(?:4(?:21|32|54)|5\d\d)[ -]")


def pop3_logins(lines: Sequence[Line]) -> Iterator[MailLogin]:
    """USER with PASS, AUTH PLAIN and AUTH LOGIN of a POP3 session."""
    session, user = _Session(lines), b""
    while (line := session.client()) is not None:
        verb, _, rest = line.text.partition(b" ")
        match verb.upper():
            case b"STLS":
                if session.answer(_POP3_YES, _POP3_NO) == "accepted":
                    return
            case b"USER":
                user = rest
            case b"PASS":
                outcome = session.answer(_POP3_YES, _POP3_NO)
                yield MailLogin(line.turn, user, "pass", outcome)
            case b"AUTH":
                yield from _sasl(session, line, rest, (_POP3_YES, _POP3_NO))


def smtp_logins(lines: Sequence[Line]) -> Iterator[MailLogin]:
    """AUTH PLAIN and AUTH LOGIN of an SMTP session."""
    session = _Session(lines)
    while (line := session.client()) is not None:
        verb, _, rest = line.text.partition(b" ")
        if verb.upper() == b"STARTTLS":
            if session.answer(re.compile(rb"220[ -]"), _SMTP_NO) == "accepted":
                return
        elif verb.upper() == b"AUTH":
            yield from _sasl(session, line, rest, (_SMTP_YES, _SMTP_NO))


def imap_logins(lines: Sequence[Line]) -> Iterator[MailLogin]:
    """LOGIN, AUTHENTICATE PLAIN and AUTHENTICATE LOGIN of an IMAP session."""
    session = _Session(lines)
    while (line := session.client()) is not None:
        tag, _, command = line.text.partition(b" ")
        verb, _, rest = command.partition(b" ")
        yes = re.compile(re.escape(tag) + rb" OK\b", re.IGNORECASE)
        no = re.compile(re.escape(tag) + rb" (?:NO|BAD)\b", re.IGNORECASE)
        match verb.upper():
            case b"STARTTLS":
                if session.answer(yes, no) == "accepted":
                    return
            case b"AUTHENTICATE":
                yield from _sasl(session, line, rest, (yes, no))
            case b"LOGIN":
                found = _imap_words(session, line, rest)
                if found is not None:
                    username, turn = found
                    yield MailLogin(turn, username, "login", session.answer(yes, no))


def _imap_words(session: _Session, line: Line, rest: bytes) -> tuple[bytes, int] | None:
    """The user name of a LOGIN, and the turn of its password: quoted, bare, or literals, which
    stand on the lines that follow (RFC 3501 section 4.3).
    """
    words: list[bytes] = []
    turn = line.turn
    while True:
        for quoted, literal, bare in _QUOTED.findall(rest):
            if literal:
                break
            words.append(bare or _UNESCAPE.sub(rb"\1", quoted))
        else:
            break
        following = session.client()
        if following is None or len(words) > 2:
            break
        length = int(literal.strip(b"{+}"))
        words.append(following.text[:length])
        turn, rest = following.turn, following.text[length:]
    return (words[0], turn) if len(words) == 2 and words[0] else None


def _sasl(
    session: _Session, line: Line, rest: bytes, answers: tuple[re.Pattern[bytes], re.Pattern[bytes]]
) -> Iterator[MailLogin]:
    """PLAIN and LOGIN, with the first response on the line of the command or behind it."""
    mechanism, _, initial = rest.partition(b" ")
    name = mechanism.upper()
    if name not in (b"PLAIN", b"LOGIN"):
        return
    spoken: list[tuple[int, bytes]] = [(line.turn, initial)] if initial else []
    while len(spoken) < (1 if name == b"PLAIN" else 2):
        following = session.client()
        if following is None or following.text == b"*":
            return
        spoken.append((following.turn, following.text))
    said = [unwrapped(text) for _, text in spoken]
    username = plain_user(said[0] or b"") if name == b"PLAIN" else said[0]
    if username and said[-1]:
        turn = spoken[-1][0]
        yield MailLogin(turn, username, name.decode().lower(), session.answer(*answers))
