"""The port mapper of ONC RPC, and the NFS exports that it leads to. RFC 1833, RFC 1813.

One call for its list of programs, and where a mount daemon is among them, one for the list of
exports. Both are lists that are there to be read by anybody; nothing is mounted, and no file handle
is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, hear_whole
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.sunrpc import codec as sunrpc
from iotscan.protocols.sunrpc import nfs
from iotscan.protocols.sunrpc.codec import Reply
from iotscan.text import clean

# Numbers of our calls: a reader knows by them which question was answered.
HELLO, PROGRAMS, EXPORTS = 0x696F7301, 0x696F7302, 0x696F7303
_MOST_CLIENTS = 16

KINDS = (
    Kind(
        "portmap.service",
        {"programs": tuple, "nfs_versions": tuple},
        "A port mapper listed the programs it knows, by name or number.",
    ),
    Kind(
        "nfs.export",
        {"path": str, "everyone": bool, "clients": tuple},
        "One per folder that a mount daemon says it exports. everyone: to any host that asks; "
        "clients: to whom, as the server writes it.",
    ),
)


class Portmap:
    name = "portmap"
    openings = (Opening("null", "tcp", (nfs.PORT,), nfs.hello(HELLO)),)
    impact = Impact.GREET
    emits = KINDS
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """A reply to the call that asks for nothing."""
        try:
            found = sunrpc.take(heard)
        except Malformed:
            return False
        return found is not None and found[0].xid == HELLO

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        listed = await _ask(service, net, nfs.ask_programs(PROGRAMS))
        found = (
            nfs.mount_port(nfs.programs(listed.body)) if listed.state == sunrpc.SUCCESS else None
        )
        if found is not None:
            port, version = found
            daemon = replace(service, endpoint=replace(service.endpoint, port=port))
            await _ask(daemon, net, nfs.ask_exports(EXPORTS, version))

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for number in sorted({turn.channel for turn in talk.turns}):
            turns = [(i, turn) for i, turn in talk.turns_of(number) if turn.sender == "server"]
            try:
                found = sunrpc.take(b"".join(turn.data for _, turn in turns))
                if found is not None and found[0].state == sunrpc.SUCCESS:
                    yield from _told(talk, found[0], [index for index, _ in turns][:4])
            except Malformed:
                continue


async def _ask(service: Service, net: Network, question: bytes) -> Reply:
    async with net.tcp(service) as stream:
        await stream.write(question)
        return await _hear(stream)


async def _hear(stream: Stream) -> Reply:
    return (await hear_whole(stream, sunrpc.take))[0]


def _told(talk: Transcript, reply: Reply, cited: list[int]) -> Iterator[Observation]:
    if reply.xid == PROGRAMS:
        listed = nfs.programs(reply.body)
        names = dict.fromkeys(nfs.NAMES.get(one.program, str(one.program)) for one in listed)
        versions = sorted({one.version for one in listed if one.program == nfs.NFS})
        facts: dict[str, Fact] = {
            "programs": tuple(names),
            "nfs_versions": tuple(map(str, versions)),
        }
        yield observe(talk, "portmap.service", facts, cited)
    elif reply.xid == EXPORTS:
        for export in nfs.exports(reply.body):
            clients = tuple(clean(one, 64) for one in export.clients[:_MOST_CLIENTS])
            facts = {"path": clean(export.path), "everyone": export.everyone, "clients": clients}
            yield observe(talk, "nfs.export", facts, cited)


PROBE = Portmap()
