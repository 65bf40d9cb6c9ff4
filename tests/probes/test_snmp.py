"""The SNMP probe against scripted agents, silence, and a real net-snmp on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import pytest
from daemons import free_port, program, running

from iotscan.errors import Refused, TimedOut
from iotscan.model import (
    Ending,
    Endpoint,
    Impact,
    Service,
)
from iotscan.plugins import probes
from iotscan.probe_api import Login
from iotscan.protocols.encodings import ber
from iotscan.protocols.snmp import codec as snmp
from iotscan.protocols.snmp.facts import SYSTEM_GROUP
from iotscan.testing import Fails, FakeNetwork, Hears, Says, Step, converse, facts_of, on_loopback

PROBE = next(probe for probe in probes() if probe.name == "snmp")
HOME = ip_address("127.9.0.1")
SILENT = Service(Endpoint(HOME, "udp", 161), hint="snmp-v3")
KNOWN = replace(SILENT, name="snmp")
WRITE = Login("snmp-write-1", "", "snmp")
READ = Login("snmp-read-1", "", "snmp")
CONTROL = Login("control-zq", "zq", "snmp", control=True)
LOGINS = (WRITE, READ, CONTROL)
SECRETS = {"snmp-write-1": b"private", "snmp-read-1": b"public", "control-zq": b"x7k2m9q4w1zz"}
NOTHING = Fails(TimedOut("read"))
REPORT = bytes.fromhex(
    "306d020103300f0202696f020300ffe30401000201030421301f041180001f8880cf2bbd1fef81016b000000"
    "000201010201010400040004003034041180001f8880cf2bbd1fef81016b000000000400a81d0202696f0201"
    "000201003011300f060a2b060106030f01010400410101"
)


def answer(community: bytes, number: int, *values: tuple[str, bytes], version: int = 1) -> bytes:
    """A response with texts for some objects, as an agent sends it."""
    listed = b"".join(
        ber.encode(ber.SEQUENCE, ber.encode_object(name) + ber.encode(ber.OCTETS, value))
        for name, value in values
    )
    numbers = b"".join(map(ber.encode_integer, (number, 0, 0)))
    pdu = ber.encode(0xA2, numbers + ber.encode(ber.SEQUENCE, listed))
    word = ber.encode(ber.OCTETS, community)
    return ber.encode(ber.SEQUENCE, ber.encode_integer(version) + word + pdu)


LAMP = ((SYSTEM_GROUP[0], b"Lamp 2.1"), (SYSTEM_GROUP[4], b"Annas-iPhone"))
BULK = tuple((f"1.3.6.1.2.1.2.{number}", b"x" * 20) for number in range(40))


facts = partial(facts_of, PROBE)


def accepting(word: bytes, first: int) -> Sequence[Step]:
    """An agent of version 2c alone that knows this community; ``first``: our question's number."""
    return [
        Hears(),
        Says(answer(word, first, *LAMP)),
        Hears(),
        NOTHING,
        Hears(),
        Says(answer(word, first + 2, *BULK)),
    ]


SILENCE: Sequence[Step] = [Hears(), NOTHING, Hears(), NOTHING]


async def test_a_default_community_is_found_and_the_control_proves_it() -> None:
    network = FakeNetwork(SILENT, [SILENCE, accepting(b"public", 3), [Hears(), NOTHING]], SECRETS)
    talk = await network.play(PROBE, LOGINS)
    assert talk.ending is Ending.COMPLETE
    (found,) = facts(talk, "snmp.community")
    assert found == {
        "accepted": True,
        "login": "snmp-read-1",
        "versions": ("2c",),
        "for_writing": False,
        "attempts": 2,
        "unanswered": 1,
        "locked_out": False,
        "control_accepted": False,
        "accepts_anything": False,
    }
    (system,) = facts(talk, "snmp.system")
    assert system == {"description": "Lamp 2.1", "name": "Annas-iPhone"}
    (name,) = facts(talk, "device.name")
    assert name["looks_personal"] is True
    (grown,) = facts(talk, "snmp.amplification")
    assert grown["request_bytes"] == len(snmp.get_bulk(b"public", 5, 40, ["1.3.6.1.2.1"]))
    assert grown["response_bytes"] == len(answer(b"public", 5, *BULK))
    assert grown["repetitions"] == 40


async def test_the_community_for_writing_is_only_ever_read_with() -> None:
    network = FakeNetwork(SILENT, [accepting(b"private", 1), [Hears(), NOTHING]], SECRETS)
    talk = await network.play(PROBE, LOGINS)
    (found,) = facts(talk, "snmp.community")
    assert (found["login"], found["for_writing"], found["attempts"]) == ("snmp-write-1", True, 1)
    sent = [snmp.decode(turn.data).pdu for turn in talk.turns if turn.sender == "client"]
    assert {pdu.kind for pdu in sent if pdu} == {"get", "get-bulk"}


async def test_an_agent_that_takes_any_community_is_called_so() -> None:
    control: Sequence[Step] = [Hears(), Says(answer(SECRETS["control-zq"], 4, *LAMP))]
    network = FakeNetwork(SILENT, [accepting(b"private", 1), control], SECRETS)
    (found,) = facts(await network.play(PROBE, LOGINS), "snmp.community")
    assert found["accepts_anything"] is True


async def test_an_agent_of_version_1_alone_is_found() -> None:
    old: Sequence[Step] = [
        *(Hears(), NOTHING),
        *(Hears(), Says(answer(b"private", 2, *LAMP, version=0))),
    ]
    network = FakeNetwork(SILENT, [old, [Hears(), NOTHING]], SECRETS)
    talk = await network.play(PROBE, LOGINS)
    assert facts(talk, "snmp.agent") == [{"versions": ("1",)}]
    assert facts(talk, "snmp.community")[0]["versions"] == ("1",)


async def test_silence_is_no_proof_of_an_agent() -> None:
    talk = await FakeNetwork(SILENT, [SILENCE, SILENCE], SECRETS).play(PROBE, LOGINS)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "snmp.agent") == []
    (found,) = facts(talk, "snmp.community")
    assert (found["accepted"], found["unanswered"]) == (False, 2)


async def test_a_closed_port_ends_it_at_once() -> None:
    script: Sequence[Step] = [Hears(), Fails(Refused("no such port"))]
    talk = await FakeNetwork(SILENT, [script], SECRETS).play(PROBE, LOGINS)
    assert talk.ending is Ending.REFUSED


async def test_an_answer_without_values_is_no_success() -> None:
    empty: Sequence[Step] = [Hears(), Says(answer(b"private", 1))]
    network = FakeNetwork(SILENT, [empty, SILENCE], SECRETS)
    (found,) = facts(await network.play(PROBE, LOGINS), "snmp.community")
    assert (found["accepted"], found["unanswered"]) == (False, 1)


async def test_an_answer_to_another_question_proves_nothing() -> None:
    stray: Sequence[Step] = [Hears(), *[Says(answer(b"private", 99, *LAMP))] * 8]
    network = FakeNetwork(SILENT, [[*stray, *stray], SILENCE], SECRETS)
    talk = await network.play(PROBE, LOGINS)
    assert facts(talk, "snmp.agent") == []


async def test_below_login_only_the_engine_is_asked() -> None:
    network = FakeNetwork(KNOWN, [[Hears(), Says(REPORT)]], impact=Impact.GREET)
    talk = await network.play(PROBE, LOGINS)
    assert facts(talk, "snmp.agent") == [{"versions": ("3",)}]
    (engine,) = facts(talk, "snmp.engine")
    assert (engine["enterprise"], engine["boots"], engine["holds_mac"]) == (8072, 1, False)
    assert facts(talk, "snmp.community") == []


def test_only_silent_ports_of_its_own_opening_are_taken_without_a_name() -> None:
    assert PROBE.handles(SILENT)
    assert PROBE.handles(KNOWN)
    assert not PROBE.handles(Service(Endpoint(HOME, "udp", 161)))
    assert not PROBE.handles(replace(SILENT, endpoint=Endpoint(HOME, "tcp", 161)))


def test_answers_are_recognised_and_questions_are_not() -> None:
    assert PROBE.recognises(REPORT)
    assert PROBE.recognises(answer(b"x", 1))
    assert not PROBE.recognises(snmp.discovery(1))
    assert not PROBE.recognises(REPORT[:-1])


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[int]:
    """net-snmp's agent with both conventional communities; its port on loopback."""
    port = free_port()
    conf = tmp_path / "snmpd.conf"
    conf.write_text(f"rocommunity public\nsysName lamp\nagentaddress udp:127.0.0.1:{port}\n")
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", conf, "-p", tmp_path / "pid"]
    own = {"SNMP_PERSISTENT_DIR": str(tmp_path)}
    with running(command, port, answers=_answers, cwd=tmp_path, environment=own):
        yield port


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(snmp.discovery(1))
            return bool(asking.recv(4096))
        except OSError:
            return False


async def test_a_real_agent_gives_itself_away(agent: int) -> None:
    talk = await converse(
        PROBE, on_loopback(agent, "snmp", "udp", hint="snmp-v3"), LOGINS, vault=SECRETS
    )
    assert facts(talk, "snmp.agent") == [{"versions": ("1", "2c", "3")}]
    (found,) = facts(talk, "snmp.community")
    assert (found["login"], found["accepts_anything"]) == ("snmp-read-1", False)
    assert found["versions"] == ("1", "2c")
    assert facts(talk, "snmp.system")[0]["name"] == "lamp"
    ratio = facts(talk, "snmp.amplification")[0]["ratio"]
    assert isinstance(ratio, float)
    assert ratio > 10
    said = talk.said_by("client") + talk.said_by("server")
    assert all(secret not in said for secret in SECRETS.values())
