"""IMAP (RFC 3501): a server is known by its greeting, logins of others where they are in clear.

Devices that fetch or send mail are its clients, so what matters is what a capture shows. A server
is greeted and left; its TLS is asked about as that of any port is.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols.mail.reading import IMAP


class Imap(Greeted):
    name = IMAP.name
    openings = (Opening("greeting", "tcp", (143, 993), tls=(993,)),)
    impact = Impact.GREET
    emits = IMAP.kinds
    begins = (Beginning("tcp", server=b"*+"),)

    def recognises(self, heard: bytes) -> bool:
        return IMAP.recognises(heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from IMAP.read(talk)


PROBE = Imap()
