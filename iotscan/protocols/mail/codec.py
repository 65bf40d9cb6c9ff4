"""Logins in clear text on POP3, IMAP and SMTP, as lines of somebody else's session tell them.

RFC 1939 (USER, PASS), RFC 5034 (AUTH of POP3), RFC 3501 section 6.2 (LOGIN, AUTHENTICATE),
RFC 4954 (AUTH of SMTP). What follows STARTTLS or STLS is encrypted and ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class _Answers(NamedTuple):
    """How servers say yes and no; ``tagged``: and to which command."""

    yes: re.Pattern[bytes]
    no: re.Pattern[bytes]
    tagged: bool = False

    def verdict(self, text: bytes) -> str:
        """accepted, refused, or "" for what is no answer."""
        if self.yes.match(text):
            return "accepted"
        return "refused" if self.no.match(text) else ""


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

    def response(self, answers: _Answers) -> bytes | None:
        """What the client says next in an exchange of SASL, without its base64. None, and the place
        stays, where the server ended the exchange before, or a line of it is missing.
        """
        for at, line in enumerate(self.lines[self.at :], self.at):
            if line.sender == "client":
                said = None if line.gap else unwrapped(line.text)
                self.at = self.at if said is None else at + 1
                return said
            if answers.verdict(line.text):
                return None
        return None

    def answer(self, answers: _Answers, before: int = 0) -> str:
        """How the next line of the server that is an answer at all reads; the place stays.
        ``before``: answers to other commands that come first.
        """
        for line in self.lines[self.at :]:
            if line.sender == "client":
                continue
            if line.gap and not answers.tagged:
                break  # the answer may be among what is missing
            if verdict := answers.verdict(line.text):
                if not before:
                    return verdict
                before -= 1
        return "unknown"

    def unanswered(self) -> int:
        """How many commands the client said right before its latest one, without waiting."""
        count = 0
        for line in reversed(self.lines[: self.at - 1]):
            if line.sender == "server":
                break
            count += 1
        return count

    def skip(self, size: int) -> bytes:
        """Pass over so many bytes of the client's, and give the rest of the line they end in."""
        while (line := self.client()) is not None:
            if size < len(line.text) + 2:
                return line.text[size:]
            size -= len(line.text) + 2
        return b""


_POP3 = _Answers(re.compile(rb"\+OK\b"), re.compile(rb"-ERR\b"))
_SMTP = _Answers(re.compile(rb"235[ -]"), re.compile(rb"(?:4(?:21|32|54)|5\d\d)[ -]"))
_READY = _SMTP._replace(yes=re.compile(rb"220[ -]"))
_GO_ON = _SMTP._replace(yes=re.compile(rb"354[ -]"))
_LITERAL = re.compile(rb"\{(\d{1,9})\+?\}\Z")


def pop3_logins(lines: Sequence[Line]) -> Iterator[MailLogin]:
    """USER with PASS, AUTH PLAIN and AUTH LOGIN of a POP3 session."""
    session, user = _Session(lines), b""
    while (line := session.client()) is not None:
        verb, _, rest = line.text.partition(b" ")
        user = b"" if line.gap else user  # another name may stand in what is missing
        match verb.upper():
            case b"STLS":
                if session.answer(_POP3) == "accepted":
                    return
            case b"USER":
                user = rest
            case b"PASS":
                outcome = session.answer(_POP3, session.unanswered())
                yield MailLogin(line.turn, user, "pass", outcome)
            case b"AUTH":
                yield from _sasl(session, line, rest, _POP3)


def smtp_logins(lines: Sequence[Line]) -> Iterator[MailLogin]:
    """AUTH PLAIN and AUTH LOGIN of an SMTP session. Mails may quote other sessions."""
    session = _Session(lines)
    while (line := session.client()) is not None:
        verb, _, rest = line.text.partition(b" ")
        match verb.upper():
            case b"STARTTLS":
                if session.answer(_READY) == "accepted":
                    return
            case b"AUTH":
                yield from _sasl(session, line, rest, _SMTP)
            case b"DATA":
                if session.answer(_GO_ON) == "accepted":
                    while (said := session.client()) is not None and said.text != b".":
                        pass


def imap_logins(lines: Sequence[Line]) -> Iterator[MailLogin]:
    """LOGIN, AUTHENTICATE PLAIN and AUTHENTICATE LOGIN of an IMAP session."""
    session = _Session(lines)
    while (line := session.client()) is not None:
        tag, _, command = line.text.partition(b" ")
        verb, _, rest = command.partition(b" ")
        answers = _Answers(
            re.compile(re.escape(tag) + rb" OK\b", re.IGNORECASE),
            re.compile(re.escape(tag) + rb" (?:NO|BAD)\b", re.IGNORECASE),
            tagged=True,
        )
        match verb.upper():
            case b"STARTTLS":
                if session.answer(answers) == "accepted":
                    return
            case b"AUTHENTICATE":
                yield from _sasl(session, line, rest, answers)
            case b"LOGIN":
                found = _imap_words(session, line, rest)
                if found is not None:
                    username, turn = found
                    yield MailLogin(turn, username, "login", session.answer(answers))
            case _:
                _pass_literals(session, rest)


def _pass_literals(session: _Session, rest: bytes) -> None:
    """Go behind the literals of a command (RFC 3501 section 4.3): a mail that is stored may quote
    another session.
    """
    while literal := _LITERAL.search(rest):
        rest = session.skip(int(literal[1]))


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
        if following is None or following.gap or len(words) > 2:
            return None
        length = int(literal.strip(b"{+}"))
        words.append(following.text[:length])
        turn, rest = following.turn, following.text[length:]
    return (words[0], turn) if len(words) == 2 and words[0] else None


def _sasl(session: _Session, line: Line, rest: bytes, answers: _Answers) -> Iterator[MailLogin]:
    """PLAIN and LOGIN, with the first response on the line of the command or behind it."""
    mechanism, _, initial = rest.partition(b" ")
    name = mechanism.upper()
    if name not in (b"PLAIN", b"LOGIN"):
        return
    said = [unwrapped(initial)] if initial else []
    while len(said) < (1 if name == b"PLAIN" else 2):
        if (response := session.response(answers)) is None:
            return
        said.append(response)
    username = plain_user(said[0] or b"") if name == b"PLAIN" else said[0]
    if username and said[-1]:
        turn = session.lines[session.at - 1].turn
        yield MailLogin(turn, username, name.decode().lower(), session.answer(answers))
