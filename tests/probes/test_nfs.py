"""NFS and its port mapper: the two lists are asked for once each, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from iotscan.errors import NetworkError, Refused
from iotscan.model import Ending, Endpoint, Fact, Service, Transcript
from iotscan.plugins import probes
from iotscan.protocols.sunrpc import codec as sunrpc
from iotscan.protocols.sunrpc import nfs
from iotscan.testing import Closes, FakeNetwork, Hears, Says, Step, captured

NAMED = {probe.name: probe for probe in probes()}
PORTMAP, NFS = NAMED["portmap"], NAMED["nfs"]
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 111), "portmap")
ASK_PROGRAMS, ASK_EXPORTS = nfs.ask_programs(0x696F7302), nfs.ask_exports(0x696F7303, 3)


def answer(xid: int, body: bytes = b"", state: int = 0) -> bytes:
    head = xid.to_bytes(4, "big") + b"\0\0\0\1" + bytes(12) + state.to_bytes(4, "big")
    return sunrpc.record(head + body)


def program(number: int, version: int, port: int) -> bytes:
    return b"\0\0\0\1" + b"".join(n.to_bytes(4, "big") for n in (number, version, 6, port))


LISTED = answer(
    0x696F7302,
    program(100_000, 2, 111) + program(100_003, 3, 2049) + program(100_005, 3, 892)
    + program(391_002, 2, 700) + bytes(4),
)  # fmt: skip
EXPORTED = answer(
    0x696F7303,
    # /data to everybody, /root to one host
    b"\0\0\0\1\0\0\0\5/data\0\0\0" + bytes(4)
    + b"\0\0\0\1\0\0\0\5/root\0\0\0" + b"\0\0\0\1\0\0\0\4nas2" + bytes(4) + bytes(4),
)  # fmt: skip


async def play(*connections: Sequence[Step] | NetworkError) -> Transcript:
    return await FakeNetwork(SERVICE, connections).play(PORTMAP)


def facts(talk: Transcript) -> list[tuple[str, dict[str, Fact]]]:
    return [(seen.kind, dict(seen.facts)) for seen in PORTMAP.read(talk)]


async def test_the_exports_are_listed_at_the_port_that_was_told() -> None:
    talk = await play(
        [Hears(ASK_PROGRAMS), Says(LISTED[:50]), Says(LISTED[50:])],
        [Hears(ASK_EXPORTS), Says(EXPORTED)],
    )
    assert [channel.endpoint.port for channel in talk.channels] == [111, 892]
    assert talk.ending is Ending.COMPLETE
    assert facts(talk) == [
        (
            "portmap.service",
            {
                "programs": ("portmapper", "nfs", "mountd", "391002"),
                "nfs_versions": ("3",),
            },
        ),
        ("nfs.export", {"path": "/data", "everyone": True, "clients": ()}),
        ("nfs.export", {"path": "/root", "everyone": False, "clients": ("nas2",)}),
    ]


async def test_every_fact_cites_the_answer_that_it_was_read_from() -> None:
    talk = await play([Hears(ASK_PROGRAMS), Says(LISTED)], [Hears(ASK_EXPORTS), Says(EXPORTED)])
    cited = [seen.proofs[0].turns for seen in PORTMAP.read(talk)]
    assert cited == [(1,), (3,), (3,)]
    assert {seen.endpoint for seen in PORTMAP.read(talk)} == {SERVICE.endpoint}


async def test_without_a_mount_daemon_nobody_is_asked_further() -> None:
    talk = await play(
        [Hears(ASK_PROGRAMS), Says(answer(0x696F7302, program(100_003, 4, 2049) + bytes(4)))]
    )
    assert facts(talk) == [("portmap.service", {"programs": ("nfs",), "nfs_versions": ("4",)})]


async def test_a_port_mapper_that_keeps_its_list_is_asked_once() -> None:
    talk = await play([Hears(ASK_PROGRAMS), Says(answer(0x696F7302, state=1))])
    assert (facts(talk), talk.ending) == ([], Ending.COMPLETE)


async def test_a_mount_daemon_that_refuses_leaves_the_exports_unknown() -> None:
    talk = await play([Hears(ASK_PROGRAMS), Says(LISTED)], Refused("closed"))
    assert [kind for kind, _ in facts(talk)] == ["portmap.service"]
    assert talk.ending is Ending.REFUSED


async def test_half_an_answer_proves_nothing() -> None:
    talk = await play([Hears(ASK_PROGRAMS), Says(LISTED[:-8]), Closes()])
    assert (facts(talk), talk.ending) == ([], Ending.CLOSED)


async def test_a_list_that_lies_is_not_believed() -> None:
    broken = answer(0x696F7302, program(100_005, 3, 892))
    talk = await play([Hears(ASK_PROGRAMS), Says(broken)])
    assert (facts(talk), talk.ending) == ([], Ending.WRONG_PROTOCOL)


def test_an_answer_to_somebody_elses_call_is_not_ours() -> None:
    talk = captured([("client", ASK_PROGRAMS), ("server", LISTED)], 111)
    assert list(PORTMAP.read(talk)) == []


@pytest.mark.parametrize(
    ("heard", "portmap", "file_service"),
    [
        (answer(0x696F7301), True, False),
        (answer(0x696F7304), False, True),
        (answer(0x696F7304, bytes(8), state=2), False, True),
        (answer(0x696F7304, state=1), False, False),
        (answer(0x0BADCAFE), False, False),
        (answer(0x696F7301)[:-1], False, False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, False),
    ],
)
def test_only_the_answer_to_our_own_call_is_recognised(
    heard: bytes, portmap: bool, file_service: bool
) -> None:
    assert PORTMAP.recognises(heard) is portmap
    assert NFS.recognises(heard) is file_service


@pytest.mark.parametrize(
    ("state", "known"), [(0, {"version_3": True}), (2, {"version_3": False}), (5, {})]
)
async def test_the_version_is_read_from_the_recognition(state: int, known: dict[str, Fact]) -> None:
    service = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 2049), "nfs")
    network = FakeNetwork(service, [[Hears(), Says(answer(0x696F7304, state=state))]])
    async with network.tcp(service) as stream:
        await stream.write(NFS.openings[0].says)
        await stream.read()
    (seen,) = NFS.read(network.transcript("recognise"))
    assert (seen.kind, dict(seen.facts), seen.proofs[0].turns) == ("nfs.service", known, (1,))
