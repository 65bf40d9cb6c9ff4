"""LDAP: a directory is known by its answer to a request for TLS; passwords of others that a simple
bind sends in clear are read from captures. Nothing is asked of the directory itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols import ldap
from iotscan.protocols.common.overheard import clear_turns, framed, login_facts, observe, turned
from iotscan.protocols.ldap import Bind, BindDone, ExtendedDone, StartTls

START_TLS = ldap.start_tls(1)
KINDS = (
    Kind(
        "ldap.service",
        {"starttls": bool},
        "A directory answered a request to change to TLS. starttls: it agreed.",
    ),
    Kind(
        "ldap.overheard_login",
        {"username": str, "version": int, "outcome": str, "peer": str},
        "Somebody else's simple bind with a password was overheard. outcome: accepted, refused or "
        "unknown.",
    ),
)
# RFC 4511 appendix A: busy, unavailable and unwilling say nothing about the password.
_NO_ANSWER = frozenset((51, 52, 53))


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
        if isinstance(message, StartTls):
            return
        if not isinstance(message, Bind) or not message.simple or message.empty:
            continue
        seen = talk if sender == "client" else turned(talk)
        codes = [
            reply.code
            for _, other, reply in said[at + 1 :]
            if other != sender and isinstance(reply, BindDone) and reply.number == message.number
        ]
        outcome = "unknown"
        if codes and codes[0] not in _NO_ANSWER:
            outcome = "accepted" if codes[0] == 0 else "refused"
        facts = login_facts(message.name, outcome)
        facts["version"] = message.version
        yield observe(seen, "ldap.overheard_login", facts, [index])


PROBE = Ldap()
