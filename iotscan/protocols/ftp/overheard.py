"""What other people's FTP gives away: logins, and names of firmware that was fetched. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iotscan.model import Fact, Observation, Transcript
from iotscan.protocols.common.firmware import is_named_so
from iotscan.protocols.common.overheard import (
    beginning,
    clear_turns,
    lines,
    login_facts,
    observe,
    turned,
)
from iotscan.protocols.ftp import codec as ftp
from iotscan.protocols.ftp.codec import Command, Reply
from iotscan.protocols.ftp.reading import ANONYMOUS, version_in
from iotscan.text import clean

PORT = 21
# What decides for a conversation that began in the middle: commands and codes that mail and news
# do not have. LIST, MODE, HELP and AUTH are theirs too.
_OURS = frozenset(
    {"USER", "PASS", "RETR", "STOR", "PASV", "EPSV", "PORT", "EPRT", "CWD", "CDUP", "PWD", "TYPE"}
    | {"SYST", "MLSD", "SIZE"}
)
# Of these, what POP3 does not have either.
_ALONE = _OURS - {"USER", "PASS", "RETR"}
_CODES = frozenset((150, 213, 226, 227, 229, 230, 250, 257, 331, 332, 350, 530, 550))
# RFC 959 section 5.4: what may come first, ready or not.
_GREETINGS = frozenset((120, 220, 421))
_MAIL = frozenset(("EHLO", "HELO", "LHLO", "MAIL", "RCPT"))
_SIZE = re.compile(r"\((\d{1,12}) bytes\)")


def read_captured(talk: Transcript) -> Iterator[Observation]:
    """Observations of ftp.overheard, ftp.overheard_login and ftp.firmware."""
    if talk.service.endpoint.transport != "tcp":
        return
    if len({turn.sender for turn in talk.turns}) == 1:
        yield from _one_sided(talk)
        return
    for seen in (talk, turned(talk)):
        if not _looks_right(seen):
            continue
        said = list(ftp.control(lines(clear_turns(seen))))
        if _is_ftp(said, usual=seen.service.endpoint.port == PORT):
            yield from _session(seen, said)
            return


def _one_sided(talk: Transcript) -> Iterator[Observation]:
    """What only one side's words tell: a server's that it is one, a client's its login."""
    for seen in (talk, turned(talk)):
        said = list(ftp.control(lines(clear_turns(seen))))
        verbs = {item.verb for item in said if isinstance(item, Command)}
        if _looks_right(seen) and _is_ftp(said, usual=seen.service.endpoint.port == PORT):
            yield from _session(seen, said)
            return
        if verbs & _MAIL:
            return
        # POP3 logs in with the same words.
        if {"USER", "PASS"} <= verbs and (seen.service.endpoint.port == PORT or verbs & _ALONE):
            yield from _logins(seen, said)
            return


def _looks_right(talk: Transcript) -> bool:
    """The cheap question: a server whose first words are a three-digit code."""
    first = beginning(talk, "server", 4)
    return first[:3].isdigit() and first[3:4] in (b" ", b"-")


def _is_ftp(said: Sequence[Reply | Command], *, usual: bool) -> bool:
    """``usual``: the server is at the port of FTP."""
    verbs = {item.verb for item in said if isinstance(item, Command)}
    replies = [item for item in said if isinstance(item, Reply)]
    if verbs & _MAIL or not replies:
        return False
    greeted = replies[0].code == 220 and isinstance(said[0], Reply)
    if greeted and ftp.names_itself(replies[0].text):
        return True
    if usual and isinstance(said[0], Reply) and replies[0].code in _GREETINGS:
        return True
    known = bool(verbs & _OURS)
    return known and (greeted or bool({reply.code for reply in replies} & _CODES))


def _session(talk: Transcript, said: Sequence[Reply | Command]) -> Iterator[Observation]:
    upgraded = any(
        isinstance(item, Command) and item.verb == "AUTH" and _answer(said, at, 234)
        for at, item in enumerate(said)
    )
    named = any(isinstance(item, Command) and item.verb == "USER" for item in said)
    if upgraded and not named:
        return
    first = next(item for item in said if isinstance(item, Reply))
    facts: dict[str, Fact] = {"cleartext": True}
    if first.code == 220:
        facts["greeting"] = clean(first.text)
        if version := version_in(first.text):
            facts["version"] = version
    yield observe(talk, "ftp.overheard", facts, [first.turn])
    yield from _logins(talk, said)
    yield from _firmware(talk, said)


def _answer(said: Sequence[Reply | Command], at: int, *codes: int) -> Reply | None:
    """The reply to the command at this place, if it has one of these codes."""
    item = said[at]
    replies = (item for item in said[at + 1 :] if isinstance(item, Reply))
    if isinstance(item, Command) and item.verb == "PASS":
        # To a client that does not wait, the wish for a password comes behind it.
        replies = (reply for reply in replies if reply.code != 331)
    reply = next(replies, None)
    return reply if reply is not None and reply.code in codes and not reply.gap else None


def _logins(talk: Transcript, said: Sequence[Reply | Command]) -> Iterator[Observation]:
    user: Command | None = None
    for at, item in enumerate(said):
        if not isinstance(item, Command):
            continue
        if item.gap:
            user = None  # another name may stand in what is missing
        if item.verb == "USER":
            user = item
            if _answer(said, at, 230):
                yield _login(talk, user, None, "accepted")
        elif item.verb == "PASS" and user is not None:  # guests have a password as well
            accepted, refused = _answer(said, at, 230, 202), _answer(said, at, 430, 530, 421)
            outcome = "accepted" if accepted else "refused" if refused else "unknown"
            yield _login(talk, user, item, outcome)


def _login(
    talk: Transcript, user: Command | None, password: Command | None, outcome: str
) -> Observation:
    name = clean(user.argument) if user else ""
    anonymous = name.lower() in ANONYMOUS
    facts = login_facts(name, outcome)
    facts |= {"anonymous": anonymous, "password_seen": password is not None}
    cited = user if password is None or (anonymous and user) else password
    assert cited is not None
    return observe(talk, "ftp.overheard_login", facts, [cited.turn])


def _firmware(talk: Transcript, said: Sequence[Reply | Command]) -> Iterator[Observation]:
    """Files of a telling name that were fetched to the end (226 or 250 after the 150)."""
    for at, item in enumerate(said):
        if not isinstance(item, Command) or item.verb != "RETR":
            continue
        path = clean(item.argument)
        replies = [r for r in said[at + 1 : at + 4] if isinstance(r, Reply)]
        codes = {reply.code for reply in replies}
        if not is_named_so(path) or not codes & {226, 250} or not codes & {125, 150}:
            continue
        facts: dict[str, Fact] = {"path": path, "cleartext": True}
        sizes = [found[1] for r in replies if (found := _SIZE.search(r.text))]
        if sizes:
            facts["bytes"] = int(sizes[0])
        yield observe(talk, "ftp.firmware", facts, [item.turn])
