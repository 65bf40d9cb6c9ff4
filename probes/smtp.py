"""SMTP (RFC 5321): a server is known by its greeting, logins of others where they are in clear.

Devices that fetch or send mail are its clients, so what matters is what a capture shows. A server
is greeted and left; its TLS is asked about as that of any port is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Observation, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening
from iotscan.protocols.mail.reading import SMTP


class Smtp:
    name = SMTP.name
    openings = (Opening("greeting", "tcp", (25, 587, 2525, 465), tls=(465,)),)
    impact = Impact.GREET
    emits = SMTP.kinds
    begins = (Beginning("tcp", server=b"245"),)

    def recognises(self, heard: bytes) -> bool:
        return SMTP.recognises(heard)

    def handles(self, service: Service) -> bool:
        """The greeting that recognised it has told all that is asked."""
        return False

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.tcp(service) as stream:
            await stream.read()

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from SMTP.read(talk)


PROBE = Smtp()
