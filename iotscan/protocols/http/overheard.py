"""What other people's HTTP gives away: logins, firmware, and that it is in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Observation, Transcript
from iotscan.protocols.common.clients import of_client
from iotscan.protocols.common.personal import LONGEST, PICTURE, is_picture, personal_kinds
from iotscan.protocols.http import known as http_known
from iotscan.protocols.http.codec import Request
from iotscan.protocols.http.facts import (
    Facts,
    credential_facts,
    firmware_facts,
    response_facts,
)
from iotscan.protocols.http.heard import Heard, seen
from iotscan.protocols.http.hnap import settings
from iotscan.text import clean

# Programs of one client that share a connection: a proxy's users may be any number.
_MOST_AGENTS = 4


def overheard(talk: Transcript, heard: Sequence[Heard]) -> Iterator[Observation]:
    """Observations of exchanges that are not ours."""
    answered = [one for one in heard if one.exchange.response is not None]
    if answered:
        yield seen(talk, "http.exchange", _exchange(answered), answered[:1], asked=False)
    told: set[object] = set()
    for one in heard:
        request, response = one.exchange.request, one.exchange.response
        if request is None:
            continue
        clear: Facts = {"cleartext": not one.encrypted}
        for facts in credential_facts(request, response):
            key = (facts["scheme"], facts.get("username"), facts["outcome"])
            if key not in told:
                told.add(key)
                yield seen(talk, "http.credentials", facts | clear, [one])
        for kind in _personal(request):
            if kind not in told:
                told.add(kind)
                said: Facts = {"kind": kind, "path": clean(request.target.partition("?")[0])}
                yield seen(talk, "http.personal", said | clear, [one])
        if response is not None and (image := firmware_facts(request, response)):
            yield seen(talk, "http.firmware", image | clear, [one])
    if talk.client is not None:
        yield from _known(talk, answered)
        yield from _settings(talk, answered)
        yield from _agents(talk, heard)


def _agents(talk: Transcript, heard: Sequence[Heard]) -> Iterator[Observation]:
    """What the client says it is, unless another says so through it (RFC 9110 section 7.6.3)."""
    told: dict[str, tuple[int, ...]] = {}
    for one in heard:
        request = one.exchange.request
        if request is None or request.header("via") or request.header("x-forwarded-for"):
            continue
        if agent := clean(request.header("user-agent")):
            told.setdefault(agent, one.exchange.asked[:1])
    for agent, turns in list(told.items())[:_MOST_AGENTS]:
        yield of_client(talk, "http.client", {"agent": agent}, turns)


def _known(talk: Transcript, answered: Sequence[Heard]) -> Iterator[Observation]:
    """Answers at known addresses, each once, that name their product and were given to somebody
    who showed no login.
    """
    told: set[str] = set()
    for one in answered:
        request = one.exchange.request
        wanted = one.path in http_known.paths() and one.path not in told
        if request is None or not wanted or not _is_plain(request):
            continue
        suiting = http_known.suiting({one.path: one.answer()}, talk.service.endpoint.port)
        for known in suiting.get(one.path, ()):
            facts = http_known.facts_of(known, one.answer(), one.encrypted)
            if "product" in facts:
                told.add(one.path)
                yield seen(talk, "http.known", facts, [one])


def _settings(talk: Transcript, answered: Sequence[Heard]) -> Iterator[Observation]:
    """What the device tells the app that sets it up of itself, once."""
    for one in answered:
        told = settings(one.answer().body) if one.answer().status == 200 else {}
        if told:
            yield seen(talk, "http.settings", dict(told), [one])
            return


def _is_plain(request: Request) -> bool:
    """A GET without a query, a login or a session."""
    fields = {name for name, _ in request.headers}
    shown = fields & {"authorization", "cookie", "x-api-key"}
    return request.method == "GET" and "?" not in request.target and not shown


def _personal(request: Request) -> tuple[str, ...]:
    """What kinds of personal data a client sends: in the address, in a form or message, a picture
    that it hands over. Pages that it is sent are not its own words.
    """
    said = request.target.partition("?")[2].encode()
    sort = request.header("content-type").lower()
    if any(word in sort for word in ("urlencoded", "json", "xml", "text/plain", "form-data")):
        said += b"\n" + request.body[:LONGEST]
    kinds = personal_kinds(said)
    sent = sort.startswith("image/") and is_picture(request.body)
    return (*kinds, PICTURE) if sent else kinds


def _exchange(answered: Sequence[Heard]) -> Facts:
    first = answered[0]
    facts = response_facts(first.path, first.answer(), first.encrypted)
    found: Facts = {
        "cleartext": not first.encrypted,
        "exchanges": len(answered),
        "status": first.answer().status,
    }
    found |= {word: facts[word] for word in ("server", "title", "realm") if word in facts}
    request = first.exchange.request
    if request is not None:
        for word, name in (("host", "host"), ("user_agent", "user-agent")):
            if text := request.header(name):
                found[word] = clean(text)
    return found
