"""GDB's remote protocol: whether a stub answers. GDB manual, "Remote Serial Protocol".

Connecting alone can do harm here: QEMU and OpenOCD stop what they debug when somebody connects, and
a gdbserver started with --once ends its program when the first debugger leaves. So these ports are
not among those that a sweep looks at; they are asked only where the user names them, one question
on one connection, which asks for the list of features.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols import debuggers

# The GDB manual's example, QEMU's default, J-Link's, OpenOCD's.
PORTS = (2345, 1234, 2331, 3333)


class Gdbserver(Greeted):
    name = "gdbserver"
    openings = (Opening("features", "tcp", PORTS, b"+" + debuggers.GDB_QUESTION),)
    impact = Impact.GREET
    emits = (debuggers.ACCESS,)
    begins = ()  # of others\' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return _features(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        heard = b""
        for index, turn in enumerate(talk.turns):
            heard += turn.data if turn.sender == "server" else b""
            if _features(heard) is not None:
                yield debuggers.access(talk, "GDB stub", [index])
                return


def _features(heard: bytes) -> bytes | None:
    try:
        return debuggers.gdb_features(heard)
    except Malformed:
        return None


PROBE = Gdbserver()
