"""TFTP: does a server answer? One request for a file that nobody has; nothing is ever written.

The answer comes from a new port of the device (RFC 1350 section 4), and an error ends the transfer
that never was.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols.tftp import codec as tftp
from iotscan.protocols.tftp.reading import ABSENT, KINDS, PORT, is_answer, read_captured, read_own

ASK = tftp.encode(tftp.Request(ABSENT))
# RFC 1350 section 5, RFC 2347.
_OPCODE = (b"\0", bytes(range(1, 7)))


class Tftp(Greeted):
    name = "tftp"
    openings = (Opening("read request", "udp", (PORT,), ASK, roams=True),)
    impact = Impact.GREET
    emits = KINDS
    begins = (Beginning("udp", _OPCODE, _OPCODE),)

    def recognises(self, heard: bytes) -> bool:
        """An error, the first block or an acceptance of options."""
        return is_answer(heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_own(talk) if talk.client is None else read_captured(talk)


PROBE = Tftp()
