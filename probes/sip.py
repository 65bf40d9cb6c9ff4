"""SIP: telephones and door stations say what they are; other people's logins are overheard.

One OPTIONS, which rings at nobody and changes nothing. No login is ever tried: a registration would
take the owner's calls. RFC 3261.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript, Turn
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening
from iotscan.protocols import sip
from iotscan.protocols.common.clients import of_client
from iotscan.protocols.common.overheard import clear_turns, observe, turned
from iotscan.protocols.http.auth import parse_answer
from iotscan.text import clean

SERVICE = Kind(
    "sip.service",
    {"server": str, "methods": tuple, "status": int, "encrypted": bool},
    "For a telephone or an exchange that answered our question.",
)
CREDENTIALS = Kind(
    "sip.credentials",
    {
        "peer": str,
        "method": str,
        "scheme": str,
        "username": str,
        "realm": str,
        "outcome": str,
        "cleartext": bool,
    },
    "Somebody else's SIP request with a login was overheard. outcome: accepted, refused or"
    " unknown, from the answer.",
)
AGENT = Kind(
    "sip.agent",
    {"agent": str},
    "Somebody's telephone or exchange was overheard saying what it is, in a message of its own.",
)
_ENOUGH = 16_384
_LOGINS = ("authorization", "proxy-authorization")
_Found = tuple[sip.Message, tuple[int, ...]]


class Sip:
    name = "sip"
    openings: Sequence[Opening] = (
        Opening("options-udp", "udp", (sip.PORT,), sip.options("udp")),
        Opening(
            "options",
            "tcp",
            (sip.PORT, sip.TLS_PORT),
            sip.options("tcp"),
            tls=(sip.TLS_PORT,),
        ),
    )
    impact = Impact.GREET
    emits: Sequence[Kind] = (SERVICE, CREDENTIALS, AGENT)
    begins = tuple(Beginning(sort, LETTERS) for sort in ("tcp", "udp"))

    def recognises(self, heard: bytes) -> bool:
        return sip.is_answer(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """Ask once; over TCP until the head of the answer is there."""
        question = sip.options(service.endpoint.transport)
        if service.endpoint.transport == "udp":
            async with net.udp(service) as datagrams:
                await datagrams.send(question)
                sip.parse_message(await datagrams.receive())
            return
        async with net.tcp(service) as stream:
            await stream.write(question)
            heard = b""
            while len(heard) < _ENOUGH and (part := await stream.read()):
                heard += part
                if b"\r\n\r\n" in heard:
                    break
        if not self.recognises(heard):
            raise Malformed("what it says is not SIP")

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if not any(b"SIP/2.0" in turn.data for turn in talk.turns):
            return
        if talk.client is None:
            yield from _own(talk)
            return
        # Both sides of a conversation ask, and both may use the same port.
        for side in (talk, turned(talk)):
            yield from _overheard(side)
            yield from _agent(side)


def _own(talk: Transcript) -> Iterator[Observation]:
    for number in sorted({turn.channel for turn in talk.turns}):
        channel = talk.channels[number] if number < len(talk.channels) else None
        said = [(i, t.data) for i, t in talk.turns_of(number) if t.sender == "server"]
        for message, turns in sip.messages(said):
            if not message.status:
                continue
            facts: dict[str, Fact] = {
                "status": message.status,
                "encrypted": channel is not None and channel.tls is not None,
            }
            server = clean(message.agent)
            allowed = message.header("allow")
            facts |= {"server": server} if server else {}
            if allowed:
                facts["methods"] = tuple(clean(word, 32) for word in allowed.split(",")[:24])
            yield observe(talk, SERVICE.name, facts, turns)
            break


def _overheard(talk: Transcript) -> Iterator[Observation]:
    """Requests of the client's side that carry a login, each account once."""
    turns = clear_turns(talk)
    answers = {message.transaction: message.status for message, _ in _said(turns, "server")}
    told: set[object] = set()
    for request, stands_in in _said(turns, "client"):
        for name in _LOGINS if request.method else ():
            text = request.header(name)
            login = parse_answer(text) if text else None
            if login is None:
                continue
            facts: dict[str, Fact] = {
                "method": clean(request.method, 32),
                "scheme": clean(login.scheme, 32),
                "outcome": _outcome(answers.get(request.transaction, 0)),
                "cleartext": True,
            }
            for word, value in (("username", login.username), ("realm", login.realm)):
                facts |= {word: clean(value)} if value else {}
            key = (login.username, login.realm, facts["outcome"])
            if key not in told:
                told.add(key)
                yield observe(talk, CREDENTIALS.name, facts, stands_in)


def _agent(talk: Transcript) -> Iterator[Observation]:
    """The first word of the client's side on what it is."""
    for message, stands_in in _said(clear_turns(talk), "client"):
        if message.of_sender and (agent := clean(message.agent)):
            yield of_client(talk, AGENT.name, {"agent": agent}, stands_in)
            return


def _said(turns: Sequence[tuple[int, Turn]], sender: str) -> Iterator[_Found]:
    yield from sip.messages([(i, turn.data) for i, turn in turns if turn.sender == sender])


def _outcome(status: int) -> str:
    if 200 <= status < 300:
        return "accepted"
    # RFC 3261 sections 21.4.2, 21.4.4 and 21.4.8.
    return "refused" if status in (401, 403, 407) else "unknown"


PROBE = Sip()
