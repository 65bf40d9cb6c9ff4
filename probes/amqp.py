"""AMQP, as others speak it: that it is in clear, and the passwords that cross it so.

Reads captures only; nothing is sent to a broker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols import amqp
from iotscan.protocols.amqp import Header, Item, Method, SaslInit, SaslOutcome
from iotscan.protocols.overheard import clear_turns, framed, login_facts, observe, turned
from iotscan.protocols.sasl import plain_user
from iotscan.text import clean

KINDS = (
    Kind(
        "amqp.overheard",
        {"cleartext": bool, "version": str, "peer": str},
        "AMQP frames of others were overheard outside of TLS.",
    ),
    Kind(
        "amqp.overheard_login",
        {"username": str, "mechanism": str, "outcome": str, "peer": str},
        "Somebody else's AMQP login was overheard, password and all. outcome: accepted, refused or "
        "unknown.",
    ),
)
# What a conversation must show before anything is believed: the header, or frames of both sides.
_START = bytes([amqp.METHOD, 0, 0])

Said = tuple[int, Sender, Item]


class Amqp:
    name = "amqp"
    openings: Sequence[Opening] = ()
    impact = Impact.LISTEN
    emits = KINDS

    def recognises(self, heard: bytes) -> bool:
        return heard[:8] in amqp.HEADERS

    def handles(self, service: Service) -> bool:
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Nothing is said: see the module's first line."""

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is None or talk.service.endpoint.transport != "tcp":
            return
        if any(turn.data.startswith((b"AMQP", _START)) for turn in talk.turns[:3]):
            yield from _captured(talk)


def _captured(talk: Transcript) -> Iterator[Observation]:
    said = list(framed(clear_turns(talk), amqp.take, amqp.LARGEST))
    header = next(((i, s, m) for i, s, m in said if isinstance(m, Header)), None)
    methods = [(i, s, m) for i, s, m in said if isinstance(m, Method)]
    first = next((one for one in said if not isinstance(one[2], Header)), None)
    if first is None or (header is None and not methods):
        return
    asker = _client(said)
    seen = talk if asker == "client" else turned(talk)
    facts: dict[str, Fact] = {"cleartext": True}
    if header is not None and isinstance(header[2], Header):
        facts["version"] = header[2].version
    yield observe(seen, "amqp.overheard", facts, [(header or first)[0]])
    for at, (index, _, message) in enumerate(said):
        login = _login(message)
        if login is not None:
            mechanism, username = login
            facts = login_facts(username, _outcome(said[at + 1 :], asker))
            facts["mechanism"] = clean(mechanism, 32)
            yield observe(seen, "amqp.overheard_login", facts, [index])


def _client(said: Sequence[Said]) -> Sender:
    """Which side is the client: it sends the header and answers the server's start."""
    for _, sender, message in said:
        if isinstance(message, Header | SaslInit):
            return sender
        if isinstance(message, Method) and message.number in (amqp.START, amqp.START_OK):
            other: Sender = "server" if sender == "client" else "client"
            return sender if message.number == amqp.START_OK else other
    return "client"


def _login(message: Item) -> tuple[str, bytes] | None:
    """(mechanism, user name) of a login whose password is readable."""
    try:
        if isinstance(message, Method) and message.number == amqp.START_OK:
            mechanism, response = amqp.start_ok(message)
        elif isinstance(message, SaslInit):
            mechanism, response = message.mechanism, message.response
        else:
            return None
    except Malformed:
        return None
    readers = {"PLAIN": plain_user, "AMQPLAIN": amqp.amqplain_user}
    reader = readers.get(mechanism.upper())
    username = reader(response) if reader else None
    return (mechanism, username) if username else None


def _outcome(after: Sequence[Said], asker: Sender) -> str:
    """A tune lets the client in; a close, or nothing more, does not tell (0-9-1 hangs up)."""
    for _, sender, message in after:
        if sender == asker:
            continue
        if isinstance(message, SaslOutcome):
            return "accepted" if message.code == 0 else "refused"
        if isinstance(message, Method) and message.number == amqp.TUNE:
            return "accepted"
        if isinstance(message, Method) and message.number == amqp.CLOSE:
            return "refused"
    return "unknown"


PROBE = Amqp()
