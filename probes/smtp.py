"""SMTP (RFC 5321): a server is known by its greeting, logins of others where they are in clear.

Devices that fetch or send mail are its clients, so what matters is what a capture shows. A server
is greeted and left; its TLS is asked about as that of any port is.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Impact, Observation, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols.mail.reading import SMTP


class Smtp(Greeted):
    name = SMTP.name
    openings = (Opening("greeting", "tcp", (25, 587, 2525, 465), tls=(465,)),)
    impact = Impact.GREET
    emits = SMTP.kinds
    begins = (Beginning("tcp", server=b"245"),)

    def recognises(self, heard: bytes) -> bool:
        return SMTP.recognises(heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from SMTP.read(talk)


PROBE = Smtp()
