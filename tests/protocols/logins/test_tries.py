"""What the outcomes of several tries say together."""

from __future__ import annotations

import pytest

from iotscan.model import Ending, Fact, Outcome
from iotscan.protocols.logins.tries import Tries

IN, OUT, LOCKED, UNCLEAR = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.LOCKED, Outcome.UNCLEAR


def facts(*outcomes: Outcome | None, ending: Ending = Ending.COMPLETE) -> dict[str, Fact]:
    return Tries(outcomes).facts(ending)


def test_a_success_that_a_control_does_not_share_is_a_default_login() -> None:
    assert facts(OUT, None, IN, OUT) == {
        "accepted": True,
        "attempts": 2,
        "refused": 1,
        "locked_out": False,
        "control_accepted": False,
        "accepts_anything": False,
    }
    tries = Tries((OUT, None, IN, OUT))
    assert (tries.won, tries.cited) == (2, 2)


def test_a_device_that_takes_the_control_takes_anything() -> None:
    found = facts(IN, IN)
    assert (found["control_accepted"], found["accepts_anything"]) == (True, True)


@pytest.mark.parametrize("control", [[], [UNCLEAR], [None], [UNCLEAR, None]])
def test_a_control_without_a_clear_answer_proves_nothing(control: list[Outcome | None]) -> None:
    found = facts(IN, *control)
    assert "control_accepted" not in found
    assert "accepts_anything" not in found
    assert found["attempts"] == 1, "a control is no try of ours"


def test_refusals_alone_say_nothing_of_controls() -> None:
    found = facts(OUT, UNCLEAR, OUT)
    assert (found["accepted"], found["attempts"], found["refused"]) == (False, 3, 2)
    assert "control_accepted" not in found
    assert (Tries((OUT, UNCLEAR)).won, Tries((OUT, UNCLEAR)).cited) == (None, 1)


def test_a_lock_is_told_by_an_answer_or_by_the_ending() -> None:
    assert facts(OUT, LOCKED)["locked_out"] is True
    assert facts(OUT, ending=Ending.LOCKED_OUT)["locked_out"] is True
    assert facts(OUT)["locked_out"] is False
