"""What an SSH conversation proves: the server, its algorithms and host key, our logins. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from iotscan.errors import Malformed
from iotscan.model import Channel, Fact, Observation, Sender, Transcript, Turn
from iotscan.protocols.common.overheard import beginning, observe, turn_at, turned
from iotscan.protocols.logins.tries import Tries
from iotscan.protocols.ssh import codec as ssh
from iotscan.protocols.ssh import judged as ssh_judged
from iotscan.protocols.ssh.client import WITHOUT_RSA, Client
from iotscan.protocols.ssh.codec import Identification, KexInit
from iotscan.text import clean

PORT = 22
_MOST_LISTED = 64
# Bytes in which a server's identification is looked for: notices before it are a page of text.
_MOST_BEFORE = 8192


def recognises(heard: bytes) -> bool:
    """An identification line, or the beginning of one, with nothing before it."""
    if not heard.startswith(b"SSH-"):
        return False
    try:
        return ssh.identification(heard) is not None
    except Malformed:
        return False


def read_own(talk: Transcript) -> Iterator[Observation]:
    """Observations of ssh.service, ssh.algorithms, ssh.host_key and ssh.login."""
    for number in sorted({turn.channel for turn in talk.turns}):
        channel = _channel(talk, number)
        if channel is None or channel.login is None:
            turns = talk.turns_of(number)
            client = _replayed(turns)
            if client.server is not None:
                yield from _greeting(talk, client, [i for i, t in turns if t.sender == "server"])
    yield from _logins(talk)


def _channel(talk: Transcript, number: int) -> Channel | None:
    return talk.channels[number] if number < len(talk.channels) else None


def _replayed(turns: Sequence[tuple[int, Turn]]) -> Client:
    """What our side learned from the server's words."""
    said = b"".join(turn.data for _, turn in turns if turn.sender == "client")
    other = Client(WITHOUT_RSA)
    client = other if said.startswith(other.opening) else Client()
    with suppress(Malformed):
        for _, turn in turns:
            if turn.sender == "server":
                client.feed(turn.data)
    return client


def _greeting(talk: Transcript, client: Client, heard: Sequence[int]) -> Iterator[Observation]:
    assert client.server is not None
    facts = _identity(client.server)
    if client.banner:
        facts["banner"] = client.banner
    if client.methods is not None:
        methods = client.methods
        facts |= {"auth_methods": methods[:_MOST_LISTED], "let_in": client.let_in}
        facts["password_login"] = bool({"password", "keyboard-interactive"} & set(methods))
    yield observe(talk, "ssh.service", facts, heard[:1] if client.offer is None else heard)
    if client.offer is not None:
        yield observe(talk, "ssh.algorithms", _algorithms(client.offer), heard[:2])
    if client.host_key is not None:
        key = client.host_key
        shown: dict[str, Fact] = {"key_type": clean(key.kind, 64), "sha256": key.sha256}
        if key.bits:
            shown["bits"] = key.bits
        weak = ssh_judged.weak_key(key)
        if weak is not None:
            shown["weak"] = weak
        yield observe(talk, "ssh.host_key", shown, heard)


def _identity(server: Identification) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "protocol": clean(server.protocol, 16),
        # RFC 4253 section 5.1: 1.99 is a server of version 2 that takes version 1 as well.
        "protocol_1": server.protocol.startswith("1."),
    }
    for word, text in (("software", server.software), ("comments", server.comments)):
        if text:
            facts[word] = clean(text)
    return facts


def _algorithms(offer: KexInit) -> dict[str, Fact]:
    weak = ssh_judged.weak(offer)
    return {
        "kex": offer.kex[:_MOST_LISTED],
        "host_key": offer.host_key[:_MOST_LISTED],
        "ciphers": _joined(offer.ciphers_out, offer.ciphers_in),
        "macs": _joined(offer.macs_out, offer.macs_in),
        "compression": _joined(offer.compression_out, offer.compression_in),
        "weak": weak[:_MOST_LISTED],
        "any_weak": bool(weak),
        "prefix_truncation": ssh_judged.open_to_prefix_truncation(offer),
    }


def _joined(*lists: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names))[:_MOST_LISTED]


def _logins(talk: Transcript) -> Iterator[Observation]:
    """One observation for all our tries, by the outcomes that were noted."""
    tries = [(n, c) for n, c in enumerate(talk.channels) if c.login is not None]
    fared = Tries([channel.outcome for _, channel in tries])
    said = [n for n, _ in tries if recognises(_first_words(talk, n))]
    if not said or all(outcome is None for outcome in fared.outcomes):
        return
    number, channel = tries[fared.cited]
    if fared.won is not None and number not in said:
        return  # nothing that was said there backs the outcome
    facts = fared.facts(talk.ending)
    if fared.won is not None:
        facts["login"] = channel.login or ""
    cited = [index for index, _ in talk.turns_of(number)]
    yield observe(talk, "ssh.login", facts, [*cited[:1], *cited[-1:]])


def _first_words(talk: Transcript, number: int) -> bytes:
    return next((t.data for _, t in talk.turns_of(number) if t.sender == "server"), b"")


def read_captured(talk: Transcript) -> Iterator[Observation]:
    """An observation of ssh.overheard."""
    if talk.service.endpoint.transport != "tcp":
        return
    first = {turn.sender: i for i, turn in reversed(tuple(enumerate(talk.turns)))}
    named = {sender: _named(beginning(talk, sender)) for sender in first}
    if _is_clients(talk, first):
        return
    if named.get("server") is None and named.get("client") is not None and len(first) == 1:
        talk = turned(talk)  # only one side was captured: a server speaks first
        first, named = {"server": first["client"]}, {"server": named["client"]}
    server, client = named.get("server"), named.get("client")
    cited = first.get("server", 0)
    if server is None and client is not None:
        server, cited = _behind_a_notice(talk)
    if server is None:
        return
    facts = _identity(server)
    if client is not None and client.software:
        facts["client_software"] = clean(client.software)
    yield observe(talk, "ssh.overheard", facts, [cited])


def _behind_a_notice(talk: Transcript) -> tuple[Identification | None, int]:
    """The server's identification behind other lines (RFC 4253 section 4.2), and its turn. That the
    client names itself as one of SSH makes them a server's of SSH.
    """
    try:
        found = ssh.identification(beginning(talk, "server", _MOST_BEFORE))
    except Malformed:
        found = None
    if found is None:
        return None, 0
    return found[0], turn_at(enumerate(talk.turns), "server", found[1] - 1)


def _is_clients(talk: Transcript, first: Collection[Sender]) -> bool:
    """Whether what would be taken for a server's words is surely a client's: the port of servers is
    the other one's, or its is the only side that was captured, and it opened the connection.
    """
    server, client = talk.service.endpoint, talk.client
    if len(first) == 1 and "client" in first:
        return not talk.note or server.port == PORT
    return client is not None and client.port == PORT != server.port


def _named(data: bytes) -> Identification | None:
    if not data.startswith(b"SSH-"):
        return None
    try:
        found = ssh.identification(data)
    except Malformed:
        return None
    return found[0] if found else None
