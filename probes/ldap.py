"""LDAP: a directory is known by its answer to a request for TLS. Passwords of others that a bind
sends in clear, simple or as SASL PLAIN, are read from captures. Nothing is asked of the directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols import ldap
from iotscan.protocols.common.overheard import clear_turns, framed, login_facts, observe, turned
from iotscan.protocols.ldap import Bind, BindDone, ExtendedDone, Message, StartTls
from iotscan.protocols.logins.sasl import plain_user

START_TLS = ldap.start_tls(1)
KINDS = (
    Kind(
        "ldap.service",
        {"starttls": bool},
        "A directory answered a request to change to TLS. starttls: it agreed.",
    ),
    Kind(
        "ldap.overheard_login",
        {"username": str, "mechanism": str, "version": int, "outcome": str, "peer": str},
        "Somebody else's bind with a readable password was overheard. mechanism: simple or plain; "
        "outcome: accepted, refused or unknown.",
    ),
)
# RFC 4511 appendix A: SASL in progress, busy, unavailable and unwilling say nothing about the
# password.
_NO_ANSWER = frozenset((14, 51, 52, 53))


class Ldap(Greeted):
    name = "ldap"
    openings = (Opening("starttls", "tcp", (389, 636), START_TLS, tls=(636,)),)
    impact = Impact.GREET
    emits = KINDS
    begins = either("tcp", b"0")

    def recognises(self, heard: bytes) -> bool:
        return _answer(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.service.endpoint.transport != "tcp":
            return
        if talk.client is None:
            yield from _own(talk)
        elif any(turn.data.startswith(b"0") for turn in talk.turns[:2]):
            yield from _captured(talk)


def _answer(heard: bytes) -> ExtendedDone | None:
    """The answer to our request for TLS."""
    try:
        found = ldap.take(heard)
    except Malformed:
        return None
    if found is None or not isinstance(found[0], ExtendedDone) or found[0].number != 1:
        return None
    return found[0]


def _own(talk: Transcript) -> Iterator[Observation]:
    for index, turn in enumerate(talk.turns):
        found = _answer(turn.data) if turn.sender == "server" else None
        if found is not None:
            # Inside TLS the answer is no, and says nothing of the port in clear.
            facts: dict[str, Fact] = {} if talk.service.tls else {"starttls": found.code == 0}
            yield observe(talk, "ldap.service", facts, [index])
            return


def _captured(talk: Transcript) -> Iterator[Observation]:
    said = list(framed(clear_turns(talk), ldap.take, ldap.LARGEST))
    for at, (index, sender, message) in enumerate(said):
        if isinstance(message, StartTls) and _code(said[at + 1 :], ExtendedDone, message) in (
            0,
            None,
        ):
            return  # granted, or nobody knows: what follows is encrypted
        login = _login(message) if isinstance(message, Bind) else None
        if login is None or not isinstance(message, Bind):
            continue
        seen = talk if sender == "client" else turned(talk)
        mechanism, username = login
        code = _code(said[at + 1 :], BindDone, message)
        outcome = "unknown"
        if code is not None and code not in _NO_ANSWER:
            outcome = "accepted" if code == 0 else "refused"
        facts = login_facts(username, outcome)
        facts |= {"mechanism": mechanism, "version": message.version}
        yield observe(seen, "ldap.overheard_login", facts, [index])


def _login(bind: Bind) -> tuple[str, bytes] | None:
    """(mechanism, user name) of a bind whose password is readable."""
    if not bind.mechanism:
        return ("simple", bind.name) if bind.secret else None
    username = plain_user(bind.secret) if bind.mechanism.upper() == "PLAIN" else None
    return ("plain", username) if username else None


def _code(
    after: Sequence[tuple[int, Sender, Message]],
    kind: type[BindDone | ExtendedDone],
    asked: Bind | StartTls,
) -> int | None:
    """How a request was answered; None where no answer to it was heard."""
    for _, _, reply in after:
        if isinstance(reply, kind) and reply.number == asked.number:
            return reply.code
    return None


PROBE = Ldap()
