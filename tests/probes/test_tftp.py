"""The TFTP probe against servers that answer from another port, and transfers of others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network
from typing import cast

import pytest

from iotscan.engine.recognise import recognise_udp
from iotscan.errors import Refused, TimedOut
from iotscan.model import Endpoint, Fact, Impact, Scope, Sender, Service, Transcript
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.plugins import probes
from iotscan.protocols.tftp import codec as tftp
from iotscan.protocols.tftp.reading import ABSENT as NO_SUCH_FILE
from iotscan.settings import Limits
from iotscan.testing import captured

PROBE = next(probe for probe in probes() if probe.name == "tftp")
(OPENING,) = PROBE.openings
ABSENT = b"\0\5\0\1File not found\0"


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answers: Sequence[bytes], own_port: bool) -> None:
        self.answers, self.own_port, self.heard = answers, own_port, list[bytes]()
        self.tasks: list[asyncio.Task[None]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data)
        self.asker = addr[1]
        self.tasks.append(asyncio.get_running_loop().create_task(self.answer(addr)))

    async def answer(self, addr: tuple[str, int]) -> None:
        """From a new port, as RFC 1350 section 4 has it, or from the port that was asked."""
        if self.own_port:
            for answer in self.answers:
                self.transport.sendto(answer, addr)
            return
        other, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        for answer in self.answers:
            other.sendto(answer, addr)
        await asyncio.sleep(0)
        other.close()


@asynccontextmanager
async def server(*answers: bytes, own_port: bool = False) -> AsyncIterator[tuple[int, _Server]]:
    transport, peer = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Server(answers, own_port), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1], peer
    finally:
        transport.close()


def door(port: int) -> tuple[Service, Conversation]:
    scope = Scope((ip_network("127.0.0.0/8"),), impact=Impact.GREET)
    limits = Limits(read_timeout=0.3)
    service = Service(Endpoint(ip_address("127.0.0.1"), "udp", port))
    gateway = Gateway(scope, limits, clock=time.monotonic)
    return service, gateway.conversation(service, "recognise", id="c1", began=0.0)


def facts(talk: Transcript) -> dict[str, Fact]:
    (found,) = [dict(seen.facts) for seen in PROBE.read(talk)]
    return found


@pytest.mark.parametrize("own_port", [False, True])
async def test_an_answer_from_any_port_of_the_device_is_heard(own_port: bool) -> None:
    async with server(ABSENT, own_port=own_port) as (port, peer):
        service, talk = door(port)
        found = await recognise_udp(service, talk, PROBE, OPENING)
    assert found is not None
    assert found.service.name == "tftp"
    assert peer.heard == [OPENING.says]
    assert facts(talk.transcript()) == {
        "answer": "error",
        "error": 1,
        "message": "File not found",
        "served": False,
    }


async def test_a_server_that_sends_something_all_the_same_is_told_apart() -> None:
    async with server(b"\0\3\0\1surprise") as (port, _):
        service, talk = door(port)
        await recognise_udp(service, talk, PROBE, OPENING)
    assert facts(talk.transcript()) == {"answer": "data", "served": True}


async def test_an_answer_of_another_machine_is_not_the_devices() -> None:
    """The socket hears everybody: what another address says is passed over."""
    loop = asyncio.get_running_loop()
    async with server() as (port, peer):
        service, talk = door(port)
        asking = loop.create_task(recognise_udp(service, talk, PROBE, OPENING))
        while not peer.heard:
            await asyncio.sleep(0.01)
        stranger, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.2", 0)
        )
        stranger.sendto(ABSENT, ("127.0.0.1", peer.asker))
        with pytest.raises(TimedOut):
            await asking
        stranger.close()
    assert talk.transcript().said_by("server") == b""


async def test_a_closed_port_refuses() -> None:
    async with server() as (port, _):
        pass
    service, talk = door(port)
    with pytest.raises(Refused):
        await recognise_udp(service, talk, PROBE, OPENING)


@pytest.mark.parametrize(
    ("heard", "known"),
    [
        (ABSENT, True),
        (b"\0\3\0\1abc", True),
        (b"\0\6blksize\x00512\0", True),
        (b"\0\6", False),
        (b"\0\3\0\2abc", False),
        (b"\0\4\0\0", False),
        (OPENING.says, False),
        (b"", False),
    ],
)
def test_only_what_answers_a_request_is_recognised(heard: bytes, known: bool) -> None:
    assert PROBE.recognises(heard) is known


def overheard(
    *said: tuple[Sender, bytes], port: int = 69
) -> list[tuple[str, dict[str, Fact], str, tuple[int, ...]]]:
    seen = PROBE.read(captured(said, port, "udp"))
    return [(one.kind, dict(one.facts), str(one.endpoint), one.proofs[0].turns) for one in seen]


def test_a_request_of_others_is_told_once() -> None:
    ask = b"\0\1/update.sh\0octet\0"
    ((kind, found, where, turns),) = overheard(("client", ask), ("client", ask))
    assert (kind, where, turns) == ("tftp.transfer", "192.0.2.1:69/udp", (0,))
    assert found == {
        "file": "/update.sh",
        "mode": "octet",
        "operation": "read",
        "peer": "192.0.2.7",
    }


def test_a_request_whose_sides_were_mistaken_is_booked_on_the_server() -> None:
    talk = captured([("server", b"\0\2log.txt\0octet\0")], 50_001, "udp")
    assert talk.client is not None
    turned = Transcript(
        talk.id,
        talk.service,
        talk.probe,
        0.0,
        talk.turns,
        talk.channels,
        client=Endpoint(talk.client.address, "udp", 69),
    )
    (seen,) = PROBE.read(turned)
    assert (str(seen.endpoint), seen.facts["operation"]) == ("192.0.2.7:69/udp", "write")


IMAGE = b"\0\3\0\1\x27\x05\x19\x56" + bytes(508)


@pytest.mark.parametrize("server_is", ["client", "server"])
def test_firmware_is_known_by_its_content_whoever_was_taken_for_the_server(
    server_is: Sender,
) -> None:
    other: Sender = "server" if server_is == "client" else "client"
    ((kind, found, where, turns),) = overheard(
        (server_is, IMAGE),
        (other, b"\0\4\0\1"),
        (server_is, b"\0\3\0\2" + bytes(100)),
        (other, b"\0\4\0\2"),
        port=50_002,
    )
    assert (kind, turns) == ("tftp.firmware", (0,))
    assert (found["format"], found["bytes"], found["cleartext"]) == ("u-boot", 612, True)
    assert where == ("192.0.2.1:69/udp" if server_is == "server" else "192.0.2.7:69/udp")


@pytest.mark.parametrize(
    "said",
    [
        [("server", IMAGE)],
        [("server", b"\0\3\0\1text"), ("client", b"\0\4\0\1")],
        [("server", b"\0\3\0\2" + IMAGE[4:]), ("client", b"\0\4\0\2")],
        [("client", b"\0\4\0\0"), ("server", IMAGE), ("client", b"\0\4\0\1")],
        [("client", b"\x12\x34\1\0\0\1\0\0\0\0\0\0")],
        [],
    ],
)
def test_what_proves_nothing_is_not_told(said: list[tuple[Sender, bytes]]) -> None:
    assert overheard(*said, port=50_002) == []


def test_dns_on_port_69_is_no_tftp() -> None:
    assert overheard(("client", b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1")) == []


def test_a_scanner_that_asks_whether_anybody_is_there_transfers_nothing() -> None:
    ask = tftp.encode(tftp.Request(NO_SUCH_FILE))
    assert overheard(("client", ask)) == []
    assert overheard(("client", ask), ("server", b"\0\5\0\1not found\0")) == []
