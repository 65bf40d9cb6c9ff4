"""AMQP: whether a broker lets in whoever has no account; of others, that they speak it in clear,
and the passwords that cross it so.

A broker is greeted, which makes it tell its product and how one may log in, and asked to let in
nobody in particular where it offers that. Nothing is declared, published or consumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Sender, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, either, hear_whole
from iotscan.protocols.amqp import codec as amqp
from iotscan.protocols.amqp import start as amqp_start
from iotscan.protocols.amqp.codec import Header, Item, Method, Other, SaslInit, SaslOutcome
from iotscan.protocols.amqp.start import ANONYMOUS, HEADER, Start
from iotscan.protocols.common.overheard import clear_turns, framed, login_facts, observe, turned
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.logins.sasl import plain_user
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
PORT, SECURE_PORT = 5672, 5671
# What a conversation must show before anything is believed: the header, or frames of both sides.
_START = bytes([amqp.METHOD, 0, 0])

Said = tuple[int, Sender, Item]


class Amqp:
    name = "amqp"
    openings: Sequence[Opening] = (
        Opening("amqp", "tcp", (PORT, SECURE_PORT), HEADER, tls=(SECURE_PORT,)),
    )
    impact = Impact.GREET
    emits = (*KINDS, ACCESS)
    begins = either("tcp", b"A\1")

    def recognises(self, heard: bytes) -> bool:
        """A broker's start, or the header by which one of another version refuses ours."""
        return heard[:8] in amqp.HEADERS or _start(heard) is not None

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(HEADER)
            first = await _hear(stream)
            if not isinstance(first, Method) or first.number != amqp.START:
                return
            if ANONYMOUS in amqp_start.parse_start(first).mechanisms:
                await stream.write(amqp_start.anonymous_start_ok())
                await _hear(stream)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.service.endpoint.transport != "tcp":
            return
        if talk.client is None:
            yield from _own(talk)
        elif any(_is_amqp(turn.data) for turn in talk.turns[:3]):
            yield from _captured(talk)


async def _hear(stream: Stream) -> Item:
    """The broker's next frame. Raises Malformed, ConnectionLost."""
    return (await hear_whole(stream, amqp.take))[0]


def _is_amqp(said: bytes) -> bool:
    """Whether words of a captured conversation are AMQP's: its beginning, or of one that had begun
    before the capture a whole method that exists.
    """
    if said.startswith((b"AMQP", _START)):
        return True
    try:
        taken = amqp.take(said) if said[:1] == bytes([amqp.METHOD]) else None
    except Malformed:
        return False
    return taken is not None and isinstance(taken[0], Other) and taken[0].method is not None


def _start(heard: bytes) -> Start | None:
    """The start that a broker's words begin with."""
    try:
        taken = amqp.take(heard)
        if taken and isinstance(taken[0], Method) and taken[0].number == amqp.START:
            return amqp_start.parse_start(taken[0])
    except Malformed:
        pass
    return None


def _own(talk: Transcript) -> Iterator[Observation]:
    """What a broker said to us. A tune in answer to nobody's login lets in whoever comes."""
    for channel in sorted({turn.channel for turn in talk.turns}):
        heard = talk.said_by("server", channel)
        start = _start(heard)
        if start is None:
            continue
        turns = tuple(i for i, turn in talk.turns_of(channel) if turn.sender == "server")[:4]
        product, version = (start.properties.get(word, "") for word in ("product", "version"))
        asked = amqp_start.anonymous_start_ok() in talk.said_by("client", channel)
        yield access(
            talk,
            clean(product, 64) or "AMQP broker",
            turns,
            is_open=_let_in(heard) if asked else None if ANONYMOUS in start.mechanisms else False,
            version=version,
        )


def _let_in(heard: bytes) -> bool | None:
    """Whether a tune follows the start; None where nothing tells."""
    try:
        first = amqp.take(heard)
        second = amqp.take(heard[first[1] :]) if first else None
    except Malformed:
        return None
    if second is None or not isinstance(second[0], Method):
        return None
    return {amqp.TUNE: True, amqp.CLOSE: False}.get(second[0].number)


def _captured(talk: Transcript) -> Iterator[Observation]:
    said = list(framed(clear_turns(talk), amqp.take, amqp.LARGEST))
    header = next(((i, s, m) for i, s, m in said if isinstance(m, Header)), None)
    methods = [(i, s, m) for i, s, m in said if isinstance(m, Method)]
    first = next((one for one in said if not isinstance(one[2], Header)), None)
    known = any(isinstance(m, Other) and m.method for _, _, m in said)
    if first is None or (header is None and not methods and not known):
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
    """Which side is the client: it sends the header, answers the server's start, and publishes."""
    for _, sender, message in said:
        if isinstance(message, Header | SaslInit):
            return sender
        if isinstance(message, Method) and message.number in (amqp.START, amqp.START_OK):
            other: Sender = "server" if sender == "client" else "client"
            return sender if message.number == amqp.START_OK else other
        if isinstance(message, Other) and message.method in (amqp.PUBLISH, amqp.CONSUME):
            return sender
        if isinstance(message, Other) and message.method == amqp.DELIVER:
            return "server" if sender == "client" else "client"
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
