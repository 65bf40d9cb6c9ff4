"""What a whole conversation over SNMP shows: our own, put together, or one that was overheard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from iotscan.errors import Malformed
from iotscan.model import Ending, Endpoint, Fact, Observation, Proof, Transcript, Turn
from iotscan.protocols.common.identifiers import (
    DEVICE_NAME,
    DISCOVERY_IDENTIFIERS,
    looks_personal,
)
from iotscan.protocols.common.overheard import MISSING, clear_turns, framed
from iotscan.protocols.snmp import codec as snmp
from iotscan.protocols.snmp import kinds as snmp_kinds
from iotscan.protocols.snmp.codec import ANSWERING, ASKING, TELLING, Message, Pdu
from iotscan.protocols.snmp.facts import (
    engine_facts,
    holds_values,
    system_facts,
    tells_engine,
)
from iotscan.text import clean

# What the ids of communities begin with that conventionally allow writing.
FOR_WRITING = "snmp-write-"
_WELL_KNOWN = frozenset({b"public", b"private"})
# More turns of one exchange repeat what the first ones showed.
_MOST_TURNS = 4096


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A question of ours and its answer: turns, messages, and the login it was asked with."""

    asked: int
    answered: int
    question: Message
    answer: Message
    channel: int
    login: str


def read_own(talk: Transcript) -> Iterator[Observation]:
    """What our own conversation shows."""
    found = list(_exchanges(talk))
    versions = {one.answer.version for one in found}
    if versions:
        facts: dict[str, Fact] = {"versions": tuple(sorted(versions))}
        yield _seen(talk, snmp_kinds.AGENT.name, facts, found[:1])
    for one in found:
        if tells_engine(one.answer):
            yield from _engine(talk, one)
    yield from _community(talk, found)
    read = [one for one in found if one.login and _pdu(one.answer).kind == snmp.RESPONSE]
    for one in read:
        if system := system_facts(_pdu(one.answer)):
            yield _seen(talk, snmp_kinds.SYSTEM.name, system, [one])
            yield from _name(talk, one, str(system.get("name", "")))
        if _pdu(one.question).kind == snmp.GET_BULK and holds_values(_pdu(one.answer)):
            yield _amplification(talk, one)


def read_overheard(talk: Transcript) -> Iterator[Observation]:
    """Communities in other people's messages, once for each agent, sort and version."""
    if talk.client is None:
        return
    sides = {"client": talk.client, "server": talk.service.endpoint}
    told: dict[tuple[object, ...], Observation] = {}
    for turn, message in _overheard(talk):
        pdu = message.pdu
        if pdu is None or message.version == snmp.V3 or pdu.kind == snmp.REPORT:
            continue
        sender = talk.turns[turn].sender
        here, there = sides[sender], sides["server" if sender == "client" else "client"]
        weak, peer, sort = _roles(pdu, here, there)
        facts: dict[str, Fact] = {
            "peer": str(peer.address),
            "version": message.version,
            "sort": sort,
            "answered": sort == "answer",
            "well_known": message.community in _WELL_KNOWN,
            "writes": pdu.kind == snmp.SET,
        }
        _add(told, talk, weak, facts, message.community, turn)
    # A guess that nobody answered is nobody's community.
    guesses = ("request", False, True)
    for seen in told.values():
        if tuple(seen.facts[word] for word in ("sort", "answered", "well_known")) != guesses:
            yield seen


def _add(
    told: dict[tuple[object, ...], Observation],
    talk: Transcript,
    weak: Endpoint,
    facts: dict[str, Fact],
    community: bytes,
    turn: int,
) -> None:
    """Note a message; an answer completes what its question began."""
    trap = facts["sort"] == "trap"
    key = (weak, facts["peer"], facts["version"], trap, community)
    known = told.get(key)
    if known is None:
        proof = Proof(talk.id, (turn,))
        told[key] = Observation(snmp_kinds.OVERHEARD.name, facts, weak.address, weak, (proof,))
        return
    merged = dict(known.facts)
    merged["answered"] = bool(merged["answered"]) or facts["answered"]
    merged["writes"] = bool(merged["writes"]) or facts["writes"]
    told[key] = replace(known, facts=merged)


def _roles(pdu: Pdu, sender: Endpoint, receiver: Endpoint) -> tuple[Endpoint, Endpoint, str]:
    """(the agent, the other side, sort): whoever is asked, answers or tells is the agent.

    A trap is booked on its sender, at the port it is sent to: it has no port of its own.
    """
    if pdu.kind in ASKING:
        return receiver, sender, "request"
    if pdu.kind in TELLING:
        return replace(sender, port=receiver.port), receiver, "trap"
    if sender.port == snmp.TRAP_PORT:  # a manager confirms an inform: RFC 3416 section 4.2.7
        return replace(receiver, port=sender.port), sender, "trap"
    return sender, receiver, "answer"


def _overheard(talk: Transcript) -> Iterator[tuple[int, Message]]:
    """The messages of a conversation, over TCP those outside of TLS."""
    if talk.service.endpoint.transport == "udp":
        yield from _messages(talk, cut=MISSING in talk.note)
    elif any(turn.data.startswith(b"0") for turn in talk.turns[:2]):
        turns = clear_turns(talk)[:_MOST_TURNS]
        yield from ((turn, message) for turn, _, message in framed(turns, snmp.take, snmp.LARGEST))


def _messages(talk: Transcript, *, cut: bool = False) -> Iterator[tuple[int, Message]]:
    """``cut``: the ends of messages may be missing."""
    for number, turn in enumerate(talk.turns[:_MOST_TURNS]):
        try:
            yield number, snmp.decode(turn.data)
        except Malformed:
            if cut:
                with suppress(Malformed):
                    yield number, snmp.decode_beginning(turn.data)


def _exchanges(talk: Transcript) -> Iterator[_Exchange]:
    """Answers with the questions they belong to, by channel and number."""
    open_questions: dict[tuple[int, str, int], tuple[int, Message]] = {}
    for number, message in _messages(talk):
        turn: Turn = talk.turns[number]
        pdu = message.pdu
        if pdu is None:
            continue
        # A report carries the number of the message: an engine may not read the one inside.
        identity = message.message_id if message.version == snmp.V3 else pdu.request_id
        key = (turn.channel, message.version, identity)
        if turn.sender == "client":
            open_questions[key] = (number, message)
        elif pdu.kind in ANSWERING and key in open_questions:
            asked, question = open_questions.pop(key)
            login = talk.turns[asked].login or ""
            yield _Exchange(asked, number, question, message, turn.channel, login)


def _pdu(message: Message) -> Pdu:
    assert message.pdu is not None
    return message.pdu


def _engine(talk: Transcript, one: _Exchange) -> Iterator[Observation]:
    facts = engine_facts(one.answer)
    yield _seen(talk, snmp_kinds.ENGINE.name, facts, [one])
    leaks: dict[str, Fact] = {"via": "snmp", "mac": facts["holds_mac"], "serial": False}
    yield _seen(talk, DISCOVERY_IDENTIFIERS.name, leaks | {"uuid": False}, [one])


def _name(talk: Transcript, one: _Exchange, name: str) -> Iterator[Observation]:
    if name:
        facts: dict[str, Fact] = {
            "via": "snmp",
            "name": name,
            "looks_personal": looks_personal(name),
        }
        yield _seen(talk, DEVICE_NAME.name, facts, [one])


def _community(talk: Transcript, found: Sequence[_Exchange]) -> Iterator[Observation]:
    """One summary of the communities tried; silence is how an agent refuses (RFC 1157, 4.1)."""
    tried = [channel.login for channel in talk.channels if channel.login]
    controls = [login for login in tried if login.startswith("control-")]
    known = [login for login in tried if login not in controls]
    if not known:
        return
    won = [one for one in found if one.login and holds_values(_pdu(one.answer))]
    accepted = next((one.login for one in won if one.login in known), None)
    facts: dict[str, Fact] = {
        "accepted": accepted is not None,
        "attempts": len(known),
        "unanswered": len(known) - len({one.login for one in found if one.login in known}),
        "locked_out": talk.ending is Ending.LOCKED_OUT,
    }
    cited = [one for one in won if one.login == accepted]
    if accepted is not None:
        facts["login"] = clean(accepted)
        facts["versions"] = tuple(sorted({one.answer.version for one in cited}))
        facts["for_writing"] = accepted.startswith(FOR_WRITING)
        if controls:
            taken = any(one.login in controls for one in won)
            facts["control_accepted"] = facts["accepts_anything"] = taken
            cited += [one for one in won if one.login in controls]
    yield _seen(talk, snmp_kinds.COMMUNITY.name, facts, cited)


def _amplification(talk: Transcript, one: _Exchange) -> Observation:
    asked, answered = (len(talk.turns[turn].data) for turn in (one.asked, one.answered))
    facts: dict[str, Fact] = {
        "request_bytes": asked,
        "response_bytes": answered,
        "ratio": round(answered / asked, 2),
        "repetitions": _pdu(one.question).index,
    }
    return _seen(talk, snmp_kinds.AMPLIFICATION.name, facts, [one])


def _seen(
    talk: Transcript, kind: str, facts: dict[str, Fact], cited: Sequence[_Exchange]
) -> Observation:
    where = talk.service.endpoint
    turns = sorted({turn for one in cited for turn in (one.asked, one.answered)})
    return Observation(kind, facts, where.address, where, (Proof(talk.id, tuple(turns)),))
