"""X11: does a screen let anybody connect?

One connection, one set-up without authorisation data; a server that accepts it is left at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, fits, hear_whole
from iotscan.protocols import x11
from iotscan.protocols.common.overheard import observe
from iotscan.text import clean

KINDS = (
    Kind(
        "x11.service",
        {"open": bool, "vendor": str, "release": int, "reason": str},
        "An X server answered a set-up without authorisation. open: it let us in.",
    ),
)


class X11:
    name = "x11"
    openings = (Opening("setup", "tcp", (6000, 6001), x11.SETUP),)
    impact = Impact.GREET
    emits = KINDS
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """An answer to the set-up, as far as the maker's name."""
        return fits(x11.take, heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.write(x11.SETUP)
            await hear_whole(stream, x11.take)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            turns = talk.turns_of(number)
            heard = [(index, turn.data) for index, turn in turns if turn.sender == "server"]
            try:
                found = x11.take(b"".join(data for _, data in heard))
            except Malformed:
                continue
            if found is not None:
                yield observe(talk, "x11.service", _facts(found), [heard[0][0]])


def _facts(answer: x11.Answer) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"open": answer.status == x11.SUCCESS}
    if answer.text:
        facts["vendor" if facts["open"] else "reason"] = clean(answer.text)
    if answer.release:
        facts["release"] = answer.release
    return facts


PROBE = X11()
