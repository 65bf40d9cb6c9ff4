"""What a conversation over RTSP shows: our own, put together, or one that was overheard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Observation, Outcome, Transcript
from iotscan.protocols.common.overheard import observe, turned
from iotscan.protocols.http.auth import Challenge, parse_challenges
from iotscan.protocols.logins.tries import Tries
from iotscan.protocols.rtsp import sdp
from iotscan.protocols.rtsp.codec import Response
from iotscan.protocols.rtsp.heard import Told, all_told, names_itself
from iotscan.protocols.rtsp.overheard import read_overheard
from iotscan.text import clean

# No device has a stream of this name: who describes one here describes one anywhere.
NOWHERE = "/iotscan-no-such-stream"
_LOCK_WORDS = ("locked", "too many")
_MOST_MEDIA = 8


def read_transcript(talk: Transcript) -> Iterator[Observation]:
    """The observations of one conversation. Pure, never raises."""
    if talk.service.endpoint.transport != "tcp" or not names_itself(talk):
        return
    told = list(all_told(talk))
    if talk.client is None:
        yield from _own(talk, [one for one in told if one.exchange.response is not None])
        return
    if not told:
        # Roles in a capture that begins inside a connection are guessed.
        talk = turned(talk)
        told = list(all_told(talk))
    yield from read_overheard(talk, told)


def challenges_of(response: Response) -> tuple[Challenge, ...]:
    """The ways to log in that an answer offers."""
    fields = [v.decode("utf-8", "replace") for k, v in response.headers if k == "www-authenticate"]
    return parse_challenges(fields)


def described(response: Response) -> sdp.Description | None:
    """The description that an answer gives; None for every other answer."""
    try:
        return sdp.parse(response.body) if response.status == 200 else None
    except Malformed:
        return None


def login_outcome(response: Response | None) -> Outcome:
    """How a server answered a login: only a description of the stream is a success."""
    if response is None:
        return Outcome.UNCLEAR
    words = (response.reason + " " + response.body[:512].decode("utf-8", "replace")).lower()
    # Cameras that lock an address forbid everything to it, or say that they are busy.
    if response.status in (403, 423, 429, 503) or any(word in words for word in _LOCK_WORDS):
        return Outcome.LOCKED
    if response.status == 401:
        return Outcome.REFUSED
    return Outcome.ACCEPTED if described(response) is not None else Outcome.UNCLEAR


def _answer(one: Told) -> Response:
    assert one.exchange.response is not None
    return one.exchange.response


def _own(talk: Transcript, told: Sequence[Told]) -> Iterator[Observation]:
    if not told:
        return
    open_asks = [one for one in told if one.login is None and not one.shows_login]
    asks = [one for one in open_asks if one.exchange.request.method == "DESCRIBE"]
    any_route = _any_route(asks)
    yield observe(talk, "rtsp.service", _service(told, asks, any_route), told[0].turns)
    for one in asks:
        answer = _answer(one)
        if answer.status == 200 and one.path != NOWHERE:
            yield observe(talk, "rtsp.stream", _stream(one, answer, any_route), one.turns)
    yield from _logins(talk, told, asks)


def _any_route(asks: Sequence[Told]) -> bool | None:
    """Whether a stream was described where none can be; None while that was not answered, or
    only with the wish for a login.
    """
    for one in asks:
        if one.path == NOWHERE and _answer(one).status != 401:
            return _answer(one).status == 200
    return None


def _service(told: Sequence[Told], asks: Sequence[Told], any_route: bool | None) -> dict[str, Fact]:
    answers = [_answer(one) for one in told]
    found: dict[str, Fact] = {"encrypted": told[0].encrypted}
    server = next((text for answer in answers if (text := clean(answer.header("server")))), "")
    public = next((text for answer in answers if (text := answer.header("public"))), "")
    if server:
        found["server"] = server
    if public:
        found["methods"] = tuple(clean(word, 32) for word in public.split(",")[:24])
    offered = [one for answer in answers if answer.status == 401 for one in challenges_of(answer)]
    if asks:
        found["login_asked"] = any(_answer(one).status == 401 for one in asks)
    if offered:
        found["auth_schemes"] = tuple(dict.fromkeys(clean(one.scheme, 32) for one in offered))
        digests = (clean(one.algorithm, 32) for one in offered if one.scheme == "digest")
        found["digest_algorithms"] = tuple(dict.fromkeys(digests))
        realm = next((clean(one.realm) for one in offered if one.realm), "")
        found |= {"realm": realm} if realm else {}
    if any_route is not None:
        found["any_route"] = any_route
    streams = [said for one in asks if (said := described(_answer(one))) is not None]
    if streams or found.get("login_asked"):
        safe = bool(streams) and all(media.encrypted for said in streams for media in said.media)
        found["cleartext_streams"] = not told[0].encrypted and not safe
    return found


def _stream(one: Told, answer: Response, any_route: bool | None) -> dict[str, Fact]:
    text = described(answer)
    found: dict[str, Fact] = {
        "path": clean(one.path),
        "encrypted": one.encrypted,
        "described": text is not None,
    }
    if any_route is not None:
        found["any_route"] = any_route
    if text is not None:
        media = (" ".join((each.kind, *each.codecs)) for each in text.media[:_MOST_MEDIA])
        found["media"] = tuple(clean(line, 80) for line in media)
        found["multicast"], found["login_inside"] = text.multicast, text.login_inside
    return found


def _logins(talk: Transcript, told: Sequence[Told], asks: Sequence[Told]) -> Iterator[Observation]:
    """One summary of the logins tried, by the last answer that each of them got."""
    withheld = {one.path for one in asks if _answer(one).status == 401}
    last: dict[int, Told] = {}
    for one in told:
        if one.login and one.shows_login:
            last[one.channel] = one
    # A server that asks for a login before it looks at the name withholds each name.
    tries = [one for one in last.values() if one.path in withheld or NOWHERE in withheld]
    if not tries:
        return
    fared, cited = Tries([login_outcome(_answer(one)) for one in tries]), tries
    found = fared.facts(talk.ending) | {"encrypted": tries[0].encrypted}
    if fared.won is not None:
        winner = tries[fared.won]
        scheme = winner.exchange.request.header("authorization").partition(" ")[0]
        found |= {"login": clean(winner.login or ""), "path": clean(winner.path)}
        found["scheme"] = clean(scheme.lower(), 16)
        cited = tries[fared.won :]
    yield observe(talk, "rtsp.login", found, [turn for one in cited for turn in one.turns])
