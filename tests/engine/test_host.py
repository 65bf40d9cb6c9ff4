"""UDP ports that answer only those who know a word: their probe may try, with logins alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import iotscan
from iotscan.capture.recording import load
from iotscan.errors import Malformed
from iotscan.model import Impact, Transcript
from iotscan.protocols.encodings import ber
from iotscan.protocols.snmp import codec as snmp
from iotscan.settings import Limits, Settings
from iotscan.testing import Reply, serve_udp

HOME = "127.31.0.6"
QUICK = Limits(read_timeout=0.2, login_pause=0.0, host_connections_per_second=1000.0)


class OldAgent:
    """SNMP version 1 with one community, silent to all else. ``heard``: what it was asked."""

    def __init__(self, community: bytes) -> None:
        self.community = community
        self.heard: list[snmp.Message] = []

    def __call__(self, data: bytes, reply: Reply) -> None:
        with contextlib.suppress(Malformed):
            message = snmp.decode(data)
            self.heard.append(message)
            if (message.version, message.community) == (snmp.V1, self.community):
                reply(self._answer(message))

    def _answer(self, message: snmp.Message) -> bytes:
        assert message.pdu is not None
        name = ber.encode_object(message.pdu.values[0][0])
        value = ber.encode(ber.SEQUENCE, name + ber.encode(ber.OCTETS, b"Lamp 1.0"))
        numbers = b"".join(map(ber.encode_integer, (message.pdu.request_id, 0, 0)))
        pdu = ber.encode(0xA2, numbers + ber.encode(ber.SEQUENCE, value))
        word = ber.encode(ber.OCTETS, self.community)
        return ber.encode(ber.SEQUENCE, ber.encode_integer(0) + word + pdu)


@contextlib.asynccontextmanager
async def agent(community: bytes) -> AsyncIterator[OldAgent]:
    silent = OldAgent(community)
    try:
        async with serve_udp(silent, HOME, snmp.PORT):
            yield silent
    except PermissionError:
        pytest.skip("port 161 needs a privilege here")


async def scanned(folder: Path, impact: Impact = Impact.LOGIN) -> list[Transcript]:
    """The conversations about SNMP that a scan of the host wrote down."""
    path = folder / "scan.jsonl"
    settings = Settings(
        targets=(HOME,), ports=(9,), limits=QUICK, discovery_time=0.05, impact=impact,
        record=str(path),
    )  # fmt: skip
    await iotscan.scan(settings)
    return [talk for talk in load(path).transcripts if talk.service.endpoint.port == snmp.PORT]


async def test_an_agent_that_is_silent_to_strangers_is_found_by_its_word(tmp_path: Path) -> None:
    async with agent(b"public"):
        (talk,) = await scanned(tmp_path)
    assert (talk.probe, talk.service.name) == ("snmp", "snmp")
    assert b"Lamp 1.0" in talk.said_by("server")


async def test_a_word_that_nobody_knows_leaves_no_line(tmp_path: Path) -> None:
    async with agent(b"v9kQ2-m1Zt") as silent:
        assert await scanned(tmp_path) == []
    tried = {message.community for message in silent.heard if message.community}
    assert len(tried) == 3


async def test_below_login_no_word_is_tried(tmp_path: Path) -> None:
    async with agent(b"public") as silent:
        assert await scanned(tmp_path, Impact.GREET) == []
    assert {message.version for message in silent.heard} == {snmp.V3}


async def test_what_announced_itself_is_asked_once_more_and_nobody_else_is(tmp_path: Path) -> None:
    heard: list[str] = []

    def lamp(data: bytes, reply: Reply) -> None:
        method = json.loads(data)["method"]
        heard.append(method)
        reply(json.dumps({"method": method, "result": {"mac": "a8bb50000197"}}).encode())

    path = tmp_path / "scan.jsonl"
    settings = Settings(
        targets=(HOME, "127.31.0.7"), ports=(9,), limits=QUICK,
        record=str(path),
    )  # fmt: skip
    async with serve_udp(lamp, HOME, 38899):
        await iotscan.scan(settings)
    assert heard == ["getPilot", "getSystemConfig"]
    asked = [talk for talk in load(path).transcripts if talk.service.endpoint.port == 38899]
    assert [(str(talk.service.endpoint.address), talk.service.name) for talk in asked] == [
        (HOME, "wiz")
    ]
