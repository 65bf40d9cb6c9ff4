"""Logins with a readable password, of protocols that have no findings of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from iotscan.model import Kind, Observation, Transcript
from iotscan.protocols.common.overheard import login_facts, observe, turn_at

# Enough of a side to hold what it says until it has logged in.
LONGEST = 16_384
LOGIN = Kind(
    "login.overheard",
    {
        "protocol": str,
        "username": str,
        "password_seen": bool,
        "outcome": str,
        "cleartext": bool,
        "peer": str,
    },
    "Somebody else's login was overheard, password and all. outcome: accepted, refused or unknown.",
)


@dataclass(frozen=True, slots=True)
class Login:
    """``at``: where the password ends in what the client said; ``outcome``: accepted, refused or
    unknown.
    """

    at: int
    username: bytes
    secret: bytes = field(repr=False)
    outcome: str


def sides(talk: Transcript) -> tuple[bytes, bytes]:
    """What client and server said first, each up to the first of it that is missing."""
    said = {"client": b"", "server": b""}
    whole = {"client", "server"}
    for turn in talk.turns:
        if turn.sender in whole and len(said[turn.sender]) < LONGEST:
            said[turn.sender] += turn.data
            whole -= {turn.sender} if turn.cut else set()
    return said["client"], said["server"]


# Of what client and server said from the beginning on, the logins that are readable.
Logins = Callable[[bytes, bytes], Iterator[Login]]


def read_logins(talk: Transcript, protocol: str, logins: Logins) -> Iterator[Observation]:
    """An observation of each login in others' conversation; ``protocol``: as people call it."""
    if talk.client is None or talk.service.endpoint.transport != "tcp":
        return
    for login in logins(*sides(talk)):
        facts = login_facts(login.username, login.outcome)
        facts |= {"protocol": protocol, "password_seen": True}
        facts["cleartext"] = talk.channels[0].tls is None
        turn = turn_at(enumerate(talk.turns), "client", login.at - 1)
        yield observe(talk, LOGIN.name, facts, [turn])
