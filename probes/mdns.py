"""mDNS asked by unicast: does a host list its services, and how much larger is the answer.

A host answers direct questions from its own link (RFC 6762 §5.5). One that answers everybody can be
used as a reflector, so the ratio is measured: bytes of UDP payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Impact, Kind, Observation, Service, Transcript
from iotscan.probe_api import ANY_BYTE, Beginning, Login, Network, Opening, hear_out
from iotscan.protocols.common.amplification import WORDS, exchanges
from iotscan.protocols.dns import codec as dns

_MOST_ANSWERS = 32
# RFC 6762 §6: answers to shared records are spread over up to 120 ms; the rest is Wi-Fi.
_QUIET = 0.7
# An id that is not zero: some responders take zero for a multicast question and answer the group.
# Flags of an answer with the one operation there is: RFC 6762 section 18.3.
_FLAGS = bytes(range(0x80, 0x88))
_RESPONSE = (ANY_BYTE, ANY_BYTE, _FLAGS)
_LOCAL = b"\5local\0"
_IDENTITY = 0x6975
_BROWSE = dns.query([dns.Question(dns.BROWSE, "PTR", unicast=True)], _IDENTITY)

UNICAST = Kind(
    "mdns.unicast",
    {**WORDS, "service_types": int},
    "For a host that answered a direct question for its service types. ratio: bytes answered per "
    "byte asked.",
)


@dataclass(frozen=True, slots=True)
class MdnsProbe:
    name: str = "mdns"
    openings: Sequence[Opening] = (Opening("mdns", "udp", (dns.PORT,), _BROWSE),)
    impact: Impact = Impact.GREET
    emits: Sequence[Kind] = (UNICAST,)
    begins = (Beginning("udp", server=_RESPONSE),)

    def recognises(self, heard: bytes) -> bool:
        """An answer about names under .local, which only mDNS has (RFC 6762 §3)."""
        try:
            if heard[2:3] not in _FLAGS or _LOCAL not in heard.lower():
                return False
            message = dns.parse(heard)
        except Malformed:
            return False
        names = [record.name for record in message.records]
        names += [question.name for question in message.questions]
        return message.response and any(name.lower().endswith(".local.") for name in names)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        """One question for all service types, and the answers until the host falls silent."""
        async with net.udp(service) as datagrams:
            await datagrams.send(_BROWSE)
            await hear_out(datagrams, _MOST_ANSWERS, _QUIET)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """One observation for each exchange in which a question was answered."""
        for exchange in exchanges(talk, self.recognises):
            yield exchange.observed(UNICAST.name, {"service_types": len(_types(exchange.answers))})


def _types(answers: Sequence[bytes]) -> set[str]:
    found: set[str] = set()
    for data in answers:
        for record in dns.parse(data).records:
            if isinstance(record, dns.Pointer) and record.name.lower() == dns.BROWSE:
                found.add(record.target.lower())
    return found


PROBE = MdnsProbe()
