"""HART-IP (HCF_SPEC-085), overheard only.

A gateway answers nothing before a session is initiated, and a session is one of few that it has to
give, perhaps the one its owner's software needs. So nothing is ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Fact, Impact, Kind, Observation, Sender, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import hartip
from iotscan.protocols.industrial.framing import Said, at_port, facing, spoken
from iotscan.protocols.industrial.hartip import Message

KINDS = (
    Kind(
        "hartip.overheard",
        {"peer": str, "answered": bool, "messages": tuple},
        "HART-IP between others: a request and its response, or published data. messages: by name.",
    ),
)


class HartIp(Greeted):
    name = "hartip"
    impact = Impact.GREET
    openings: tuple[Opening, ...] = ()
    emits = KINDS
    begins = (*either("tcp", b"\1\2"), *either("udp", b"\1\2"))

    def recognises(self, heard: bytes) -> bool:
        """Never: a gateway does not speak first, and is not spoken to."""
        return False

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is None:
            return
        talk = at_port(talk, (hartip.PORT,))
        talk, said = facing(talk, spoken(talk, hartip.decode), _speaker)
        answered = _answered(said)
        if answered:
            names = sorted({hartip.IDENTIFIERS[one.message.identifier] for one in said})
            facts: dict[str, Fact] = {"answered": True, "messages": tuple(names)}
            yield observe(talk, "hartip.overheard", facts, [said[0].turn, answered[0].turn])


def _speaker(message: Message) -> Sender | None:
    if message.kind == hartip.REQUEST:
        return "client"
    return "server"


def _answered(said: Sequence[Said[Message]]) -> list[Said[Message]]:
    """Responses of the server to a request with their transaction and identifier before them."""
    asked = set()
    found = []
    for one in said:
        key = (one.message.transaction, one.message.identifier)
        if one.message.kind == hartip.REQUEST:
            asked.add(key)
        elif one.message.kind in (hartip.RESPONSE, hartip.NAK) and key in asked:
            found.append(one)
    return found


PROBE = HartIp()
