"""What a whole conversation over HTTP shows: our own, put together, or one that was overheard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Observation, Outcome, Transcript
from iotscan.protocols.common.identifiers import DISCOVERY_IDENTIFIERS
from iotscan.protocols.http import forms as http_forms
from iotscan.protocols.http import known as http_known
from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.exposed import cwmp_facts, picture_facts, proxy_facts
from iotscan.protocols.http.facts import (
    Facts,
    cookie_facts,
    cors_facts,
    favicon_facts,
    header_facts,
    is_html,
    redirects_to_https,
    response_facts,
    wants_tls,
)
from iotscan.protocols.http.heard import Heard, all_heard, seen
from iotscan.protocols.http.known import Known
from iotscan.protocols.http.overheard import overheard
from iotscan.protocols.http.page import read_page
from iotscan.protocols.http.questions import Question
from iotscan.protocols.logins.tries import Tries
from iotscan.text import clean


def read_transcript(talk: Transcript) -> Iterator[Observation]:
    """The observations of one conversation. Pure, never raises."""
    if talk.service.endpoint.transport != "tcp":
        return  # SSDP looks like HTTP and is read by its own reader
    heard = list(all_heard(talk))
    ours = [one for one in heard if one.question is not None]
    if ours:
        yield from _own(talk, [one for one in ours if one.exchange.response is not None])
    # In a capture it is only a name that anybody may call himself, and what was said was said.
    captured = talk.client is not None
    yield from overheard(talk, [one for one in heard if captured or one.question is None])


def _own(talk: Transcript, heard: Sequence[Heard]) -> Iterator[Observation]:
    pages = [one for one in heard if one.question is Question.PAGE]
    if pages:
        yield seen(talk, "http.service", _service(talk, pages), pages[:1])
    for one in pages:
        answer = one.answer()
        facts = response_facts(one.path, answer, one.encrypted)
        if not one.exchange.whole:
            facts.pop("digest_algorithms", None)  # a better one may follow
        yield seen(talk, "http.response", facts, [one])
        if is_html(answer) and answer.status in (200, 401) and one.exchange.whole:
            facts = header_facts(answer, one.encrypted) | {"path": clean(one.path)}
            yield seen(talk, "http.headers", facts, [one])
    yield from _cookies(talk, heard)
    for one in heard:
        request, answer = one.exchange.request, one.answer()
        match one.question:
            case Question.FOREIGN_ORIGIN if request is not None:
                yield seen(talk, "http.cors", cors_facts(request, answer), [one])
            case Question.ICON if icon := favicon_facts(answer):
                yield seen(talk, "http.favicon", icon, [one])
            case Question.DIRECTORY:
                listing = (
                    answer.status == 200 and is_html(answer) and read_page(answer.body).listing
                )
                found: Facts = {
                    "path": clean(one.path),
                    "listing": listing,
                    "status": answer.status,
                }
                yield seen(talk, "http.directory", found, [one])
            case Question.FOREIGN_HOST:
                yield from _foreign_host(talk, one, pages)
    yield from _exposed(talk, heard, pages)
    yield from _logins(talk, heard)


def _exposed(
    talk: Transcript, heard: Sequence[Heard], pages: Sequence[Heard]
) -> Iterator[Observation]:
    """What known addresses, announced pictures and the question for a proxy showed."""
    shown = {one.path: one.answer() for one in pages}
    if not pages:
        return
    port, first = talk.service.endpoint.port, pages[0].answer()
    if cwmp := cwmp_facts(first, port, pages[0].encrypted):
        yield seen(talk, "http.cwmp", cwmp, pages[:1])
    known = http_known.suiting(shown, port)
    for one in heard:
        answer = one.answer()
        match one.question:
            case Question.PROXY:
                yield seen(talk, "http.proxy", proxy_facts(first, answer), [one])
            case Question.KNOWN | Question.FIRST_BYTES | Question.PAGE if one.path in known:
                yield from _known(talk, one, known[one.path])
            case Question.FIRST_BYTES:
                facts = picture_facts(one.path, answer, one.encrypted)
                yield seen(talk, "http.picture", facts, [one])


def _known(talk: Transcript, one: Heard, wanted: Sequence[Known]) -> Iterator[Observation]:
    """What an answer at a known address proves, and the fixed numbers that it gives away."""
    for each in wanted:
        facts = http_known.facts_of(each, one.answer(), one.encrypted)
        yield seen(talk, "http.known", facts, [one])
    given = filter(None, (http_known.identifiers_of(each, one.answer()) for each in wanted))
    for identifiers in list(given)[:1]:
        yield seen(talk, DISCOVERY_IDENTIFIERS.name, identifiers, [one])


def _service(talk: Transcript, pages: Sequence[Heard]) -> Facts:
    first = pages[0]
    facts = response_facts(first.path, first.answer(), first.encrypted)
    answers = [one.answer() for one in pages]
    pointer = wants_tls(answers[0]) or redirects_to_https(answers[0])
    challenged = any(answer.status == 401 for answer in answers)
    found: Facts = {
        "encrypted": first.encrypted,
        "cleartext_content": not first.encrypted and not pointer,
        "redirects_to_https": redirects_to_https(answers[0]),
        "tls_required": wants_tls(answers[0]),
        "login_asked": challenged
        or any(is_html(answer) and read_page(answer.body).asks_for_password for answer in answers),
    }
    for word in ("server", "title", "realm"):
        if word in facts:
            found[word] = facts[word]
    tls = talk.channels[first.channel].tls if first.channel < len(talk.channels) else None
    if tls is not None and tls.client_certificate_requested is not None:
        found["client_certificate_requested"] = tls.client_certificate_requested
    return found


def _cookies(talk: Transcript, heard: Sequence[Heard]) -> Iterator[Observation]:
    told: set[object] = set()
    for one in heard:
        for facts in cookie_facts(one.answer(), one.encrypted):
            if facts["name"] not in told:
                told.add(facts["name"])
                yield seen(talk, "http.cookie", facts, [one])


def _foreign_host(
    talk: Transcript, foreign: Heard, pages: Sequence[Heard]
) -> Iterator[Observation]:
    """The same answer under a foreign name as under its own; a redirect or an error that the own
    name gets as well says nothing.
    """
    own = next((one.answer() for one in pages if one.path == foreign.path), None)
    answer = foreign.answer()
    if own is None or own.status not in (200, 401):
        return
    same = answer.status == own.status and _titled(answer) == _titled(own)
    facts: Facts = {"foreign_host_accepted": same, "status": answer.status}
    yield seen(talk, "http.host", facts, [foreign])


def _titled(response: Response) -> tuple[str, str]:
    return read_page(response.body).title, response.header("www-authenticate").partition(",")[0]


def login_outcome(response: Response | None) -> Outcome:
    """How a server answered a login: only a page that comes instead of the 401 is a success."""
    if response is None:
        return Outcome.UNCLEAR
    # RFC 6585 section 4 and RFC 4918 section 11.3: too many requests, locked.
    if response.status in (423, 429) or "retry-after" in dict(response.headers):
        return Outcome.LOCKED
    if response.status == 401:
        return Outcome.REFUSED
    # A redirect may lead to the login page as well as past it.
    return Outcome.ACCEPTED if 200 <= response.status < 300 else Outcome.UNCLEAR


def _logins(talk: Transcript, heard: Sequence[Heard]) -> Iterator[Observation]:
    """One summary of the logins tried. A success counts where the page is withheld without, or
    where a form's data say by what a success and a refusal are known.
    """
    withheld = {one.path for one in heard if not one.login and one.answer().status == 401}
    tries = [one for one in heard if one.login and one.path in withheld]
    outcomes = [login_outcome(one.answer()) for one in tries]
    if not tries:
        shown = {one.path: one.answer() for one in heard if one.question is Question.PAGE}
        form = http_forms.suiting(shown)
        posts = [one for one in heard if one.login and one.question is Question.FORM]
        tries = [one for one in posts if form is not None and one.path == form.path]
        outcomes = [form.outcome(one.answer()) for one in tries] if form is not None else []
    if not tries:
        return
    fared, cited = Tries(outcomes), tries
    found = fared.facts(talk.ending) | {"encrypted": tries[0].encrypted}
    if fared.won is not None:
        found |= _who(tries[fared.won])
        cited = tries[fared.won :]
    yield seen(talk, "http.login", found, cited)


def _who(one: Heard) -> Facts:
    request = one.exchange.request
    scheme = request.header("authorization").partition(" ")[0] if request else ""
    if one.question is Question.FORM:
        scheme = "form"
    return {"login": clean(one.login or ""), "scheme": clean(scheme.lower(), 16)}
