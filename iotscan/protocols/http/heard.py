"""Exchanges of a recorded conversation with what surrounds them, and observations citing them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.model import Observation, Proof, Transcript
from iotscan.protocols.common.overheard import MISSING
from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.facts import Facts
from iotscan.protocols.http.questions import Question, is_ours, question_of
from iotscan.protocols.http.talk import Exchange, exchanges


@dataclass(frozen=True, slots=True)
class Heard:
    """One exchange and the channel it was on."""

    channel: int
    encrypted: bool
    login: str | None
    exchange: Exchange

    @property
    def question(self) -> Question | None:
        """What we asked; None when it was not us."""
        request = self.exchange.request
        return question_of(request) if request is not None and is_ours(request) else None

    @property
    def path(self) -> str:
        return self.exchange.request.target if self.exchange.request else ""

    def answer(self) -> Response:
        assert self.exchange.response is not None
        return self.exchange.response


def all_heard(talk: Transcript) -> Iterator[Heard]:
    """Every exchange of a conversation, channel by channel."""
    cut = MISSING in talk.note
    holes = {i for i, turn in enumerate(talk.turns) if turn.cut} if cut else set()
    for number in sorted({turn.channel for turn in talk.turns}):
        channel = talk.channels[number] if number < len(talk.channels) else None
        turns = ((i, turn.sender == "client", turn.data) for i, turn in talk.turns_of(number))
        encrypted = channel is not None and channel.tls is not None
        for exchange in exchanges(turns, cut=cut, holes=holes):
            yield Heard(number, encrypted, channel.login if channel else None, exchange)


def seen(
    talk: Transcript, kind: str, facts: Facts, cited: Sequence[Heard], *, asked: bool = True
) -> Observation:
    endpoint = talk.service.endpoint
    turns = {
        turn
        for one in cited
        for turn in (
            (*one.exchange.asked[:1], *one.exchange.answered[:1])
            if asked
            else one.exchange.answered[:1]
        )
    }
    proof = Proof(talk.id, tuple(sorted(turns)))
    return Observation(kind, facts, endpoint.address, endpoint, (proof,))
