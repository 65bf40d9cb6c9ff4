"""WDB, the debug agent of VxWorks: whether it answers. It speaks ONC RPC over UDP.

The one call is procedure 0, which does nothing. Nothing is attached to, and no memory is read,
although the agent would let anybody do both.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols import debuggers

XID = 0x696F7364


class Wdb(Greeted):
    name = "wdb"
    openings = (Opening("null", "udp", (debuggers.WDB_PORT,), debuggers.wdb_hello(XID)),)
    impact = Impact.GREET
    emits = (debuggers.ACCESS,)
    begins = ()  # of others\' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return debuggers.is_wdb(heard, XID)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "udp":
            return
        for index, turn in enumerate(talk.turns):
            if turn.sender == "server" and debuggers.is_wdb(turn.data, XID):
                yield debuggers.access(talk, "VxWorks debug agent (WDB)", [index])
                return


PROBE = Wdb()
