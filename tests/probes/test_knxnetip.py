"""KNXnet/IP: who needs keys and who does not, and what others were heard to do."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.errors import TimedOut
from iotscan.model import (
    Ending,
    Endpoint,
    Fact,
    Service,
    Transcript,
)
from iotscan.protocols.industrial import knxnetip
from iotscan.testing import DEVICE, Fails, FakeNetwork, Hears, Says, Step, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "knxnetip")
HOST = b"\x08\x01" + bytes(6)
# The device of knxd's description, without and with the security family.
_DEVICE = bytes.fromhex("3601020011010000000000000000e000170cb827eb000103") + b"House".ljust(
    30, b"\0"
)
PLAIN = _DEVICE + bytes.fromhex("0802020103010401")
KNOWS = _DEVICE + bytes.fromhex("0a020201030104010901")
SECURED, SECURED_MANAGEMENT = bytes.fromhex("060603010401"), bytes.fromhex("04060301")
TUNNEL = knxnetip.encode(0x0420, bytes.fromhex("04010000") + b"\x11\0\xbc\xe0\0\0\x08\x01\1\0\x81")
TAKEN = knxnetip.encode(0x0421, bytes.fromhex("04010000"))
WRAPPED = knxnetip.encode(knxnetip.SECURE_WRAPPER, bytes(40))


def described(blocks: bytes) -> bytes:
    return knxnetip.encode(knxnetip.DESCRIPTION_RESPONSE, blocks)


def found(blocks: bytes) -> bytes:
    return knxnetip.encode(knxnetip.EXTENDED_RESPONSE, HOST + blocks)


talk = partial(conversation, port=3671, transport="udp")


facts = partial(told_by, PROBE)


def secured(talk: Transcript) -> Fact | None:
    ((_, told),) = facts(talk)
    return told.get("secured")


def test_only_the_core_services_are_asked() -> None:
    for opening in PROBE.openings:
        first = knxnetip.decode(opening.says)
        assert first is not None
        assert first[0].service == knxnetip.DESCRIPTION_REQUEST


def test_a_server_is_known_by_its_description() -> None:
    assert PROBE.recognises(described(PLAIN))
    assert not PROBE.recognises(described(PLAIN)[:-1])
    assert not PROBE.recognises(described(SECURED))
    assert not PROBE.recognises(PROBE.openings[0].says)


def test_a_description_tells_who_it_is_and_that_it_knows_no_keys() -> None:
    asked = PROBE.openings[0].says
    assert facts(talk(("client", asked), ("server", described(PLAIN)))) == [
        (
            "knxnetip.server",
            {
                "answered": True,
                "cleartext": True,
                "secured": False,
                "tunnelling": True,
                "programming_mode": False,
                "name": "House",
                "bus_address": "1.1.1",
                "medium": "TP1",
                "families": ("core", "device management", "tunnelling"),
            },
        )
    ]


def test_that_a_server_knows_keys_does_not_tell_that_it_wants_them() -> None:
    assert secured(talk(("server", described(KNOWS)))) is None


async def test_what_is_secured_is_asked_in_one_question() -> None:
    service = Service(Endpoint(DEVICE, "udp", 3671), "knxnetip")
    script: list[Step] = [Hears(knxnetip.search_extended("udp")), Says(found(KNOWS + SECURED))]
    assert secured(await FakeNetwork(service, [script]).play(PROBE)) is True
    script = [Hears(), Says(found(KNOWS + SECURED_MANAGEMENT))]
    assert secured(await FakeNetwork(service, [script]).play(PROBE)) is False


async def test_an_older_server_may_keep_silent() -> None:
    service = Service(Endpoint(DEVICE, "udp", 3671), "knxnetip")
    said = await FakeNetwork(service, [[Hears(), Fails(TimedOut("read"))]]).play(PROBE)
    assert said.ending is Ending.COMPLETE
    assert facts(said) == []


async def test_over_tcp_an_answer_in_pieces_is_waited_for() -> None:
    service = Service(Endpoint(DEVICE, "tcp", 3671), "knxnetip")
    answer = found(KNOWS + SECURED)
    question = Hears(knxnetip.search_extended("tcp"))
    script: list[Step] = [question, Says(answer[:9]), Says(answer[9:])]
    said = await FakeNetwork(service, [script]).play(PROBE)
    assert secured(said) is True


def test_tunnelling_in_clear_is_overheard_on_any_port() -> None:
    (seen,) = PROBE.read(talk(("client", TUNNEL), ("server", TAKEN), port=9, client=40_000))
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "secured": False,
        "services": ("tunnelling request", "tunnelling acknowledgement"),
    }
    assert seen.proofs[0].turns == (1,)


def test_sides_that_were_guessed_wrongly_are_turned() -> None:
    granted = knxnetip.encode(knxnetip.CONNECT_RESPONSE, b"\1\0" + HOST + b"\4\4\x11\5")
    (seen,) = PROBE.read(talk(("client", granted), port=40_000, client=40_001))
    assert str(seen.endpoint) == "192.0.2.7:40001/udp"


def test_a_description_counts_against_servers_without_keys_only() -> None:
    for blocks, answered, wanted in ((PLAIN, True, False), (KNOWS, False, True)):
        ((_, told),) = facts(talk(("server", described(blocks)), client=40_000))
        assert (told["answered"], told["secured"], told["name"]) == (answered, wanted, "House")


def test_secure_wrappers_are_no_talk_in_clear() -> None:
    ((_, told),) = facts(talk(("client", WRAPPED), ("server", WRAPPED), client=40_000))
    assert (told["answered"], told["secured"]) == (False, True)


def test_questions_alone_are_not_told() -> None:
    assert facts(talk(("client", PROBE.openings[0].says), client=40_000)) == []
