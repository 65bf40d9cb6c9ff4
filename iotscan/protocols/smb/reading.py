"""What our own conversations with a file server prove. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from iotscan.errors import Malformed
from iotscan.model import Ending, Fact, Kind, Observation, Transcript, Turn
from iotscan.protocols.common.overheard import framed, observe
from iotscan.protocols.logins import ntlm
from iotscan.protocols.smb import codec, session
from iotscan.protocols.smb.session import Answer
from iotscan.text import clean

ASK_1, ASK_2 = codec.negotiate_1(codec.NT_LM), codec.negotiate_2()
# The account that file servers keep for those who have none.
GUEST = "guest"
SERVICE = Kind(
    "smb.service",
    {
        "version_1": bool,
        "dialect": str,
        "signing_required": bool,
        "anonymous": bool,
        "guest": bool,
        "guest_connected": bool,
        "computer": str,
        "domain": str,
        "system_version": str,
    },
    "A file server answered a NEGOTIATE. version_1: whether it takes version 1 when that is "
    "all it is offered; dialect: the highest up to 3.0.2 that it chose. anonymous and guest: "
    "whether it gave a session to nobody, and to a guest without a password; guest_connected: "
    "whether that guest could use the share of named pipes. computer, domain, system_version: "
    "what it called itself before any login.",
)

Facts = dict[str, Fact]


def read_own(talk: Transcript) -> Iterator[Observation]:
    """One observation about the server, from all connections together."""
    facts: Facts = {}
    cited: list[int] = []
    for number in sorted({turn.channel for turn in talk.turns}):
        turns = [(i, _bare(turn)) for i, turn in talk.turns_of(number)]
        asked = b"".join(turn.data for _, turn in turns if turn.sender == "client")
        negotiated = _negotiated(turns)
        if negotiated is not None:
            cited.append(next(i for i, turn in turns if turn.sender == "server" and turn.data))
            facts |= _version(negotiated)
        if asked.endswith(ASK_1):
            if negotiated is not None:
                facts["version_1"] = negotiated.version == 1 and bool(negotiated.dialect)
            elif number < len(talk.channels) and talk.channels[number].ending is Ending.CLOSED:
                facts["version_1"] = False
        elif negotiated is not None:
            for index, found in _visit(turns, GUEST.encode("utf-16-le") in asked):
                facts |= found
                cited.append(index)
    if cited:
        yield observe(talk, SERVICE.name, facts, cited)


def challenge_of(answer: Answer) -> bytes:
    """The NTLM message in an answer, also where it is wrapped (RFC 4178). Raises Malformed."""
    at = answer.token.find(ntlm.SIGNATURE)
    if at < 0:
        raise Malformed("the server does not speak NTLM")
    return answer.token[at:]


def _bare(turn: Turn) -> Turn:
    """A turn without what a NetBIOS session service puts before the first message."""
    if turn.sender == "server":
        return replace(turn, data=turn.data.removeprefix(session.SESSION_GRANTED))
    return turn


def _negotiated(turns: list[tuple[int, Turn]]) -> codec.Negotiated | None:
    heard = b"".join(turn.data for _, turn in turns if turn.sender == "server")
    if heard:
        with suppress(Malformed):
            found = codec.take(heard)
            return found[0] if found else None
    return None


def _version(negotiated: codec.Negotiated) -> Facts:
    facts: Facts = {}
    if negotiated.version == 2 and negotiated.dialect not in ("", "2"):
        facts["dialect"] = negotiated.dialect
    if negotiated.signing_required is not None:
        facts["signing_required"] = negotiated.signing_required
    return facts


def _visit(turns: list[tuple[int, Turn]], as_guest: bool) -> Iterator[tuple[int, Facts]]:
    """(turn, facts) of a session that was asked for by nobody or by a guest."""
    heard = [(i, turn) for i, turn in turns if turn.sender == "server"]
    for index, _, answer in framed(heard, session.take, codec.LARGEST):
        if answer.command == session.SETUP and answer.status == session.CONTINUED:
            with suppress(Malformed):
                yield index, _names(ntlm.parse_challenge(challenge_of(answer)))
        elif answer.command == session.SETUP and _granted(answer) is not None:
            yield index, {"guest" if as_guest else "anonymous": answer.status == session.SUCCESS}
        elif answer.command == session.CONNECT and as_guest and _granted(answer) is not None:
            yield index, {"guest_connected": answer.status == session.SUCCESS}


def _granted(answer: Answer) -> bool | None:
    """Whether it was allowed; None for an answer that is about something else."""
    if answer.status == session.SUCCESS:
        return True
    return False if answer.status in session.REFUSALS else None


def _names(challenge: ntlm.Challenge) -> Facts:
    said = {
        "computer": challenge.computer,
        "domain": challenge.domain,
        "system_version": challenge.version,
    }
    return {word: clean(text, 64) for word, text in said.items() if text}
