"""What VNC conversations prove: offered security, known passwords, sessions without any. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind, Observation, Outcome, Transcript
from iotscan.protocols.common.overheard import (
    beginning,
    login_facts,
    observe,
    turn_at,
    turned,
)
from iotscan.protocols.logins.tries import Tries
from iotscan.protocols.rfb import codec as rfb
from iotscan.protocols.rfb.codec import Greeting
from iotscan.protocols.rfb.inner import PLAIN, SEALED, VENCRYPT, plain_user, settled
from iotscan.text import clean

KINDS = (
    Kind(
        "vnc.service",
        {
            "version": str,
            "security": tuple,
            "no_authentication": bool,
            "encrypted": bool,
            "reason": str,
        },
        "A VNC server answered. no_authentication: it offers the type None; encrypted: whether all "
        "it offers leaves the session readable (False) or something protects it (True).",
    ),
    Kind(
        "vnc.login",
        {
            "accepted": bool,
            "login": str,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "refused": int,
            "locked_out": bool,
        },
        "We tried publicly known passwords with VNC Authentication.",
    ),
    Kind(
        "vnc.overheard",
        {
            "version": str,
            "security": str,
            "no_authentication": bool,
            "encrypted": bool,
            "challenge_seen": bool,
            "password_seen": bool,
            "username": str,
            "outcome": str,
            "peer": str,
        },
        "Somebody else's VNC session was overheard up to its login. encrypted: whether something "
        "protects what followed; challenge_seen: a challenge was answered, for which passwords can "
        "be tried without the server; password_seen: the password itself was sent. outcome: "
        "accepted, refused or unknown.",
    ),
)
_INNER = {rfb.NONE: "None", rfb.VNC_AUTH: "VNC Authentication", PLAIN: "user name and password"}
_TOO_MANY = re.compile(r"too many|blacklist|locked|try again later", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Session:
    """The security handshake on one channel, as far as it came.

    ``chosen``: the type taken, and the turn of that choice. ``settled``: what the login went by in
    the end, where the type leaves that open. ``answered``: a challenge was; ``username``: of a
    plain login, whose turn is ``told``; ``result``: what the server said to either, 0 is yes.
    """

    version: tuple[int, int]
    greeting: Greeting | None
    greeted: tuple[int, ...]
    chosen: tuple[int, int] | None = None
    settled: int | None = None
    answered: bool = False
    username: bytes | None = None
    told: int = -1
    result: int | None = None
    reason: str = ""


def read_session(talk: Transcript, number: int) -> Session | None:
    """The handshake on a channel, None if it is not RFB."""
    turns = talk.turns_of(number)
    server = b"".join(turn.data for _, turn in turns if turn.sender == "server")
    client = b"".join(turn.data for _, turn in turns if turn.sender == "client")
    try:
        theirs = rfb.version(server[:12])
        ours = rfb.version(client[:12]) if client else None
        if theirs is None:
            return None
        start = turn_at(turns, "server", 0)
        agreed = min(theirs, ours) if ours is not None else None
        greeting = rfb.security(server[12:], agreed) if agreed is not None else None
    except Malformed:
        return None
    if greeting is None or agreed is None:
        return Session(theirs, None, (start,))
    greeted = (start, turn_at(turns, "server", 11 + greeting.end))
    rest, said = server[12 + greeting.end :], client[12:]
    if not greeting.types:
        return Session(theirs, greeting, greeted, reason=clean(greeting.reason or ""))
    chosen = (greeting.types[0], greeted[1])
    if agreed >= (3, 7):
        if not said or said[0] not in greeting.types:
            return Session(theirs, greeting, greeted)
        chosen = (said[0], turn_at(turns, "client", 12))
        said = said[1:]
    session = Session(theirs, greeting, greeted, chosen)
    try:
        inner = settled(chosen[0], rest, said)
    except Malformed:
        return session
    if inner is None or inner.kind is None:
        return session
    session = replace(session, settled=inner.kind)
    session = _login(session, rest[inner.server :], said[inner.client :])
    if session.answered or session.username is not None:
        at = len(client) - len(said) + inner.client
        session = replace(session, told=turn_at(turns, "client", at))
    return session


def _login(session: Session, server: bytes, client: bytes) -> Session:
    """With the login itself, given what both sides said behind what they settled on."""
    if session.settled == rfb.VNC_AUTH and len(client) >= rfb.CHALLENGE:
        session, server = replace(session, answered=True), server[rfb.CHALLENGE :]
    elif session.settled == PLAIN and (username := plain_user(client)) is not None:
        session = replace(session, username=username)
    else:
        return session
    result = int.from_bytes(server[:4], "big") if len(server) >= 4 else None
    return replace(session, result=result, reason=clean(server[8:264]))


def outcome_of(session: Session) -> Outcome:
    """How a login ended."""
    refusal = session.reason or (session.greeting.reason or "" if session.greeting else "")
    if session.result == 0:
        return Outcome.ACCEPTED
    if session.result == 2 or _TOO_MANY.search(refusal):
        return Outcome.LOCKED  # 2 is "too many" in RFB 3.3 and Tight
    return Outcome.REFUSED if session.result == 1 else Outcome.UNCLEAR


def read_own(talk: Transcript) -> Iterator[Observation]:
    """Observations of vnc.service and vnc.login."""
    tries: list[tuple[str, Session, list[int]]] = []
    for number in sorted({turn.channel for turn in talk.turns}):
        session = read_session(talk, number)
        if session is None:
            continue
        login = talk.channels[number].login if number < len(talk.channels) else None
        if login is not None:
            tries.append((login, session, [i for i, _ in talk.turns_of(number)]))
        else:
            tls = number < len(talk.channels) and talk.channels[number].tls is not None
            yield observe(talk, "vnc.service", _service(session, tls), session.greeted)
    if tries:
        yield from _logins(talk, tries)


def _service(session: Session, tls: bool) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"version": "{}.{}".format(*session.version)}
    greeting = session.greeting
    if greeting is None:
        return facts
    if greeting.reason:
        facts["reason"] = clean(greeting.reason)
    if greeting.types:
        types = set(greeting.types)
        facts["security"] = tuple(rfb.name_of(number) for number in greeting.types[:32])
        facts["no_authentication"] = rfb.NONE in types
        if tls or types & rfb.ENCRYPTED:
            facts["encrypted"] = True
        elif types <= rfb.TYPES.keys() - rfb.OPEN_ENDED:
            facts["encrypted"] = False
    return facts


def _logins(talk: Transcript, tries: list[tuple[str, Session, list[int]]]) -> Iterator[Observation]:
    fared = Tries([outcome_of(session) for _, session, _ in tries])
    facts = fared.facts(talk.ending)
    login, _, cited = tries[fared.cited]
    if fared.won is not None:
        facts["login"] = login
    yield observe(talk, "vnc.login", facts, cited)


def read_captured(talk: Transcript) -> Iterator[Observation]:
    """An observation of vnc.overheard."""
    if talk.service.endpoint.transport != "tcp":
        return
    if b"RFB " not in (beginning(talk, side, 4)[:4] for side in ("server", "client")):
        return
    if talk.turns[0].sender == "client":
        talk = turned(talk)  # the server speaks first
    session = read_session(talk, 0)
    if session is None:
        return
    facts: dict[str, Fact] = {"version": "{}.{}".format(*session.version)}
    cited: tuple[int, ...] = session.greeted
    if session.chosen is not None:
        facts |= _chosen(session, tls=talk.channels[0].tls is not None)
        cited = (session.chosen[1], max(session.chosen[1], session.told))
    yield observe(talk, "vnc.overheard", facts, cited)


def _chosen(session: Session, *, tls: bool) -> dict[str, Fact]:
    assert session.chosen is not None
    number, inner = session.chosen[0], session.settled
    facts: dict[str, Fact] = {"security": rfb.name_of(number)}
    if inner in _INNER and inner != number:
        facts["security"] = f"{rfb.name_of(number)}: {_INNER[inner]}"
    if inner is not None:
        facts["no_authentication"] = inner == rfb.NONE
    if tls or inner == SEALED or number in rfb.ENCRYPTED - {VENCRYPT}:
        facts["encrypted"] = True
    elif inner is not None and (inner in _INNER or inner in rfb.TYPES.keys() - rfb.OPEN_ENDED):
        facts["encrypted"] = False
        facts["challenge_seen"] = session.answered
        facts["password_seen"] = session.username is not None
    if session.answered or session.username is not None:
        outcome = {0: "accepted", 1: "refused", 2: "refused"}
        facts |= login_facts(
            session.username or b"",
            "unknown" if session.result is None else outcome.get(session.result, "unknown"),
        )
    return facts
