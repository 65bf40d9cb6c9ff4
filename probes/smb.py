"""SMB: which versions a file server negotiates, and whether it insists on signatures.

Two connections, one NEGOTIATE each: version 2 for what it speaks, version 1 alone for whether it
still takes that. No session is set up and no share is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from iotscan.errors import ConnectionLost, Malformed, TimedOut
from iotscan.model import Ending, Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols import smb
from iotscan.protocols.overheard import observe

ASK_ANY = smb.negotiate_1(smb.NT_LM, *smb.ANY_2)
ASK_1, ASK_2 = smb.negotiate_1(smb.NT_LM), smb.negotiate_2()
KINDS = (
    Kind(
        "smb.service",
        {"version_1": bool, "dialect": str, "signing_required": bool},
        "A file server answered a NEGOTIATE. version_1: whether it takes version 1 when that is "
        "all it is offered; dialect: the highest up to 3.0.2 that it chose.",
    ),
)


class Smb:
    name = "smb"
    openings = (Opening("negotiate", "tcp", (445,), ASK_ANY),)
    impact = Impact.GREET
    emits = KINDS

    def recognises(self, heard: bytes) -> bool:
        """An answer to a NEGOTIATE."""
        try:
            return smb.take(heard) is not None
        except Malformed:
            return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        for ask in (ASK_2, ASK_1):
            # A server without that version hangs up, or says nothing.
            with suppress(ConnectionLost, TimedOut):
                async with net.tcp(service) as stream:
                    await stream.write(ask)
                    heard = b""
                    while not heard or smb.take(heard) is None:
                        data = await stream.read()
                        if not data:
                            break
                        heard += data

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is None:
            yield from _own(talk)


def _own(talk: Transcript) -> Iterator[Observation]:
    facts: dict[str, Fact] = {}
    cited: list[int] = []
    for number in sorted({turn.channel for turn in talk.turns}):
        turns = talk.turns_of(number)
        asked = b"".join(turn.data for _, turn in turns if turn.sender == "client")
        heard = [(index, turn.data) for index, turn in turns if turn.sender == "server"]
        try:
            found = smb.take(b"".join(data for _, data in heard)) if heard else None
        except Malformed:
            continue
        if found is not None:
            cited.append(heard[0][0])
            answer = found[0]
            if answer.version == 2 and answer.dialect not in ("", "2"):
                facts["dialect"] = answer.dialect
            if answer.signing_required is not None:
                facts["signing_required"] = answer.signing_required
        if asked == ASK_1:
            if found is not None:
                facts["version_1"] = found[0].version == 1 and bool(found[0].dialect)
            elif number < len(talk.channels) and talk.channels[number].ending is Ending.CLOSED:
                facts["version_1"] = False
    if cited:
        yield observe(talk, "smb.service", facts, cited)


PROBE = Smb()
