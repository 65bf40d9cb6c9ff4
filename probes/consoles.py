"""Consoles and data stores over HTTP that home servers run without a login: Docker, Node-RED, Home
Assistant, InfluxDB, Elasticsearch, CouchDB and script inspectors.

A web server on the usual port of one of them is asked one documented question that only reads, and
a second one when the answer to the first is of that product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from iotscan.model import Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, hear
from iotscan.protocols import debuggers
from iotscan.protocols.databases.kinds import ACCESS, access
from iotscan.protocols.http.codec import Response, build_request, host_field, parse_response
from iotscan.protocols.http.consoles import (
    CONSOLE,
    DATABASE,
    DEBUGGER,
    LARGEST,
    PRODUCTS,
    SETUP,
    Product,
    Verdict,
)
from iotscan.protocols.http.talk import exchanges
from iotscan.text import clean

_MOST_QUESTIONS = 2
_FACTS: dict[str, type] = {"product": str, "version": str, "open": bool, "encrypted": bool}

KINDS = {
    CONSOLE: Kind(
        "console.access",
        _FACTS,
        "A console by which programs are changed or started answered. open: to whoever asks.",
    ),
    SETUP: Kind(
        "console.setup",
        _FACTS,
        "A server told how far its first set-up is. open: whoever comes may finish it.",
    ),
    DEBUGGER: debuggers.ACCESS,
}


class Consoles:
    name = "consoles"
    openings: Sequence[Opening] = ()
    impact = Impact.GREET
    emits = (ACCESS, *KINDS.values())
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """Nothing: it joins web servers that were recognised as such."""
        return False

    def handles(self, service: Service) -> bool:
        """Web servers on the ports of its table: asking all others would be a burden on devices."""
        usual = any(service.endpoint.port in product.ports for product in PRODUCTS)
        return service.name == "http" and service.endpoint.transport == "tcp" and usual

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        for product in PRODUCTS:
            if service.endpoint.port in product.ports:
                await _ask_product(service, net, product)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """Our own questions, by their paths; every product is judged by the answers' content."""
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        heard = list(_heard(talk))
        for product in PRODUCTS:
            if talk.service.endpoint.port in product.ports:
                yield from _judged(talk, product, heard)


async def _ask_product(service: Service, net: Network, product: Product) -> None:
    answers: list[Response] = []
    path = product.path
    while path and len(answers) < _MOST_QUESTIONS:
        answer = await _get(service, net, path)
        if answer is None:
            return
        answers.append(answer)
        verdict = product.judge(answers)
        path = verdict.then if verdict else ""


async def _get(service: Service, net: Network, path: str) -> Response | None:
    """The answer, None when the server closed without one. Raises Malformed."""
    endpoint = service.endpoint
    host = host_field(endpoint.address, endpoint.port, 443 if service.tls else 80)
    async with net.tcp(service) as stream:
        await stream.write(build_request("GET", path, host, (("Accept", "*/*"),)))
        whole = partial(parse_response, limit=LARGEST)
        return await hear(stream, whole, at_end=partial(whole, closed=True))


def _heard(talk: Transcript) -> Iterator[tuple[str, Response, tuple[int, ...]]]:
    """(path, answer, turns) of every question that was answered, in their order."""
    for channel in sorted({turn.channel for turn in talk.turns}):
        turns = ((i, turn.sender == "client", turn.data) for i, turn in talk.turns_of(channel))
        for one in exchanges(turns):
            if one.request is not None and one.response is not None:
                yield one.request.target, one.response, (*one.asked[:1], *one.answered[:1])


def _judged(
    talk: Transcript, product: Product, heard: Sequence[tuple[str, Response, tuple[int, ...]]]
) -> Iterator[Observation]:
    """The verdict on one product, from the answers in the order in which they were asked for."""
    answers: list[Response] = []
    turns: tuple[int, ...] = ()
    verdict: Verdict | None = None
    path = product.path
    for asked, answer, cited in heard:
        if asked != path or len(answers) == _MOST_QUESTIONS:
            continue
        answers.append(answer)
        turns += cited
        verdict = product.judge(answers)
        path = verdict.then if verdict else ""
    if verdict is None:
        return
    if verdict.sort == DATABASE:
        yield access(
            talk,
            product.name,
            turns,
            is_open=verdict.open,
            version=verdict.version,
            databases=verdict.databases,
        )
        return
    facts: dict[str, Fact] = {"product": product.name, "encrypted": talk.service.tls}
    if version := clean(verdict.version, 64):
        facts["version"] = version
    if verdict.open is not None:
        facts["open"] = verdict.open
    where, proof = talk.service.endpoint, Proof(talk.id, turns)
    yield Observation(KINDS[verdict.sort].name, facts, where.address, where, (proof,))


PROBE = Consoles()
