"""How much larger answers are than what was asked, channel by channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iotscan.model import Channel, Sender, Transcript
from iotscan.protocols.common.amplification import WORDS, exchanges
from iotscan.testing import conversation


def is_answer(data: bytes) -> bool:
    return data.startswith(b"answer")


def talk(*said: tuple[Sender, bytes]) -> Transcript:
    return conversation(*said, port=1900, transport="udp")


def test_bytes_of_all_answers_are_compared_with_bytes_of_all_questions() -> None:
    said = talk(
        ("client", b"ask"), ("server", b"answer 1"), ("server", b"noise"), ("server", b"answer")
    )
    (exchange,) = exchanges(said, is_answer)
    seen = exchange.observed("x.unicast", {"more": 7})
    assert seen.facts == {
        "answered": True,
        "request_bytes": 3,
        "response_bytes": 14,
        "responses": 2,
        "ratio": 4.67,
        "more": 7,
    }
    assert seen.facts.keys() - {"more"} == WORDS.keys()
    assert seen.endpoint == said.service.endpoint
    assert seen.proofs[0].turns == (1, 3)


def test_channels_are_counted_each_by_itself() -> None:
    said = talk(
        ("client", b"ask"), ("server", b"answer 1"), ("client", b"a"), ("server", b"answer")
    )
    turns = tuple(replace(turn, channel=index // 2) for index, turn in enumerate(said.turns))
    both = (Channel(said.service.endpoint),) * 2
    found = list(exchanges(replace(said, turns=turns, channels=both), is_answer))
    assert [(one.asked, one.answers) for one in found] == [
        ((b"ask",), (b"answer 1",)),
        ((b"a",), (b"answer",)),
    ]


@pytest.mark.parametrize(
    "said",
    [
        talk(("client", b"ask")),
        talk(("server", b"answer")),
        talk(("client", b"ask"), ("server", b"noise")),
        talk(("client", b""), ("server", b"answer")),
    ],
    ids=["silence", "nobody asked", "no answer", "nothing asked"],
)
def test_without_question_or_answer_nothing_is_measured(said: Transcript) -> None:
    assert list(exchanges(said, is_answer)) == []
