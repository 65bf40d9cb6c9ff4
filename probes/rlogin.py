"""rlogin, rsh and rexec (RFC 1282; rshd(8), rexecd(8)): do their ports behave as these services do?

Connect and listen; not a byte is sent. rlogind and rshd trust source ports that only a super-user
may use, and hang up on others: on their own port that is a sign of them, and some say who they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from iotscan.errors import ConnectionLost, TimedOut
from iotscan.model import Ending, Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import Login, Network, Opening
from iotscan.protocols.common.overheard import observe
from iotscan.text import clean

SERVICES = {512: "rexec", 513: "rlogin", 514: "rsh"}
# These two check the source port; rexec asks for a password instead and waits for it.
_CHECK_THE_PORT = (513, 514)
# An error is a byte 1 and a line; the daemons name themselves in it.
_WORDS = re.compile(rb"\x01?(?:in\.)?r(?:login|sh|exec)d?: [\x20-\x7e]+\r?\n")
KINDS = (
    Kind(
        "rlogin.port",
        {"service": str, "sign": str, "words": str},
        "The port of a Berkeley remote service behaves as that service does. sign: 'words' when it "
        "names itself, 'hangs up' when it closes on a source port that is not a super-user's.",
    ),
)


class Rlogin:
    name = "rlogin"
    openings = (Opening("greeting", "tcp", tuple(SERVICES)),)
    impact = Impact.GREET
    emits = KINDS
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """An error in which one of the daemons names itself."""
        return _WORDS.match(heard) is not None

    def handles(self, service: Service) -> bool:
        """Also what said nothing on these ports."""
        endpoint = service.endpoint
        unknown = service.name is None and not service.tls and endpoint.port in _CHECK_THE_PORT
        return service.name == self.name or (unknown and endpoint.transport == "tcp")

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            with suppress(ConnectionLost, TimedOut):
                await stream.read()

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        port = talk.service.endpoint.port
        facts: dict[str, Fact] = {"service": SERVICES.get(port, self.name)}
        for index, turn in enumerate(talk.turns):
            if turn.sender == "server" and _WORDS.match(turn.data):
                facts |= {"sign": "words", "words": clean(turn.data.lstrip(b"\x01"))}
                yield observe(talk, "rlogin.port", facts, [index])
                return
        hung_up = any(channel.ending is Ending.CLOSED for channel in talk.channels)
        if not talk.turns and hung_up and port in _CHECK_THE_PORT:
            endpoint = talk.service.endpoint
            facts["sign"] = "hangs up"
            yield Observation("rlogin.port", facts, endpoint.address, endpoint, (Proof(talk.id),))


PROBE = Rlogin()
