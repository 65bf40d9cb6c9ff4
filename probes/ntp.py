"""NTP: the time, and whether a server tells strangers so much that it can be abused.

Three small questions, each once: the time (mode 3), by which it is recognised, the system's
variables (mode 6) and the list of recent clients (mode 7). Of long answers only so much is heard as
shows how they grow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Proof, Service, Transcript, Turn
from iotscan.probe_api import Datagrams, Login, Network, Opening
from iotscan.protocols import ntp
from iotscan.protocols.ntp import ASK_CLIENTS, ASK_TIME, ASK_VARIABLES, PORT
from iotscan.text import clean

# Seconds for an answer that most servers rightly do not give.
_PATIENCE = 1.0
# A full list of 600 clients comes in a hundred datagrams; these show the factor well enough.
_MOST_PARTS = 16
_QUESTIONS = {ntp.CONTROL: ("mode 6", ASK_VARIABLES), ntp.PRIVATE: ("mode 7", ASK_CLIENTS)}

SERVICE = Kind(
    "ntp.service",
    {"stratum": int, "version": int, "synchronised": bool},
    "A server answered with the time. synchronised: it says that it knows it.",
)
CONTROL = Kind(
    "ntp.control",
    {
        "question": str,
        "answered": bool,
        "request_bytes": int,
        "response_bytes": int,
        "responses": int,
        "ratio": float,
    },
    "A server answered a question about itself. question: mode 6 or mode 7; answered: with what was"
    " asked for, not with an error. ratio: bytes answered by bytes asked, as far as was heard.",
)
VARIABLES = Kind(
    "ntp.variables",
    {"software": str, "system": str, "processor": str},
    "A server told what it runs on to anybody who asks.",
)


class Ntp:
    name = "ntp"
    openings: Sequence[Opening] = (Opening("ntp", "udp", (PORT,), ASK_TIME),)
    impact = Impact.GREET
    emits = (SERVICE, CONTROL, VARIABLES)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """The time, with the mark that we sent."""
        try:
            ntp.parse_time(heard)
        except Malformed:
            return False
        return True

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.udp(service) as datagrams:
            # The time is not asked for again: servers that limit rates would drop what follows.
            for question in (ASK_VARIABLES, ASK_CLIENTS):
                await datagrams.send(question)
                await _hear_out(datagrams)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """What our own questions were answered; the time of others tells nothing."""
        if talk.client is not None or talk.service.endpoint.transport != "udp":
            return
        for number, turn in enumerate(talk.turns):
            if turn.sender == "server" and self.recognises(turn.data):
                time = ntp.parse_time(turn.data)
                facts: dict[str, Fact] = {
                    "stratum": time.stratum,
                    "version": time.version,
                    "synchronised": 1 <= time.stratum < 16 and time.leap != 3,
                }
                yield _seen(talk, SERVICE, facts, [number])
        for mode in _QUESTIONS:
            yield from _answers(talk, mode)


async def _hear_out(datagrams: Datagrams) -> None:
    """The parts of one answer; silence is an answer as well."""
    for _ in range(_MOST_PARTS):
        try:
            part = ntp.parse_part(await datagrams.receive(_PATIENCE))
        except TimedOut as late:
            if late.phase != "read":
                raise
            return
        if not part.more:
            return


def _answers(talk: Transcript, mode: int) -> Iterator[Observation]:
    """How one question about the server was answered, if it was."""
    name, question = _QUESTIONS[mode]
    parts = [(i, turn, part) for i, turn, part in _parts(talk) if part.mode == mode]
    if not parts or not any(turn.data == question for turn in talk.turns):
        return
    size = sum(len(turn.data) for _, turn, _ in parts)
    facts: dict[str, Fact] = {
        "question": name,
        "answered": not any(part.failed for _, _, part in parts),
        "request_bytes": len(question),
        "response_bytes": size,
        "responses": len(parts),
        "ratio": round(size / len(question), 2),
    }
    cited = [i for i, _, _ in parts]
    yield _seen(talk, CONTROL, facts, cited)
    if mode == ntp.CONTROL:
        told = ntp.variables(b"".join(part.data for _, _, part in parts))
        words = {"software": "version", "system": "system", "processor": "processor"}
        said: dict[str, Fact] = {
            word: text for word, name in words.items() if (text := clean(told.get(name, b"")))
        }
        if said:
            yield _seen(talk, VARIABLES, said, cited)


def _parts(talk: Transcript) -> Iterator[tuple[int, Turn, ntp.Part]]:
    for number, turn in enumerate(talk.turns):
        if turn.sender == "server":
            try:
                yield number, turn, ntp.parse_part(turn.data)
            except Malformed:
                continue


def _seen(
    talk: Transcript, kind: Kind, facts: dict[str, Fact], turns: Sequence[int]
) -> Observation:
    where, proof = talk.service.endpoint, Proof(talk.id, tuple(turns))
    return Observation(kind.name, facts, where.address, where, (proof,))


PROBE = Ntp()
