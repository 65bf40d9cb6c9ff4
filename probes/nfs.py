"""NFS: a file service is known by its answer to the call that does nothing. RFC 1813, RFC 7530.

What it exports, the mount daemon tells; the port mapper leads there. Nothing is mounted or read.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.sunrpc import codec as sunrpc
from iotscan.protocols.sunrpc import nfs
from iotscan.protocols.sunrpc.codec import Reply

HELLO = 0x696F7304
SERVICE = Kind(
    "nfs.service",
    {"version_3": bool},
    "A file service answered a call that does nothing. version_3: whether it speaks version 3.",
)


class Nfs(Greeted):
    name = "nfs"
    openings = (Opening("null", "tcp", (nfs.NFS_PORT,), nfs.hello_nfs(HELLO)),)
    impact = Impact.GREET
    emits = (SERVICE,)
    begins = ()  # of others\' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return _answer(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for index, turn in enumerate(talk.turns):
            found = _answer(turn.data) if turn.sender == "server" else None
            if found is not None:
                known = found.state in (sunrpc.SUCCESS, sunrpc.OTHER_VERSION)
                facts: dict[str, Fact] = (
                    {"version_3": found.state == sunrpc.SUCCESS} if known else {}
                )
                yield observe(talk, SERVICE.name, facts, [index])
                return


def _answer(heard: bytes) -> Reply | None:
    """The reply to our call, unless it says that another service is there."""
    try:
        found = sunrpc.take(heard)
    except Malformed:
        return None
    if found is None or found[0].xid != HELLO or found[0].state == sunrpc.NO_PROGRAM:
        return None
    return found[0]


PROBE = Nfs()
