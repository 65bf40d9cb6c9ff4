"""IPP: what a printer tells of itself, and whether it takes jobs from whoever sends them.

One question for a few attributes, and never a job: whether one would be taken is what the printer
itself says of its authentication.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from iotscan.errors import ConnectionLost, Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, hear
from iotscan.protocols import ipp
from iotscan.protocols.http.codec import Response, build_request, host_field, parse_response
from iotscan.protocols.http.talk import exchanges
from iotscan.protocols.ipp import PORT, Answer
from iotscan.text import clean

# The path that IPP Everywhere prescribes (PWG 5100.14 section 4.2).
_PATH = "/ipp/print"
_NUMBER = 0x696F
_WANTED = (
    "printer-make-and-model",
    "printer-name",
    "printer-location",
    "printer-firmware-string-version",
    "printer-is-accepting-jobs",
    "uri-authentication-supported",
    "uri-security-supported",
    "operations-supported",
)
# RFC 8011 section 5.4.2: who sends the job is not proven in these two.
_NO_PROOF = frozenset({"none", "requesting-user-name"})
_LARGEST = 65_536

PRINTER = Kind(
    "ipp.printer",
    {
        "status": int,
        "model": str,
        "name": str,
        "location": str,
        "firmware": str,
        "accepting_jobs": bool,
        "authentication": tuple,
        "security": tuple,
        "takes_jobs": bool,
        "encrypted": bool,
    },
    "A printer answered the question for its attributes. authentication, security: what it says it"
    " supports; takes_jobs: it prints, and at least one of its addresses asks nobody who they are.",
)


def _question(host: str) -> bytes:
    body = ipp.get_printer_attributes(f"ipp://{host}{_PATH}", _NUMBER, _WANTED)
    return build_request("POST", _PATH, host, (("Content-Type", ipp.MEDIA_TYPE),), body)


class Ipp:
    name = "ipp"
    openings: Sequence[Opening] = (
        # The Host field cannot know the address here; printers that mind get the right one later.
        Opening("attributes", "tcp", (PORT,), _question("localhost")),
    )
    impact = Impact.GREET
    emits = (PRINTER,)
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """The head of an answer of this media type: the attributes may follow later."""
        try:
            answer = parse_response(heard, closed=True, method="HEAD")
        except Malformed:
            return False
        return answer is not None and _is_ipp(answer)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        endpoint = service.endpoint
        host = host_field(endpoint.address, endpoint.port)
        async with net.tcp(service) as stream:
            await stream.write(_question(host))
            whole = partial(parse_response, limit=_LARGEST)
            answer = await hear(stream, whole, at_end=partial(whole, closed=True))
        if answer is None:
            raise ConnectionLost("closed without an answer")
        if _is_ipp(answer):
            ipp.parse_answer(answer.body)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """The attributes, where they are whole; of our own conversations only."""
        if talk.client is not None or talk.service.endpoint.transport != "tcp":
            return
        where = talk.service.endpoint
        for number in sorted({turn.channel for turn in talk.turns}):
            channel = talk.channels[number] if number < len(talk.channels) else None
            turns = ((i, turn.sender == "client", turn.data) for i, turn in talk.turns_of(number))
            for one in exchanges(turns):
                answer = _parse(one.response) if one.response else None
                if answer is None or answer.request_id != _NUMBER:
                    continue
                secure = channel is not None and channel.tls is not None
                facts = _facts(answer) | {"encrypted": secure}
                proof = Proof(talk.id, (*one.asked[:1], *one.answered[:4]))
                yield Observation(PRINTER.name, facts, where.address, where, (proof,))


def _is_ipp(answer: Response) -> bool:
    media_type = answer.header("content-type").partition(";")[0].strip().lower()
    return answer.status == 200 and media_type == ipp.MEDIA_TYPE


def _parse(response: Response) -> Answer | None:
    if not _is_ipp(response):
        return None
    try:
        return ipp.parse_answer(response.body)
    except Malformed:
        return None


def _facts(answer: Answer) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"status": answer.status}
    for word, name in (
        ("model", "printer-make-and-model"),
        ("name", "printer-name"),
        ("location", "printer-location"),
        ("firmware", "printer-firmware-string-version"),
    ):
        texts = answer.texts(name)
        if texts and (text := clean(texts[0])):
            facts[word] = text
    accepting = answer.attributes.get("printer-is-accepting-jobs", ())
    if accepting and isinstance(accepting[0], bool):
        facts["accepting_jobs"] = accepting[0]
    for word, name in (
        ("authentication", "uri-authentication-supported"),
        ("security", "uri-security-supported"),
    ):
        if texts := answer.texts(name):
            facts[word] = tuple(clean(text, 32) for text in texts[:8])
    offered = answer.texts("uri-authentication-supported")
    prints = ipp.PRINT_JOB in answer.attributes.get("operations-supported", ())
    if answer.went_well and offered and prints:
        facts["takes_jobs"] = not _NO_PROOF.isdisjoint(offered)
    return facts


PROBE = Ipp()
