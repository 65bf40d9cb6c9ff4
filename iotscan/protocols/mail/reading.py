"""What POP3, IMAP and SMTP conversations prove: a greeting, and logins that were overheard. Pure.

The three differ in their greeting, and in who says what; the rest is one reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from iotscan.model import Fact, Kind, Observation, Transcript
from iotscan.protocols.common.overheard import (
    Line,
    beginning,
    clear_turns,
    lines,
    login_facts,
    observe,
    turned,
)
from iotscan.protocols.mail import codec as mail
from iotscan.protocols.mail.codec import MailLogin
from iotscan.text import clean

_FTP_PORT = 21
_FTP = re.compile(
    rb"^(?:SYST|FEAT|TYPE|PASV|EPSV|PORT|EPRT|CWD|PWD)\b", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of the three. ``greeting``: how its servers begin; ``ours``: a client's line that no
    other of the three knows, for sessions that were captured from the middle on; ``answers``: how
    servers begin a line.
    """

    name: str
    greeting: re.Pattern[bytes]
    ours: re.Pattern[bytes]
    answers: re.Pattern[bytes]
    logins: Callable[[Sequence[Line]], Iterator[MailLogin]]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        upper = self.name.upper()
        return (
            Kind(
                f"{self.name}.service",
                {"greeting": str, "cleartext": bool},
                f"A server greeted as {upper} does. cleartext: outside of TLS; it may still offer "
                "TLS on request.",
            ),
            Kind(
                f"{self.name}.overheard_login",
                {"username": str, "mechanism": str, "outcome": str, "peer": str},
                f"Somebody else's {upper} login was overheard, password and all. outcome: "
                "accepted, refused or unknown.",
            ),
        )

    def recognises(self, heard: bytes) -> bool:
        """Whether a server that says this first speaks it."""
        return self.greeting.match(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Observations of its kinds; of others' conversations only the logins."""
        if talk.service.endpoint.transport != "tcp" or not talk.turns:
            return
        if talk.client is not None:
            yield from self._captured(talk)
            return
        for index, turn in enumerate(talk.turns):
            if turn.sender == "server":
                if self.recognises(turn.data):
                    yield observe(talk, f"{self.name}.service", self._greeted(talk, index), [index])
                return

    def _greeted(self, talk: Transcript, index: int) -> dict[str, Fact]:
        number = talk.turns[index].channel
        secured = number < len(talk.channels) and talk.channels[number].tls is not None
        first = talk.turns[index].data.partition(b"\n")[0]
        return {"greeting": clean(first), "cleartext": not secured}

    def _captured(self, talk: Transcript) -> Iterator[Observation]:
        for seen in (talk, turned(talk)):
            if not self._is_it(seen):
                continue
            said = list(lines(clear_turns(seen)))
            for login in self.logins(said):
                facts = login_facts(login.username, login.outcome)
                facts["mechanism"] = login.mechanism
                yield observe(seen, f"{self.name}.overheard_login", facts, [login.turn])
            return

    def _is_it(self, talk: Transcript) -> bool:
        if self.recognises(beginning(talk, "server")):
            return True
        if talk.service.endpoint.port == _FTP_PORT:
            return False
        asked, answered = beginning(talk, "client"), beginning(talk, "server")
        # FTP has some of the same commands; its answers are other ones.
        return (
            self.ours.match(asked) is not None
            and (not answered or self.answers.match(answered) is not None)
            and _FTP.search(asked) is None
        )


POP3 = Dialect(
    "pop3",
    # Without words behind it "+OK" is what Redis and NATS say.
    re.compile(rb"\+OK [^\r\n]+\r?\n"),
    re.compile(rb"(?:USER|PASS|APOP|CAPA|STLS|UIDL)\b[^\r\n]*\r\n", re.IGNORECASE),
    re.compile(rb"\+(?:OK\b| )|-ERR\b"),
    mail.pop3_logins,
)
IMAP = Dialect(
    "imap",
    re.compile(rb"\* (?:OK|PREAUTH|BYE)\b[^\r\n]*\r?\n", re.IGNORECASE),
    re.compile(
        rb"[A-Za-z0-9.]{1,32} (?:LOGIN |AUTHENTICATE |CAPABILITY\r|STARTTLS\r|SELECT )",
        re.IGNORECASE,
    ),
    re.compile(rb"[*+] |[A-Za-z0-9.]{1,32} (?:OK|NO|BAD)\b", re.IGNORECASE),
    mail.imap_logins,
)
SMTP = Dialect(
    "smtp",
    re.compile(
        rb"220[ -][^\r\n]*(?:SMTP|\bmail\b|postfix|sendmail|exim|LMTP)[^\r\n]*\r?\n", re.IGNORECASE
    ),
    re.compile(rb"(?:EHLO|HELO) [^\r\n]*\r\n|AUTH (?:LOGIN|PLAIN)\b", re.IGNORECASE),
    re.compile(rb"[2-5]\d\d[ -]"),
    mail.smtp_logins,
)
