"""NAT-PMP and PCP: whether a router opens doors to the internet for whoever asks.

Two questions that change nothing are asked: for the outside address, and for PCP's state. A door is
never asked for, so that it would be opened is inferred from the answers alone. Requests of others
for doors are read from captures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Proof, Sender, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening
from iotscan.protocols import natpmp
from iotscan.protocols.natpmp import ASK_ADDRESS, ASK_PCP, NATPMP, PORT, Answer, MapRequest

_VERSION = bytes((natpmp.NATPMP, natpmp.PCP))
# What asks for a door, and what may answer: RFC 6886 section 3, RFC 6887 section 7.
_ASKS, _ANSWERS = (_VERSION, b"\1\2"), (_VERSION, b"\x80\x81\x82")
_NAMES = {natpmp.NATPMP: "NAT-PMP", natpmp.PCP: "PCP"}
# Answers that say "not for you" or "not at all"; any other shows that the service works.
_CLOSED = frozenset({"not authorized", "unsupported version", "unsupported opcode"})
# A router renews its doors all day; the first requests of an exchange tell enough.
_MOST_TURNS = 64

GATEWAY = Kind(
    "natpmp.gateway",
    {"protocol": str, "result": str, "willing": bool, "outside_address": bool, "epoch": int},
    "A router answered a question that changes nothing. willing: it neither refused us nor the"
    " question; outside_address: it told its address on the internet.",
)
OVERHEARD = Kind(
    "natpmp.overheard",
    {
        "peer": str,
        "protocol": str,
        "transport": str,
        "inside_port": int,
        "outside_port": int,
        "lifetime": int,
        "closes": bool,
    },
    "Somebody asked the router for a door to the internet. lifetime: seconds; closes: it asked to"
    " close one.",
)


class NatPmp:
    name = "natpmp"
    openings: Sequence[Opening] = (Opening("natpmp", "udp", (PORT,), ASK_ADDRESS),)
    impact = Impact.GREET
    emits = (GATEWAY, OVERHEARD)
    begins = (Beginning("udp", _ASKS, _ANSWERS),)

    def recognises(self, heard: bytes) -> bool:
        """An answer of either protocol: a server of PCP alone answers the older one as well."""
        return _parse(heard) is not None

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        async with net.udp(service) as datagrams:
            for question in (ASK_ADDRESS, ASK_PCP):
                await datagrams.send(question)
                try:
                    natpmp.parse_answer(await datagrams.receive())
                except TimedOut as late:
                    # Servers of NAT-PMP alone may pass over what they do not know.
                    if question == ASK_ADDRESS or late.phase != "read":
                        raise

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.service.endpoint.transport != "udp":
            return
        if talk.client is not None:
            yield from _overheard(talk)
            return
        where = talk.service.endpoint
        for number, turn in enumerate(talk.turns):
            answer = _parse(turn.data) if turn.sender == "server" else None
            if answer is not None:
                proof = Proof(talk.id, (number,))
                yield Observation(GATEWAY.name, _facts(answer), where.address, where, (proof,))


def _parse(data: bytes) -> Answer | None:
    try:
        return natpmp.parse_answer(data)
    except Malformed:
        return None


def _facts(answer: Answer) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "protocol": _NAMES[answer.version],
        "result": answer.result,
        "willing": answer.result not in _CLOSED,
        "epoch": answer.epoch,
    }
    if answer.version == NATPMP:
        facts["outside_address"] = answer.address is not None
    return facts


def _overheard(talk: Transcript) -> Iterator[Observation]:
    """Requests for doors, once for each door."""
    assert talk.client is not None
    asks = _asking(talk)
    if not asks:
        return
    server, client = talk.service.endpoint, talk.client
    gateway, asker = (server, client) if asks == "client" else (client, server)
    told: set[object] = set()
    for number, turn in enumerate(talk.turns[:_MOST_TURNS]):
        request = _request(turn.data) if turn.sender == asks else None
        if request is None or request in told:
            continue
        told.add(request)
        facts: dict[str, Fact] = {
            "peer": str(asker.address),
            "protocol": _NAMES[request.version],
            "transport": request.transport,
            "inside_port": request.internal_port,
            "outside_port": request.external_port,
            "lifetime": request.lifetime,
            "closes": request.lifetime == 0,
        }
        proof = Proof(talk.id, (number,))
        yield Observation(OVERHEARD.name, facts, gateway.address, gateway, (proof,))


def _asking(talk: Transcript) -> Sender | None:
    """Which side asks the other one for doors, None if none does.

    The requests have hardly a mark but their form: to the port of the protocol they are believed,
    to another one if they name their sender, as PCP does, or are answered.
    """
    assert talk.client is not None
    server, client = talk.service.endpoint, talk.client
    if PORT in (server.port, client.port):
        return "client" if server.port == PORT else "server"
    turns = talk.turns[:_MOST_TURNS]
    for number, turn in enumerate(turns):
        request = _request(turn.data)
        if request is None:
            continue
        sender = client if turn.sender == "client" else server
        replies = (one.data for one in turns[number:] if one.sender != turn.sender)
        own = request.client == sender.address
        if own or any(natpmp.answers(turn.data, reply) for reply in replies):
            return turn.sender
    return None


def _request(data: bytes) -> MapRequest | None:
    try:
        return natpmp.parse_map_request(data)
    except Malformed:
        return None


PROBE = NatPmp()
