"""Cookies that only this run gives out, and forms that only a page of the session can send."""

from __future__ import annotations

import pytest

from iotscan.web.rates import Rates
from iotscan.web.sessions import Sessions


def test_on_loopback_a_cookie_of_this_run_is_enough() -> None:
    sessions = Sessions()
    cookie = sessions.new()
    assert sessions.admits(cookie)
    assert not sessions.locked
    assert not sessions.opens("")
    assert not Sessions().admits(cookie), "of another run"


def test_elsewhere_the_token_comes_first() -> None:
    sessions = Sessions("correct horse")
    assert not sessions.admits(sessions.new())
    assert sessions.admits(sessions.new(known=True))
    assert sessions.opens("correct horse")
    assert not sessions.opens("correct horsé")


@pytest.mark.parametrize(
    "change", [lambda c: "k" + c[1:], lambda c: c[:-1], lambda c: "", str.upper]
)
def test_a_cookie_that_was_changed_is_none(change: object) -> None:
    assert callable(change)
    sessions = Sessions("secret")
    cookie = sessions.new()
    assert sessions.genuine(cookie)
    assert not sessions.genuine(change(cookie))
    assert not sessions.admits(change(cookie))


def test_a_form_belongs_to_one_session() -> None:
    sessions = Sessions()
    mine, other = sessions.new(), sessions.new()
    assert sessions.sent_by(mine, sessions.form_token(mine))
    assert not sessions.sent_by(mine, sessions.form_token(other))
    assert not sessions.sent_by(mine, "")
    assert not sessions.sent_by("forged", sessions.form_token("forged"))


def test_rates_let_a_burst_through_and_then_one_at_a_time() -> None:
    now = [0.0]
    rates = Rates(per_second=2, burst=3, clock=lambda: now[0])
    assert [rates.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.wait("b") == 0
    now[0] = 0.5
    assert (rates.wait("a"), rates.wait("a")) == (0, 0.5)
    now[0] = 1000
    assert [rates.wait("a") for _ in range(4)][-1] > 0, "what was not used does not add up"


def test_rates_forget_who_was_quiet_longest() -> None:
    rates = Rates(1, 1, clock=lambda: 0.0)
    assert rates.wait("first") == 0
    for number in range(20_000):
        rates.wait(str(number))
    assert rates.wait("first") == 0
    assert rates.wait("19999") > 0
