"""AirPlay: who may play on a receiver, by the description that it gives everybody.

One GET of /info in the dialect of its clients, RTSP/1.0; servers of HTTP refuse that, and are known
by it. Nothing is paired, set up or played, so no code appears on a screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening, hear_whole
from iotscan.protocols.common.overheard import clear_turns, observe
from iotscan.protocols.http.codec import Response, parse_response
from iotscan.protocols.makers import airplay
from iotscan.protocols.makers.airplay import PATH, RECEIVER

_QUESTION = (
    f"GET {PATH} RTSP/1.0\r\nCSeq: 0\r\nX-Apple-ProtocolVersion: 1\r\n"
    "User-Agent: iotscan\r\nContent-Length: 0\r\n\r\n"
).encode()
# Clients of other protocols that play speak HTTP/1.1 to the same port.
_STATUS = re.compile(rb"(?:RTSP|HTTP)/1\.[01] (?=[1-5]\d\d\b)")
_ASKED = re.compile(rb"GET /(?:server-)?info(?:\?\S*)? (?:RTSP|HTTP)/1\.[01]\r\n")
_LARGEST = airplay.LARGEST + 4096
# A phone asks at the beginning of its session, and again for each thing it plays.
_MOST_TURNS = 16


class AirPlay:
    name = "airplay"
    openings: Sequence[Opening] = (Opening("info", "tcp", (7000, 7100), _QUESTION),)
    impact = Impact.GREET
    emits = (RECEIVER,)
    begins = (Beginning("tcp", LETTERS),)

    def recognises(self, heard: bytes) -> bool:
        """The server that AirPlay's receivers call themselves, or a property list."""
        answer = _parse(heard, closed=True)
        if answer is None:
            return False
        kind = answer.header("content-type").lower()
        return answer.header("server").startswith("AirTunes/") or "apple-binary-plist" in kind

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(_QUESTION)
            await hear_whole(stream, _told, most=_LARGEST)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """The first description of each connection, asked for by us or by others in clear."""
        if talk.service.endpoint.transport != "tcp":
            return
        turns = clear_turns(talk)
        for number in sorted({turn.channel for _, turn in turns}):
            own = [(i, turn) for i, turn in turns if turn.channel == number][:_MOST_TURNS]
            asked = [i for i, t in own if t.sender == "client" and _ASKED.match(t.data)]
            if not asked:
                continue
            said = [(i, t.data) for i, t in own if t.sender == "server" and i > asked[0]]
            answer = _parse(b"".join(data for _, data in said), closed=True)
            try:
                found = airplay.parse_info(answer.body) if answer and answer.complete else None
            except Malformed:
                continue
            if found is not None:
                facts = airplay.facts_of(found, "its description")
                yield observe(talk, RECEIVER.name, facts, [asked[0], said[0][0]])


def _told(heard: bytes) -> Response | None:
    """The answer to our question. Raises Malformed for what no receiver says."""
    if not _STATUS.match(heard[:16].ljust(16)):
        raise Malformed("no description of a receiver")
    return _parse(heard)


def _parse(heard: bytes, closed: bool = False) -> Response | None:
    """The first answer, in either dialect; None while incomplete, and for other protocols."""
    if not _STATUS.match(heard):
        return None
    try:
        return parse_response(b"HTTP" + heard[4:], closed=closed, limit=airplay.LARGEST)
    except Malformed:
        return None


PROBE = AirPlay()
