"""OPC UA: which endpoints a server offers, and channels that others opened without security."""

from __future__ import annotations

from functools import partial

from iotscan import plugins
from iotscan.model import Ending, Endpoint, Service
from iotscan.protocols.industrial.opcua import codec as opcua
from iotscan.protocols.industrial.opcua.wire import number, text
from iotscan.testing import DEVICE, FakeNetwork, Hears, Says, Step, conversation, told_by

PROBE = next(probe for probe in plugins.probes() if probe.name == "opcua")
# asyncua 2.1: its acknowledgement, and the channel it opens (6, with token 13).
ACKNOWLEDGED = bytes.fromhex("41434b461c00000000000000ffff0000ffff00000000040010000000")
CHANNEL = bytes.fromhex(
    "4f504e4687000000060000002f000000687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412f"
    "5365637572697479506f6c696379234e6f6e65ffffffffffffffff01000000010000000100c101304a1c6baf"
    "79dd010100000000000000000000000000000000000000060000000d000000b8491c6baf79dd0160ea000000"
    "000000"
)
URL = "opc.tcp://192.0.2.1:4840"


def endpoint(mode: int, policy: str, *tokens: int) -> bytes:
    """An EndpointDescription of a press."""
    application = text("urn:press") + text("urn:maker") + b"\x02" + text("Press 4") + number(0)
    application += text(None) + text(None) + number(0)
    kinds = b"".join(text("t") + number(kind) + text(None) * 3 for kind in tokens)
    tail = number(mode) + text(opcua.POLICY + policy) + number(len(tokens)) + kinds
    return text(URL) + application + text(None) + tail + text("profile") + b"\0"


def offers(*endpoints: bytes) -> bytes:
    head = bytes(16) + b"\x01\x00" + opcua.ENDPOINTS.to_bytes(2, "little")
    header = bytes(12) + number(0) + b"\0" + number(0) + b"\0\0\0"
    body = head + header + number(len(endpoints)) + b"".join(endpoints)
    return opcua.encode(opcua.MESSAGE, body)


def request(service: int) -> bytes:
    body = bytes(16) + b"\x01\x00" + service.to_bytes(2, "little") + bytes(20)
    return opcua.encode(opcua.MESSAGE, body)


talk = partial(conversation, port=4840)


facts = partial(told_by, PROBE)


def network(*script: Step) -> FakeNetwork:
    return FakeNetwork(Service(Endpoint(DEVICE, "tcp", 4840), "opcua"), [script])


def asking(*answer: Step) -> FakeNetwork:
    """A server that acknowledges, opens a channel and answers the question for endpoints so."""
    return network(
        Hears(opcua.hello(URL)),
        Says(ACKNOWLEDGED),
        Hears(opcua.open_channel()),
        Says(CHANNEL),
        Hears(opcua.get_endpoints(6, 13, URL)),
        *answer,
    )


async def test_endpoints_are_asked_for_in_three_messages() -> None:
    answer = offers(endpoint(1, "None", 0, 1), endpoint(3, "Basic256Sha256", 1))
    said = await asking(Says(answer)).play(PROBE)
    assert said.ending is Ending.COMPLETE
    assert facts(said) == [
        (
            "opcua.server",
            {
                "answered": True,
                "cleartext": True,
                "policies": ("None", "Basic256Sha256"),
                "modes": ("None", "SignAndEncrypt"),
                "tokens": ("anonymous", "user name"),
                "security_none": True,
                "anonymous": True,
                "anonymous_without_security": True,
                "application": "urn:press",
                "product": "urn:maker",
                "name": "Press 4",
            },
        )
    ]


async def test_a_secured_server_is_told_as_such() -> None:
    said = await asking(Says(offers(endpoint(3, "Basic256Sha256", 0)))).play(PROBE)
    ((_, told),) = facts(said)
    assert (told["security_none"], told["anonymous"]) == (False, True)
    assert told["anonymous_without_security"] is False


async def test_an_answer_in_chunks_is_put_together() -> None:
    whole = offers(endpoint(1, "None", 1))[8:]
    parts = [b"MSGC" + number(108) + whole[:100]]
    parts += [opcua.encode(opcua.MESSAGE, whole[:16] + whole[100:])]
    said = await asking(Says(parts[0]), Says(parts[1])).play(PROBE)
    ((_, told),) = facts(said)
    assert told["tokens"] == ("user name",)


async def test_a_refused_hello_or_channel_ends_the_talk() -> None:
    refused = opcua.encode(opcua.ERROR, number(0x80820000) + text("no"))
    hello = await network(Hears(), Says(refused)).play(PROBE)
    channel = await network(Hears(), Says(ACKNOWLEDGED), Hears(), Says(refused)).play(PROBE)
    assert (hello.ending, channel.ending) == (Ending.WRONG_PROTOCOL, Ending.WRONG_PROTOCOL)


def test_a_server_is_known_by_its_acknowledgement_or_error() -> None:
    assert PROBE.recognises(ACKNOWLEDGED)
    assert PROBE.recognises(opcua.encode(opcua.ERROR, number(0x80820000) + text(None)))
    assert not PROBE.recognises(ACKNOWLEDGED[:-1])
    assert not PROBE.recognises(PROBE.openings[0].says), "an echo is no server"
    assert not PROBE.recognises(b"MSGF\x08\0\0\0")


def test_a_channel_without_security_that_is_used_is_overheard_on_any_port() -> None:
    said = talk(
        ("client", opcua.hello(URL)),
        ("server", ACKNOWLEDGED),
        ("client", opcua.open_channel()),
        ("server", CHANNEL),
        ("client", request(461)),
        port=9,
        client=40_000,
    )
    (seen,) = PROBE.read(said)
    assert dict(seen.facts) == {
        "peer": "192.0.2.7",
        "answered": True,
        "policy": "None",
        "discovery_only": False,
    }
    assert seen.proofs[0].turns == (2, 3)


def test_questions_for_endpoints_are_told_apart() -> None:
    said = talk(
        ("client", opcua.open_channel()),
        ("server", CHANNEL),
        ("client", opcua.get_endpoints(6, 13, URL)),
        client=40_000,
    )
    ((_, told),) = facts(said)
    assert told["discovery_only"] is True


def test_sides_that_were_guessed_wrongly_are_turned_by_what_they_say() -> None:
    wrong = talk(("server", opcua.open_channel()), ("client", CHANNEL), port=9, client=8)
    (seen,) = PROBE.read(wrong)
    assert str(seen.endpoint) == "192.0.2.7:8/tcp"


def test_a_secured_channel_and_a_bare_hello_are_not_told() -> None:
    policy = text(opcua.POLICY + "Basic256Sha256")
    secured = opcua.encode(opcua.OPEN, number(0) + policy + text("cert") + text("t") + bytes(40))
    assert facts(talk(("client", secured), ("server", secured), client=40_000)) == []
    hello = talk(("client", opcua.hello(URL)), ("server", ACKNOWLEDGED), client=40_000)
    assert facts(hello) == []
