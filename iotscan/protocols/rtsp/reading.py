"""What a conversation over RTSP shows: our own, put together, or one that was overheard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.model import Fact, Observation, Outcome, Transcript
from iotscan.protocols.common.overheard import beginning, observe, turned
from iotscan.protocols.http.auth import Challenge, parse_answer, parse_challenges
from iotscan.protocols.logins.tries import Tries
from iotscan.protocols.rtsp import sdp
from iotscan.protocols.rtsp.codec import Exchange, Response, exchanges, path_of
from iotscan.text import clean

# No device has a stream of this name: who describes one here describes one anywhere.
NOWHERE = "/iotscan-no-such-stream"
_LOCK_WORDS = ("locked", "too many")
_MOST_MEDIA = 8


@dataclass(frozen=True, slots=True)
class Told:
    """An exchange of ours and the channel it was on; ``login`` is what that was opened for."""

    channel: int
    encrypted: bool
    login: str | None
    exchange: Exchange

    @property
    def path(self) -> str:
        return path_of(self.exchange.request.target)

    @property
    def turns(self) -> tuple[int, ...]:
        return (*self.exchange.asked[:1], *self.exchange.answered[:1])


def read_transcript(talk: Transcript) -> Iterator[Observation]:
    """The observations of one conversation. Pure, never raises."""
    if talk.service.endpoint.transport != "tcp" or not _names_itself(talk):
        return
    told = list(_told(talk))
    if talk.client is None:
        yield from _own(talk, [one for one in told if one.exchange.response is not None])
        return
    if not told:
        # Roles in a capture that begins inside a connection are guessed.
        talk = turned(talk)
        told = list(_told(talk))
    yield from _overheard(talk, told)


def _names_itself(talk: Transcript) -> bool:
    """Whether anything looks like it, in segments of any size."""
    return any(b"RTSP/" in turn.data for turn in talk.turns) or any(
        b"RTSP/" in beginning(talk, side) for side in ("client", "server")
    )


def _told(talk: Transcript) -> Iterator[Told]:
    for number in sorted({turn.channel for turn in talk.turns}):
        turns = talk.turns_of(number)
        asked = [(i, turn.data) for i, turn in turns if turn.sender == "client"]
        answered = [(i, turn.data) for i, turn in turns if turn.sender == "server"]
        channel = talk.channels[number] if number < len(talk.channels) else None
        encrypted = channel is not None and channel.tls is not None
        for exchange in exchanges(asked, answered):
            yield Told(number, encrypted, channel.login if channel else None, exchange)


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
    open_asks = [one for one in told if one.login is None and not _carries_login(one)]
    asks = [one for one in open_asks if one.exchange.request.method == "DESCRIBE"]
    any_route = _any_route(asks)
    yield observe(talk, "rtsp.service", _service(told, asks, any_route), told[0].turns)
    for one in asks:
        answer = _answer(one)
        if answer.status == 200 and one.path != NOWHERE:
            yield observe(talk, "rtsp.stream", _stream(one, answer, any_route), one.turns)
    yield from _logins(talk, told, asks)


def _carries_login(one: Told) -> bool:
    return bool(one.exchange.request.header("authorization"))


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
        if one.login and _carries_login(one):
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


def _overheard(talk: Transcript, told: Sequence[Told]) -> Iterator[Observation]:
    yield from _played(talk, told)
    seen: set[object] = set()
    for one in told:
        field = one.exchange.request.header("authorization")
        answer = parse_answer(field) if field else None
        if answer is None or answer.scheme not in ("basic", "digest"):
            continue
        facts: dict[str, Fact] = {
            "scheme": answer.scheme,
            "outcome": _outcome(one.exchange.response),
            "password_seen": bool(answer.password),
            "cleartext": not one.encrypted,
        }
        for word, text in (("username", answer.username), ("realm", answer.realm)):
            facts |= {word: clean(text)} if text else {}
        if (key := tuple(facts.items())) not in seen:
            seen.add(key)
            yield observe(talk, "rtsp.credentials", facts, one.turns)


def _played(talk: Transcript, told: Sequence[Told]) -> Iterator[Observation]:
    """The first stream that a connection began to play or to record.

    Only where its set-up was seen too, or the connection from its beginning: what came before it
    may have carried a login.
    """
    start = next((i for i, one in enumerate(told) if one.exchange.request.method == "SETUP"), None)
    if start is None and not talk.note:
        start = 0
    for one in told[start:] if start is not None else ():
        request, response = one.exchange.request, one.exchange.response
        if request.method not in ("PLAY", "RECORD") or response is None or response.status != 200:
            continue
        logins = any(each.exchange.request.header("authorization") for each in told)
        facts: dict[str, Fact] = {
            "method": request.method,
            "path": clean(path_of(request.target)),
            "unauthenticated": not logins,
        }
        if server := clean(response.header("server")):
            facts["server"] = server
        yield observe(talk, "rtsp.played", facts, (*told[start or 0].turns[:1], *one.turns))
        return


def _outcome(response: Response | None) -> str:
    if response is None:
        return "unknown"
    if response.status in (401, 403):
        return "refused"
    return "accepted" if response.status == 200 else "unknown"
