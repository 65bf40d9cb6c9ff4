"""Publicly known logins on web servers: Basic and Digest, with a control, never too many."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import partial

import pytest
import websites
from websites import HTML, PANEL, Answer, Site
from websites import HTTP as PROBE

from iotscan.model import Ending, Impact, Outcome
from iotscan.probe_api import Login
from iotscan.protocols.http.auth import parse_answer
from iotscan.protocols.http.codec import Request
from iotscan.testing import only_facts

VAULT = {"first": b"12345", "second": b"s3cret:x", "control-http": b"Xy7Kq"}
LOGINS = (
    Login("first", "admin", "web"),
    Login("second", "admin", "web"),
    Login("control-http", "zq81", "web", control=True),
)

only = partial(only_facts, PROBE)
visited = partial(websites.visited, vault=VAULT)


def guarded(check: Callable[[str], bool], challenge: str) -> Site:
    def site(request: Request) -> Answer:
        if check(request.header("authorization")):
            return 200, HTML, PANEL
        return 401, HTML | {"WWW-Authenticate": challenge}, b"no"

    return site


def takes(password: str) -> Callable[[str], bool]:
    def check(field: str) -> bool:
        answer = parse_answer(field)
        return answer is not None and (answer.username, answer.password) == ("admin", password)

    return check


async def test_a_known_login_is_proven_by_the_page_it_opens_and_a_control() -> None:
    talk, _ = await visited(guarded(takes("s3cret:x"), 'Basic realm="Cam"'), logins=LOGINS)
    found = only(talk, "http.login")
    assert (found["accepted"], found["login"], found["scheme"]) == (True, "second", "basic")
    assert (found["control_accepted"], found["accepts_anything"]) == (False, False)
    assert (found["attempts"], found["refused"], found["encrypted"]) == (2, 1, False)
    page = only(talk, "http.response")
    assert (page["auth_schemes"], page["realm"]) == (("basic",), "Cam")
    outcomes = {channel.login: channel.outcome for channel in talk.channels if channel.login}
    assert outcomes == {
        "first": Outcome.REFUSED,
        "second": Outcome.ACCEPTED,
        "control-http": Outcome.REFUSED,
    }


async def test_no_password_is_recorded() -> None:
    talk, asked = await visited(guarded(takes("s3cret:x"), "Basic realm=x"), logins=LOGINS)
    sent = [request.header("authorization") for request in asked]
    assert any("s3cret:x" in base64.b64decode(field[6:] or "").decode() for field in sent)
    recorded = b"".join(turn.data for turn in talk.turns)
    for secret in VAULT.values():
        assert secret not in recorded
        for field in sent:
            assert not field or field.encode() not in recorded


async def test_a_door_that_opens_to_anything_is_no_known_login() -> None:
    talk, _ = await visited(guarded(bool, "Basic realm=x"), logins=LOGINS)
    found = only(talk, "http.login")
    assert (found["accepted"], found["accepts_anything"]) == (True, True)


async def test_refused_logins_are_told_as_refused() -> None:
    talk, _ = await visited(guarded(lambda field: False, "Basic realm=x"), logins=LOGINS)
    found = only(talk, "http.login")
    assert (found["accepted"], found["attempts"], found["refused"]) == (False, 2, 2)
    assert "accepts_anything" not in found


async def test_a_sign_of_lock_out_stops_everything() -> None:
    def site(request: Request) -> Answer:
        if request.header("authorization"):
            return 429, {"Retry-After": "1800"}, b"too many"
        return 401, {"WWW-Authenticate": "Basic realm=x"}, b""

    talk, asked = await visited(site, logins=LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert sum(bool(request.header("authorization")) for request in asked) == 1
    found = only(talk, "http.login")
    assert (found["locked_out"], found["accepted"]) == (True, False)


async def test_without_leave_to_log_in_none_is_tried() -> None:
    site = guarded(takes("12345"), "Basic realm=x")
    _, asked = await visited(site, logins=LOGINS, impact=Impact.GREET)
    assert not any(request.header("authorization") for request in asked)


async def test_a_page_without_a_login_is_not_logged_in_to() -> None:
    _, asked = await visited(lambda request: (200, HTML, PANEL), logins=LOGINS)
    assert not any(request.header("authorization") for request in asked)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_a_digest_login_with_a_new_number_each_time(algorithm: str) -> None:
    """The server computes the answer on its own, by the formula of RFC 7616 section 3.4.1."""
    numbers: list[str] = []

    def hashed(text: str) -> str:
        return hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()

    def check(field: str) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', field))
        if said.get("nonce") not in numbers[-1:] or said.get("username") != "admin":
            return False
        secret = hashed("admin:Cam:s3cret:x")
        middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:auth"
        return bool(said["response"] == hashed(f"{secret}:{middle}:{hashed('GET:/')}"))

    def site(request: Request) -> Answer:
        if check(request.header("authorization")):
            return 200, HTML, PANEL
        numbers.append(f"n{len(numbers)}")
        field = f'Digest realm="Cam", nonce="{numbers[-1]}", qop="auth", algorithm={algorithm}'
        return 401, {"WWW-Authenticate": field}, b""

    talk, _ = await visited(site, logins=LOGINS)
    found = only(talk, "http.login")
    assert (found["accepted"], found["login"], found["scheme"]) == (True, "second", "digest")
    assert found["control_accepted"] is False
    assert only(talk, "http.response")["digest_algorithms"] == (algorithm,)


async def test_facts_are_of_the_kinds_and_types_that_are_declared() -> None:
    kinds = {kind.name: kind for kind in PROBE.emits}
    talk, _ = await visited(guarded(takes("12345"), "Basic realm=x"), logins=LOGINS)
    for one in PROBE.read(talk):
        assert one.proofs[0].turns
        for word, value in one.facts.items():
            assert isinstance(value, kinds[one.kind].facts[word])
