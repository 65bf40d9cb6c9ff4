"""What other people's conversations over RTSP give away: streams that began, and logins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Fact, Observation, Transcript
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.http.auth import parse_answer
from iotscan.protocols.rtsp import tunnel
from iotscan.protocols.rtsp.codec import Response, path_of
from iotscan.protocols.rtsp.heard import Told
from iotscan.text import clean


def read_overheard(talk: Transcript, told: Sequence[Told]) -> Iterator[Observation]:
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
        logins = any(each.shows_login for each in told) or tunnel.shows_login(talk)
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
