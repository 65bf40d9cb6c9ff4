"""JDWP, the debugger of Java programs: whether one is open. Java Debug Wire Protocol, "Handshake".

The handshake is all that is said. It is what a program answers before any command, and a debugger
that goes away leaves the program running; nothing is attached to, and no command is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Greeted, Opening
from iotscan.protocols import debuggers
from iotscan.protocols.debuggers import JDWP_HANDSHAKE

# What development environments and application servers open; 8000 is HTTP's as a rule, and a
# program that hears HTTP instead of the handshake has ended itself (JDK before 5.0).
PORTS = (5005, 8787)


class Jdwp(Greeted):
    name = "jdwp"
    openings = (Opening("handshake", "tcp", PORTS, JDWP_HANDSHAKE),)
    impact = Impact.GREET
    emits = (debuggers.ACCESS,)
    begins = ()  # of others\' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        return heard == JDWP_HANDSHAKE

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        for index, turn in enumerate(talk.turns):
            if turn.sender == "server" and turn.data == JDWP_HANDSHAKE:
                yield debuggers.access(talk, "Java debugger (JDWP)", [index])
                return


PROBE = Jdwp()
