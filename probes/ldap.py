"""LDAP, as others speak it: passwords that a simple bind sends in clear.

Reads captures only; nothing is sent to a directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols import ldap
from iotscan.protocols.ldap import Bind, BindDone, StartTls
from iotscan.protocols.overheard import clear_turns, framed, login_facts, observe, turned

KINDS = (
    Kind(
        "ldap.overheard_login",
        {"username": str, "version": int, "outcome": str, "peer": str},
        "Somebody else's simple bind with a password was overheard. outcome: accepted, refused or "
        "unknown.",
    ),
)
# RFC 4511 appendix A: busy, unavailable and unwilling say nothing about the password.
_NO_ANSWER = frozenset((51, 52, 53))


class Ldap:
    name = "ldap"
    openings: Sequence[Opening] = ()
    impact = Impact.LISTEN
    emits = KINDS

    def recognises(self, heard: bytes) -> bool:
        return False

    def handles(self, service: Service) -> bool:
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Nothing is said: see the module's first line."""

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is None or talk.service.endpoint.transport != "tcp":
            return
        if any(turn.data.startswith(b"0") for turn in talk.turns[:2]):
            yield from _captured(talk)


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
