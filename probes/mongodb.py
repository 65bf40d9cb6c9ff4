"""MongoDB: whether strangers are told the names of its databases, which takes a right where logins
are asked for. Its greeting, its version, and one list of names; nothing is read of what it stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, hear_whole
from iotscan.protocols.databases import mongodb
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.databases.mongodb import Answer, Document

PORT = 27017
_HELLO, _VERSION, _LIST = 0x696F, 0x6970, 0x6971
_GREETING = mongodb.old_command(_HELLO, "isMaster")


class MongoDb:
    name = "mongodb"
    openings: Sequence[Opening] = (Opening("hello", "tcp", (PORT,), _GREETING),)
    impact = Impact.GREET
    emits = (ACCESS,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return any(_greets(answer) for answer in _answers(heard))

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            greeting = await _ask(stream, _GREETING)
            newest = greeting.document.get("maxWireVersion")
            modern = isinstance(newest, int) and newest >= mongodb.FIRST_WITH_MSG
            if modern:
                await _ask(stream, mongodb.command(_VERSION, "buildInfo"))
                await _ask(stream, mongodb.command(_LIST, "listDatabases", nameOnly=True))
            else:
                await _ask(stream, mongodb.old_command(_VERSION, "buildInfo"))
                await _ask(stream, mongodb.old_command(_LIST, "listDatabases"))

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for channel in sorted({turn.channel for turn in talk.turns}):
            found = list(_answers(talk.said_by("server", channel)))
            if not any(_greets(answer) for answer in found):
                continue
            told = {answer.to: answer.document for answer in found}
            version = told.get(_VERSION, {}).get("version")
            names = told.get(_LIST, {}).get("databases")
            turns = tuple(i for i, turn in talk.turns_of(channel) if turn.sender == "server")[:4]
            yield access(
                talk,
                "MongoDB",
                turns,
                is_open=_is_open(told.get(_LIST)),
                version=version if isinstance(version, str) else "",
                databases=len(names) if isinstance(names, tuple) else None,
            )


def _greets(answer: Answer) -> bool:
    known = answer.document.keys() & {"ismaster", "isWritablePrimary"}
    return answer.to == _HELLO and bool(known) and "ok" in answer.document


def _is_open(told: Document | None) -> bool | None:
    """Whether the list was given; None where neither that nor a refusal for want of a right."""
    if told is None:
        return None
    if isinstance(told.get("databases"), tuple):
        return True
    # Before 2.4 the refusal had words and no number.
    words = str(told.get("errmsg", ""))
    refused = told.get("code") == mongodb.UNAUTHORISED or words in ("unauthorized", "need to login")
    return False if refused else None


def _answers(heard: bytes) -> Iterator[Answer]:
    while heard:
        try:
            answer = mongodb.parse_answer(heard)
        except Malformed:
            return
        if answer is None:
            return
        yield answer
        heard = heard[answer.end :]


async def _ask(stream: Stream, question: bytes) -> Answer:
    """The answer to one question. Raises Malformed, ConnectionLost."""
    await stream.write(question)
    return await hear_whole(stream, mongodb.parse_answer)


PROBE = MongoDb()
