"""PostgreSQL: a session without a password is begun and ended, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.model import Ending, Endpoint, Fact, Service
from iotscan.plugins import probes
from iotscan.protocols.databases.postgresql import SSL_REQUEST, start
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step, captured

PROBE = next(probe for probe in probes() if probe.name == "postgresql")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 5432), "postgresql")
BEGIN = start("postgres")
GRANTED = b"R\0\0\0\x08\0\0\0\0"
MORE = b"S\0\0\0\x16application_name\0\0" + b"Z\0\0\0\5I"
PASSWORD = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
NO_DATABASE = b"E\0\0\0\x13SFATAL\0C3D000\0\0"


async def play(*steps: Step) -> tuple[list[dict[str, Fact]], Ending]:
    talk = await FakeNetwork(SERVICE, [steps]).play(PROBE)
    return [dict(seen.facts) for seen in PROBE.read(talk)], talk.ending


@pytest.mark.parametrize("pieces", [[GRANTED + MORE], [GRANTED[:4], GRANTED[4:]]])
async def test_a_server_that_trusts_everybody_is_open_and_left_at_once(
    pieces: Sequence[bytes],
) -> None:
    found, ending = await play(Hears(BEGIN), *map(Says, pieces), Hears(b"X\0\0\0\4"))
    assert found == [{"product": "PostgreSQL", "encrypted": False, "open": True}]
    assert ending is Ending.COMPLETE


async def test_a_server_that_wants_a_password_is_told_none() -> None:
    found, ending = await play(Hears(BEGIN), Says(PASSWORD))
    assert (found[0]["open"], ending) == (False, Ending.COMPLETE)


async def test_another_error_leaves_it_unknown() -> None:
    ((found,), _) = await play(Hears(BEGIN), Says(NO_DATABASE))
    assert "open" not in found


async def test_half_an_answer_proves_nothing() -> None:
    assert await play(Hears(BEGIN), Says(PASSWORD[:-1]), Closes()) == ([], Ending.CLOSED)


def test_sessions_of_others_are_left_to_them() -> None:
    said = captured([("client", BEGIN), ("server", GRANTED)], 5432)
    assert list(PROBE.read(said)) == []


def test_one_byte_makes_it_known() -> None:
    assert PROBE.openings[0].says == SSL_REQUEST
    assert [PROBE.recognises(said) for said in (b"S", b"N", b"", b"SS")] == [
        True,
        True,
        False,
        False,
    ]
