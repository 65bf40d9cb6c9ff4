"""HTTP and HTTPS: pages, protective headers, CORS, host names, logins that are publicly known.

Nothing is asked for but pages the device itself leads to, its icon, a directory and pictures it
loads, and a vetted list of addresses where its own words call for them (http_paths.yaml): plain
GETs without a query, each on a connection of its own. RFC 9110, RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from iotscan.errors import ConnectionLost, Malformed, TimedOut
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import LETTERS, Beginning, Login, Network, Opening, Stream, hear, try_logins
from iotscan.protocols.http import forms as http_forms
from iotscan.protocols.http import known as http_known
from iotscan.protocols.http.auth import (
    Challenge,
    basic,
    best_challenge,
    digest,
    parse_challenges,
)
from iotscan.protocols.http.codec import Response, build_request, host_field, parse_response
from iotscan.protocols.http.exposed import cwmp_facts, may_be_proxy, pictures
from iotscan.protocols.http.facts import is_html, redirects_to_https, values, wants_tls
from iotscan.protocols.http.kinds import KINDS
from iotscan.protocols.http.page import local_path, names_a_doing, read_page
from iotscan.protocols.http.questions import (
    AGENT,
    FIRST_BYTES,
    ICON,
    Question,
    ask,
    ask_proxy,
    submit,
)
from iotscan.protocols.http.reading import login_outcome, read_transcript
from iotscan.protocols.http.said import said

_PLAIN = (80, 8080, 8000, 8008, 8081, 8088, 8888, 81, 82, 88, 280, 591, 1400, 1880, 2869, 3000,
          5000, 5357, 5985, 7000, 7547, 7080, 7777, 8001, 8002, 8003, 8010, 8060, 8082, 8083, 8084,
          8085, 8086, 8089, 8090, 8091, 8099, 8123, 8181, 8200, 8880, 8899, 9000, 9080, 9090, 9999,
          10000, 10080, 16992, 49152, 49153, 49154, 55443)  # fmt: skip
_SECURE = (443, 8443, 4443, 5001, 7443, 8843, 9443, 10443, 16993)
# The Host field cannot know the address here; servers that mind get the right one later.
_HELLO = build_request("GET", "/", "localhost", (("User-Agent", AGENT), ("Accept", "*/*")))
_ANSWER = re.compile(rb"HTTP/1\.[01][ \t]+[1-5]\d\d")
# Pages of devices are below 100 kB; more is not needed to know one.
_MOST_BODY = 131_072
# Read in small steps where the rest is not to be known; a head is below this.
_SMALL_READ, _MOST_HEAD = 64, 4096
# A start page, a frame or login page behind it, and one more step.
_MOST_STEPS = 3
# A server that says it is one of these is asked for nothing else: plain GETs to management pages
# have reset Tasmota plugs and let others hang.
_FRAGILE = re.compile(r"tasmota|ESP ?Easy|espurna", re.IGNORECASE)


@dataclass
class _Visit:
    """The questions put to one server."""

    service: Service
    net: Network
    challenges: dict[str, Challenge] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    silent: int = 0

    @property
    def host(self) -> str:
        endpoint = self.service.endpoint
        return host_field(endpoint.address, endpoint.port, 443 if self.service.tls else 80)

    @property
    def origin(self) -> str:
        return f"{'https' if self.service.tls else 'http'}://{self.host}"

    async def get(self, question: Question, path: str = "/") -> Response | None:
        """The answer to a question; None when the device closed or said nothing to it."""
        async with self.net.tcp(self.service) as stream:
            await stream.write(ask(question, self.host, path))
            return await _hear(stream)

    async def if_it_bears(self, asking: Awaitable[object]) -> None:
        """Await a question whose answer may stay out, but only once: a device that falls silent is
        left alone.
        """
        try:
            await asking
        except (ConnectionLost, Malformed):
            return
        except TimedOut as error:
            self.silent += 1
            if error.phase != "read" or self.silent > 1:
                raise

    async def look_at_first_bytes(self, path: str) -> None:
        """Ask for an address and leave as soon as its first bytes show what it is."""
        async with self.net.tcp(self.service) as stream:
            await stream.write(ask(Question.FIRST_BYTES, self.host, path))
            heard = b""
            while len(heard) < _MOST_HEAD and (part := await stream.read(_SMALL_READ)):
                heard += part
                if len(heard.partition(b"\r\n\r\n")[2]) >= FIRST_BYTES:
                    return

    async def ask_for_proxy(self) -> None:
        """Whether it fetches for others, from a closed port of its own."""
        address = host_field(self.service.endpoint.address, 80)
        async with self.net.tcp(self.service) as stream:
            await stream.write(ask_proxy(self.host, address))
            await _hear(stream)

    async def submit(self, form: http_forms.Form, login: Login) -> Outcome:
        """Try one login by a form."""
        async with self.net.tcp(self.service, login=login) as stream:
            body, secret = form.fill(login.username, stream.secret)
            await stream.write(submit(form.path, self.host, form.content_type, body), hide=secret)
            return form.outcome(await _hear(stream))

    async def attempt(self, path: str, login: Login) -> Outcome:
        """Try one login; the challenge is the newest that the device gave for the page."""
        async with self.net.tcp(self.service, login=login) as stream:
            challenge = self.challenges[path]
            if challenge.scheme == "basic":
                answer, secret = basic(login.username, stream.secret)
            else:
                nonce = challenge.parameters.get("nonce", "")
                self.answers[nonce] = self.answers.get(nonce, 0) + 1
                count = self.answers[nonce]
                answer, secret = digest(
                    challenge, login.username, stream.secret, "GET", path, count
                )
            await stream.write(ask(Question.LOGIN, self.host, path, answer), hide=secret)
            response = await _hear(stream)
        if response is not None:
            self.remember(path, response)
        return login_outcome(response)

    def remember(self, path: str, response: Response) -> bool:
        """Keep the challenge for a page; whether it is one that can be answered."""
        offered = parse_challenges(values(response.headers, "www-authenticate"))
        best = best_challenge(offered) if response.status == 401 else None
        if best is not None:
            self.challenges[path] = best
        return best is not None


class Http:
    name = "http"
    openings: Sequence[Opening] = (
        Opening("get", "tcp", (*_PLAIN, *_SECURE), _HELLO, anywhere=True, tls=_SECURE),
    )
    impact = Impact.GREET
    emits = KINDS
    begins = (Beginning("tcp", LETTERS),)

    def recognises(self, heard: bytes) -> bool:
        """A status line; but not that of a TLS port that was asked in clear."""
        if not _ANSWER.match(heard):
            return False
        try:
            answer = parse_response(heard, closed=True)
        except Malformed:
            return True
        return answer is None or not wants_tls(answer)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        visit = _Visit(service, net)
        pages = await _look_around(visit)
        start = pages["/"]
        if wants_tls(start) or redirects_to_https(start):
            return
        if cwmp_facts(start, service.endpoint.port, service.tls):
            return  # a login that works would make the router call its provider
        form = http_forms.suiting(pages)
        if not _FRAGILE.search(said(pages)):
            await _look_closer(visit, pages)
            if form is not None and form.challenge and form.challenge not in pages:
                answer = await visit.get(Question.PAGE, form.challenge)
                pages |= {form.challenge: answer} if answer is not None else {}
        if not logins or net.impact < Impact.LOGIN:
            return
        locked = next((path for path, page in pages.items() if visit.remember(path, page)), None)
        if locked:
            await try_logins(net, logins, lambda login: visit.attempt(locked, login))
        elif form is not None and not form.challenge:
            await try_logins(net, logins, lambda login: visit.submit(form, login))

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_transcript(talk)


async def _look_around(visit: _Visit) -> dict[str, Response]:
    """The start page and where it leads on the same server, by path."""
    pages: dict[str, Response] = {}
    path: str | None = "/"
    while path is not None and path not in pages and len(pages) < _MOST_STEPS:
        answer = await visit.get(Question.PAGE, path)
        if answer is None:
            if not pages:
                raise ConnectionLost("closed without an answer")
            break
        pages[path] = answer
        path = _next(visit, path, answer)
    return pages


async def _look_closer(visit: _Visit, pages: dict[str, Response]) -> None:
    """The icon, foreign names, and what the pages themselves give reason to ask for."""
    await visit.if_it_bears(visit.get(Question.ICON, ICON))
    await visit.if_it_bears(visit.get(Question.FOREIGN_ORIGIN))
    if pages["/"].status in (200, 401):  # a proxy would look for that host
        await visit.if_it_bears(visit.get(Question.FOREIGN_HOST))
    directory = _directory(visit, pages)
    if directory:
        await visit.if_it_bears(visit.get(Question.DIRECTORY, directory))
    for path in pictures(pages, visit.origin):
        await visit.if_it_bears(visit.look_at_first_bytes(path))
    for path, known in http_known.suiting(pages, visit.service.endpoint.port).items():
        if any(each.first_bytes_only for each in known):
            await visit.if_it_bears(visit.look_at_first_bytes(path))
        elif path not in pages:
            await visit.if_it_bears(visit.get(Question.KNOWN, path))
    if may_be_proxy(pages["/"]):
        await visit.if_it_bears(visit.ask_for_proxy())


def _next(visit: _Visit, path: str, answer: Response) -> str | None:
    """Where a redirect, a refresh or a script sends the browser; only ever the same server."""
    target = answer.header("location") if 300 <= answer.status < 400 else ""
    if not target and is_html(answer):
        target = read_page(answer.body).refresh
    found = local_path(target, visit.origin, path) if target else None
    return None if found is None or names_a_doing(found) else found


def _directory(visit: _Visit, pages: dict[str, Response]) -> str | None:
    """A directory below the top that one of the pages loads something from."""
    for base, answer in pages.items():
        for resource in read_page(answer.body).resources if is_html(answer) else ():
            path = local_path(resource.partition("?")[0], visit.origin, base)
            if path and path.rfind("/") > 0 and "cgi" not in path.lower():
                return path[: path.rfind("/") + 1]
    return None


async def _hear(stream: Stream) -> Response | None:
    """The answer, None when there was none. Raises Malformed for what is not HTTP."""
    whole = partial(parse_response, limit=_MOST_BODY)
    return await hear(stream, whole, at_end=partial(whole, closed=True))


PROBE = Http()
