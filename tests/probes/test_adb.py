"""The debug bridge: open or locked, by its first answer; and sessions of others."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.model import Ending, Endpoint, Fact, Sender, Service
from iotscan.plugins import probes
from iotscan.protocols.adb import AUTH, CNXN, STLS, Message, greeting
from iotscan.testing import Closes, FakeNetwork, Hears, Says, captured

PROBE = next(probe for probe in probes() if probe.name == "adb")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 5555), "adb")
HOST = greeting()
DEVICE = Message(
    CNXN, 0x01000001, 4096, b"device::ro.product.name=box;ro.product.model=TV Box;features=cmd\0"
).encode()
TOKEN = Message(AUTH, 1, 0, bytes(20)).encode()
SIGNED = Message(AUTH, 2, 0, bytes(256)).encode()
TLS = Message(STLS, 0x01000000, 0).encode()


@pytest.mark.parametrize(("answer", "authorisation"), [(DEVICE, False), (TOKEN, True), (TLS, True)])
async def test_the_first_answer_tells_whether_a_key_is_asked_for(
    answer: bytes, authorisation: bool
) -> None:
    net = FakeNetwork(SERVICE, [[Hears(HOST), Says(answer[:24]), Says(answer[24:])]])
    if answer is TLS:
        net = FakeNetwork(SERVICE, [[Hears(HOST), Says(answer)]])
    (seen,) = PROBE.read(await net.play(PROBE))
    assert seen.facts["authorisation"] is authorisation
    assert seen.facts.get("model") == (None if authorisation else "TV Box")
    assert seen.facts.get("tls_required", False) is (answer is TLS)


async def test_what_comes_back_as_an_echo_proves_nothing() -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(HOST), Says(HOST)]]).play(PROBE)
    assert list(PROBE.read(talk)) == []


async def test_a_service_that_hangs_up_is_not_judged() -> None:
    talk = await FakeNetwork(SERVICE, [[Hears(HOST), Closes()]]).play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert list(PROBE.read(talk)) == []


@pytest.mark.parametrize(
    ("heard", "known"),
    [(DEVICE, True), (TOKEN, True), (TLS, True), (DEVICE[:20], False), (b"HTTP/1.1", False)],
)
def test_only_its_header_is_recognised(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known


def overheard(said: Sequence[tuple[Sender, bytes]]) -> list[tuple[dict[str, Fact], str, int]]:
    seen = PROBE.read(captured(said, 5555))
    return [(dict(one.facts), str(one.address), one.proofs[0].turns[0]) for one in seen]


def test_a_session_without_a_key_is_seen_at_the_answer_of_the_device() -> None:
    ((found, address, turn),) = overheard([("client", HOST), ("server", DEVICE)])
    assert (found["authorised"], found["model"], address, turn) == (
        False,
        "TV Box",
        "192.0.2.1",
        1,
    )


def test_header_and_payload_may_come_apart() -> None:
    ((found, _, turn),) = overheard(
        [
            ("client", HOST[:24]),
            ("client", HOST[24:]),
            ("server", DEVICE[:24]),
            ("server", DEVICE[24:]),
        ]
    )
    assert (found["model"], turn) == ("TV Box", 2)


def test_a_session_with_a_key_is_authorised() -> None:
    ((found, _, _),) = overheard(
        [("client", HOST), ("server", TOKEN), ("client", SIGNED), ("server", DEVICE)]
    )
    assert found["authorised"] is True


def test_the_device_is_known_by_what_it_says() -> None:
    ((_, address, _),) = overheard([("server", HOST), ("client", DEVICE)])
    assert address == "192.0.2.7"


@pytest.mark.parametrize(
    "said",
    [[("client", HOST)], [("client", HOST), ("server", TOKEN)], [("client", b"OPEN it")], []],
)
def test_a_session_that_did_not_come_about_is_not_told(
    said: list[tuple[Sender, bytes]],
) -> None:
    assert overheard(said) == []
