"""What our own FTP conversations prove: the service, an anonymous login, known logins. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.model import Channel, Fact, Observation, Outcome, Transcript
from iotscan.protocols.common.overheard import lines, observe
from iotscan.protocols.ftp import codec as ftp
from iotscan.protocols.ftp.codec import Command, Reply
from iotscan.protocols.logins import dialogue as login_text
from iotscan.protocols.logins.tries import Tries
from iotscan.text import clean

# A user name that nobody has: it shows whether names are taken in clear, and is never sent a
# password.
NOBODY = "iotscan"
ANONYMOUS = frozenset({"anonymous", "ftp"})
_WANTS_TLS = re.compile(r"encrypt|\bTLS\b|\bSSL\b|secure (?:connection|session)", re.IGNORECASE)
_VERSION = re.compile(r"[A-Za-z][\w.+-]*(?: FTPd?)?(?: server)?[ /(v]{1,3}(\d+(?:\.\d+)+[\w.-]*)")
_TELLING = {
    "firmware": re.compile(r"firmware|sysupgrade|\.(?:trx|chk|fw|ubi|img|rom)$|(?:^|\W)fw\W", re.I),
    "settings": re.compile(r"config|settings|backup|\.(?:cfg|conf|ini|bak)$|passwd|shadow", re.I),
    "recordings": re.compile(r"\.(?:avi|mp4|h264|mkv|dav|jpe?g)$|(?:^|\W)(?:dcim|rec)\b", re.I),
}
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Session:
    """One control connection of ours. ``pairs``: each command with its reply, if it got one."""

    number: int
    channel: Channel
    greeting: Reply | None
    pairs: tuple[tuple[Command, Reply | None], ...]

    @property
    def secured(self) -> bool:
        return self.channel.tls is not None

    def reply(self, verb: str, argument: bytes | None = None) -> Reply | None:
        """The reply to the last such command; None without one."""
        found = [
            reply
            for command, reply in self.pairs
            if command.verb == verb and argument in (None, command.argument)
        ]
        return found[-1] if found else None

    def turns(self) -> list[int]:
        replies = [reply for _, reply in self.pairs if reply is not None]
        first = [self.greeting.turn] if self.greeting else []
        return first + [c.turn for c, _ in self.pairs] + [r.turn for r in replies]


def read_own(talk: Transcript) -> Iterator[Observation]:
    """Observations of ftp.service, ftp.anonymous and ftp.login."""
    sessions = list(_sessions(talk))
    greetings = [session for session in sessions if session.channel.login is None]
    if greetings and _is_ftp(greetings):
        yield _service(talk, greetings)
        yield from _anonymous(talk, greetings)
    tries = [session for session in sessions if session.channel.login is not None]
    if tries:
        yield from _logins(talk, tries)


def _sessions(talk: Transcript) -> Iterator[Session]:
    for number in sorted({turn.channel for turn in talk.turns}):
        known = number < len(talk.channels)
        channel = talk.channels[number] if known else Channel(talk.service.endpoint)
        if channel.endpoint.port != talk.service.endpoint.port:
            continue  # a data connection
        said = list(ftp.control(lines(talk.turns_of(number))))
        greeting = said[0] if said and isinstance(said[0], Reply) else None
        if greeting is not None and greeting.code in (220, 120, 421):
            yield Session(number, channel, greeting, tuple(pairs(said)))


def pairs(said: Sequence[Reply | Command]) -> Iterator[tuple[Command, Reply | None]]:
    """Each command with the first reply behind it and before the next command."""
    for at, item in enumerate(said):
        if isinstance(item, Command):
            following = said[at + 1] if at + 1 < len(said) else None
            yield item, following if isinstance(following, Reply) else None


def _is_ftp(sessions: Sequence[Session]) -> bool:
    """Whether a reply was given that only FTP has: to a user name, or a greeting that says so."""
    if any(s.greeting and ftp.names_itself(s.greeting.text) for s in sessions):
        return True
    codes = {r.code for s in sessions for c, r in s.pairs if r and c.verb in ("USER", "PASS")}
    features = any(r and r.code in (211, 234) for s in sessions for _, r in s.pairs)
    return features or bool(codes & {230, 331, 332, 530})


def _service(talk: Transcript, sessions: Sequence[Session]) -> Observation:
    greeting = sessions[0].greeting
    assert greeting is not None
    facts: dict[str, Fact] = {"greeting": clean(greeting.text)}
    if version := version_in(greeting.text):
        facts["version"] = version
    upgraded = [reply for s in sessions if (reply := s.reply("AUTH")) is not None]
    if talk.service.tls or upgraded:
        facts["tls_offered"] = talk.service.tls or upgraded[0].code == 234
    asked = [r for s in sessions if not s.secured for c, r in s.pairs if r and c.verb == "USER"]
    if talk.service.tls:
        facts["cleartext"] = False
    elif any(reply.code in (230, 331, 332) for reply in _to_nobody(sessions)):
        facts |= {"cleartext": True, "tls_required": False}
    elif any(_WANTS_TLS.search(reply.text) for reply in asked if reply.code >= 400):
        facts |= {"cleartext": False, "tls_required": True}
    elif facts.get("tls_offered") is False:
        facts |= {"cleartext": True, "tls_required": False}
    listed = [ftp.features(r) for s in sessions if (r := s.reply("FEAT")) is not None]
    if listed:
        facts["features"] = listed[0]
    system = [r for s in sessions if (r := s.reply("SYST")) is not None and r.code == 215]
    if system:
        facts["system"] = system[0].text
    return observe(talk, "ftp.service", facts, [t for s in sessions for t in s.turns()][:8])


def _to_nobody(sessions: Sequence[Session]) -> Iterator[Reply]:
    for session in sessions:
        reply = session.reply("USER", NOBODY.encode())
        if reply is not None and not session.secured:
            yield reply


def version_in(greeting: str) -> str:
    """The product with its version as a greeting states it, "" without one."""
    found = _VERSION.search(greeting)
    return found[0].strip("( ") if found else ""


def _anonymous(talk: Transcript, sessions: Sequence[Session]) -> Iterator[Observation]:
    for session in sessions:
        at = [i for i, (c, _) in enumerate(session.pairs) if _names_anonymous(c)]
        if not at:
            continue
        tries = [r for c, r in session.pairs[at[-1] :] if r and c.verb in ("USER", "PASS")]
        codes = {reply.code for reply in tries}
        if not codes - {331, 332}:
            continue
        facts: dict[str, Fact] = {"accepted": 230 in codes}
        cited = [reply.turn for reply in tries]
        if 230 in codes:
            cited += _looked_round(talk, session, facts)
        yield observe(talk, "ftp.anonymous", facts, cited)
        return


def _names_anonymous(command: Command) -> bool:
    return command.verb == "USER" and clean(command.argument).lower() in ANONYMOUS


def _looked_round(talk: Transcript, session: Session, facts: dict[str, Fact]) -> list[int]:
    """Add what listing and MLST show to the facts; the turns that prove it."""
    cited: list[int] = []
    listed = session.reply("LIST")
    writable: list[str] = []
    if listed is not None and listed.code in (125, 150, 226, 250):
        data = [
            (index, turn.data)
            for number, channel in enumerate(talk.channels)
            if channel.endpoint.port != talk.service.endpoint.port
            for index, turn in talk.turns_of(number)
            if turn.sender == "server"
        ]
        entries = ftp.listing(b"".join(text for _, text in data))
        writable = [entry.name for entry in entries if entry.others_write]
        facts |= {"listed": True, "entries": len(entries)}
        if entries:
            facts |= {"writable": bool(writable), "telling": _telling(entries)}
        cited += [listed.turn, *(index for index, _ in data[:1])]
    here = session.reply("MLST")
    granted = ftp.may_change(here) if here is not None else None
    if here is not None and granted is not None:
        facts["writable"] = granted or bool(writable)
        writable += ["."] if granted else []
        cited.append(here.turn)
    if writable:
        facts["writable_names"] = tuple(writable[:_MOST_NAMES])
    return cited


def _telling(entries: Sequence[ftp.Entry]) -> tuple[str, ...]:
    return tuple(
        word for word, shape in _TELLING.items() if any(shape.search(e.name) for e in entries)
    )


def outcome_of(reply: Reply | None) -> Outcome:
    """What a reply to USER or PASS says of a login. 421 closes the door on everybody."""
    if reply is None:
        return Outcome.UNCLEAR
    if reply.code == 230:
        return Outcome.ACCEPTED
    if reply.code == 421 or login_text.locks(reply.text):
        return Outcome.LOCKED
    if _WANTS_TLS.search(reply.text):
        return Outcome.UNCLEAR
    return Outcome.REFUSED if reply.code in (430, 530) else Outcome.UNCLEAR


def _session_outcome(session: Session) -> Outcome:
    """How the login of a connection ended."""
    last = session.reply("PASS") or session.reply("USER")
    if session.greeting is not None and session.greeting.code == 421:
        return Outcome.LOCKED
    return outcome_of(last)


def _logins(talk: Transcript, tries: Sequence[Session]) -> Iterator[Observation]:
    fared = Tries([_session_outcome(session) for session in tries])
    facts, cited = fared.facts(talk.ending), tries[fared.cited]
    if fared.won is not None:
        name = next((c.argument for c, _ in cited.pairs if c.verb == "USER"), b"")
        password = next((c.argument for c, _ in cited.pairs if c.verb == "PASS"), b"")
        facts |= {"login": cited.channel.login or "", "empty_password": not password}
        facts["username"] = clean(name, 64)
    yield observe(talk, "ftp.login", facts, cited.turns())
