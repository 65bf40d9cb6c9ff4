"""How much larger than the question an answer over UDP is: what makes a host a reflector.

Senders of datagrams can be forged, so whoever answers everybody sends answers to whomever somebody
else names. Bytes of UDP payload are compared, as in the "bandwidth amplification factor" of
C. Rossow, "Amplification Hell" (NDSS 2014).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from iotscan.model import Endpoint, Fact, Observation, Proof, Transcript

WORDS: Mapping[str, type] = {
    "answered": bool,
    "request_bytes": int,
    "response_bytes": int,
    "responses": int,
    "ratio": float,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """Questions on one channel and the answers to them; ``turns``: those of the answers."""

    talk: str
    where: Endpoint
    asked: tuple[bytes, ...]
    answers: tuple[bytes, ...]
    turns: tuple[int, ...]

    def observed(self, kind: str, more: Mapping[str, Fact] | None = None) -> Observation:
        """What the exchange shows, in ``WORDS``, and ``more`` that its protocol tells."""
        request, response = sum(map(len, self.asked)), sum(map(len, self.answers))
        facts: dict[str, Fact] = {
            "answered": True,
            "request_bytes": request,
            "response_bytes": response,
            "responses": len(self.answers),
            "ratio": round(response / request, 2),
        }
        proof = Proof(self.talk, self.turns)
        return Observation(kind, facts | dict(more or {}), self.where.address, self.where, (proof,))


def exchanges(talk: Transcript, is_answer: Callable[[bytes], bool]) -> Iterator[Exchange]:
    """The channels on which something was asked and something like an answer came."""
    for number, channel in enumerate(talk.channels):
        turns = talk.turns_of(number)
        asked = tuple(turn.data for _, turn in turns if turn.sender == "client" and turn.data)
        if not asked:
            continue
        came = [(i, turn.data) for i, turn in turns if turn.sender == "server"]
        heard = [(i, data) for i, data in came if is_answer(data)]
        if heard:
            indices, answers = zip(*heard, strict=True)
            yield Exchange(talk.id, channel.endpoint, asked, answers, indices)
