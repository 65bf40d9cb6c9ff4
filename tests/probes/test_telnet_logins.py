"""The telnet probe's logins by the script: proven by a marker and a control, never too many."""

from __future__ import annotations

import pytest
from terminals import (
    ADMIN,
    CONTROL,
    EMPTY,
    EXIT,
    FALLBACK,
    GREETING,
    MARKER,
    PROBE,
    ROOT,
    SECRETS,
    SERVICE,
    SILENCE,
    Script,
    facts_of,
    login_text,
    play,
    shell,
    typed,
)

from iotscan.errors import Malformed
from iotscan.model import Ending, Outcome
from iotscan.probe_api import Login
from iotscan.testing import Closes, FakeNetwork, Hears, Says


async def test_a_login_is_accepted_when_the_marker_is_evaluated_and_the_control_is_not() -> None:
    talk = await play(
        [
            GREETING,
            login_text(b"xc3511", *shell()),
            login_text(b"k3v9", Says(b"\r\nLogin incorrect\r\ncam login: "), name=b"qzx"),
        ],
        [ROOT, ADMIN, CONTROL],
    )
    facts = facts_of(talk, "telnet.login")
    assert facts["accepted"] is True
    assert (facts["login"], facts["username"]) == ("xiongmai-root", "root")
    assert (facts["control_accepted"], facts["accepts_anything"]) == (False, False)
    assert (facts["empty_password"], facts["attempts"], facts["refused"]) == (False, 1, 0)
    assert b"xc3511" not in typed(talk)
    assert "xc3511" not in repr(facts)


async def test_a_device_that_takes_anything_is_not_reported_as_a_default_login_alone() -> None:
    talk = await play(
        [GREETING, login_text(b"xc3511", *shell()), login_text(b"k3v9", *shell(), name=b"qzx")],
        [ROOT, CONTROL],
    )
    facts = facts_of(talk, "telnet.login")
    assert (facts["control_accepted"], facts["accepts_anything"]) == (True, True)


async def test_without_a_control_nothing_is_said_of_one() -> None:
    facts = facts_of(
        await play([GREETING, login_text(b"xc3511", *shell())], [ROOT]), "telnet.login"
    )
    assert facts["accepted"] is True
    assert "control_accepted" not in facts
    assert "accepts_anything" not in facts


async def test_refused_logins_are_counted_and_the_next_is_tried() -> None:
    refused = Says(b"\r\nLogin incorrect\r\n\r\ncam login: ")
    net = FakeNetwork(
        SERVICE,
        [GREETING, login_text(b"xc3511", refused), login_text(b"admin", refused, name=b"admin")],
        SECRETS,
    )
    talk = await net.play(PROBE, [ROOT, ADMIN, CONTROL])
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepted"], facts["attempts"], facts["refused"]) == (False, 2, 2)
    assert facts["locked_out"] is False
    assert net.outcomes == {ROOT.id: Outcome.REFUSED, ADMIN.id: Outcome.REFUSED}


async def test_no_further_login_is_tried_at_a_sign_of_lock_out() -> None:
    locked = Says(b"\r\nToo many failures. Try again in 30 minutes.\r\n")
    talk = await play([GREETING, login_text(b"xc3511", locked, Closes())], [ROOT, ADMIN, CONTROL])
    assert talk.ending is Ending.LOCKED_OUT
    assert len(talk.channels) == 2
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepted"], facts["locked_out"]) == (False, True)


async def test_a_device_that_turns_us_away_at_once_is_not_tried() -> None:
    script: Script = [Says(b"\xff\xfb\x01"), Hears(None), Says(b"Your address is blocked.\r\n")]
    talk = await play([[*script, Closes()]], [ROOT])
    assert talk.ending is Ending.LOCKED_OUT
    assert len(talk.channels) == 1


async def test_answers_that_come_later_each_time_end_the_tries() -> None:
    late: Script = [SILENCE, SILENCE, Says(b"\r\nLogin incorrect\r\ncam login: ")]
    talk = await play(
        [
            GREETING,
            login_text(b"xc3511", Says(b"\r\nLogin incorrect\r\ncam login: ")),
            login_text(b"admin", *late, name=b"admin"),
        ],
        [ROOT, ADMIN, EMPTY, CONTROL],
    )
    assert talk.ending is Ending.LOCKED_OUT
    assert len(talk.channels) == 3
    assert facts_of(talk, "telnet.login")["locked_out"] is True


async def test_an_empty_password_that_works_is_told_as_such() -> None:
    talk = await play([GREETING, login_text(b"", *shell(), name=b"admin")], [EMPTY])
    facts = facts_of(talk, "telnet.login")
    assert (facts["empty_password"], facts["password_asked"]) == (True, True)


async def test_an_account_that_needs_no_password_is_told_as_such() -> None:
    script: Script = [Says(b"cam login: "), Hears(b"root\r"), *shell()]
    facts = facts_of(await play([GREETING, script], [ROOT]), "telnet.login")
    assert (facts["empty_password"], facts["password_asked"]) == (True, False)


async def test_a_device_that_asks_for_a_password_only_gets_no_name_and_no_password_twice() -> None:
    ask: Script = [Says(b"Password: ")]
    refused = Says(b"\r\nWrong password\r\nPassword: ")
    again = Login("again", "other", "system")
    net = FakeNetwork(
        SERVICE, [ask, [*ask, Hears(b"xc3511\r"), refused], ask], {**SECRETS, "again": b"xc3511"}
    )
    talk = await net.play(PROBE, [ROOT, again])
    assert net.outcomes == {ROOT.id: Outcome.REFUSED, "again": Outcome.UNCLEAR}
    facts = facts_of(talk, "telnet.login")
    assert (facts["attempts"], facts["refused"]) == (1, 1)
    assert b"root" not in typed(talk)


async def test_nothing_is_typed_where_a_new_password_is_demanded() -> None:
    demand = Says(b"\r\nYou must change your password.\r\nNew password: ")
    talk = await play([GREETING, login_text(b"xc3511", demand)], [ROOT])
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepted"], facts["change_forced"]) == (False, True)
    assert typed(talk).endswith(b"******\r")


async def test_nothing_is_typed_into_a_menu() -> None:
    menu: Script = [Says(b"\r\n 1. Reboot\r\n 2. Reset\r\nYour choice: "), *[SILENCE] * 4]
    talk = await play([GREETING, login_text(b"xc3511", *menu)], [ROOT])
    assert facts_of(talk, "telnet.login")["accepted"] is False
    assert typed(talk).endswith(b"******\r")


async def test_a_device_that_hangs_up_after_a_login_is_neither_accepted_nor_refused() -> None:
    net = FakeNetwork(SERVICE, [GREETING, login_text(b"xc3511", Closes())], SECRETS)
    talk = await net.play(PROBE, [ROOT])
    assert net.outcomes == {ROOT.id: Outcome.UNCLEAR}
    facts = facts_of(talk, "telnet.login")
    assert (facts["accepted"], facts["attempts"], facts["refused"]) == (False, 1, 0)


async def test_a_command_line_that_knows_no_echo_is_proof_enough() -> None:
    unknown = Says(b"bad command name echo (line 1 column 1)\r\n[admin@box] > ")
    tried: Script = [MARKER, unknown, SILENCE, FALLBACK, unknown, SILENCE, EXIT]
    script = login_text(b"", Says(b"\r\n[admin@box] > "), SILENCE, *tried, name=b"admin")
    talk = await play([GREETING, script], [EMPTY])
    assert facts_of(talk, "telnet.login")["accepted"] is True


async def test_the_line_ends_in_a_bare_carriage_return() -> None:
    talk = await play([GREETING, login_text(b"xc3511", *shell())], [ROOT])
    assert b"\n" not in typed(talk)
    assert all(turn.data.endswith(b"\r") for turn in talk.turns if turn.sender == "client")


async def test_what_is_not_telnet_ends_as_another_protocol() -> None:
    net = FakeNetwork(SERVICE, [[Says(b"SSH-2.0-x\r\n"), SILENCE, Hears(b"\r"), Closes()]])
    with pytest.raises(Malformed):
        await PROBE.converse(SERVICE, net, ())
    assert list(PROBE.read(net.transcript("telnet"))) == []


async def test_a_device_that_says_nothing_is_a_time_out_not_an_absence() -> None:
    talk = await play([[SILENCE, Hears(b"\r"), SILENCE]])
    assert talk.ending is Ending.TIMEOUT
    assert list(PROBE.read(talk)) == []
