"""POP3 (RFC 1939): a server is known by its greeting, logins of others where they are in clear.

Devices that fetch or send mail are its clients, so what matters is what a capture shows. A server
is greeted and left; its TLS is asked about as that of any port is.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols.mail.reading import POP3


class Pop3(Greeted):
    name = POP3.name
    openings = (Opening("greeting", "tcp", (110, 995), tls=(995,)),)
    impact = Impact.GREET
    emits = POP3.kinds
    begins = (Beginning("tcp", server=b"+-"),)

    def recognises(self, heard: bytes) -> bool:
        return POP3.recognises(heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from POP3.read(talk)


PROBE = Pop3()
