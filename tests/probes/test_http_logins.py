"""Publicly known logins on web servers: Basic and Digest, with a control, never too many."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import importlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from iotscan.errors import Malformed, NetworkError
from iotscan.model import Ending, Endpoint, Fact, Impact, Outcome, Scope, Service, Transcript
from iotscan.net.gateway import Gateway
from iotscan.probe_api import Login, Probe
from iotscan.protocols.http.auth import parse_answer
from iotscan.protocols.http.codec import Request, parse_request
from iotscan.settings import Limits
from iotscan.testing import facts_of, serve

PROBE: Probe = importlib.import_module("iotscan.probes.http").PROBE
LOOPBACK = Scope((ip_network("127.0.0.0/8"),))
GENTLE = Limits(read_timeout=0.4, connect_timeout=1.0, conversation_timeout=20.0, login_pause=0.0)
VAULT = {"first": b"12345", "second": b"s3cret:x", "control-http": b"Xy7Kq"}
LOGINS = (
    Login("first", "admin", "web"),
    Login("second", "admin", "web"),
    Login("control-http", "zq81", "web", control=True),
)

Answer = tuple[int, Mapping[str, str], bytes]
Site = Callable[[Request], Answer | None]


def service_at(port: int) -> Service:
    return Service(Endpoint(ip_address("127.0.0.1"), "tcp", port), "http")


def serving(site: Site, asked: list[Request] | None = None) -> AbstractAsyncContextManager[int]:
    """A web server that answers as ``site`` says; None closes without a word."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = parse_request(await reader.readuntil(b"\r\n\r\n"))
        assert request is not None
        if asked is not None:
            asked.append(request)
        answer = site(request)
        if answer is None:
            return
        status, headers, body = answer
        lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        await reader.read()

    return serve(handle)


async def converse(
    port: int, logins: Sequence[Login] = (), impact: Impact = Impact.LOGIN
) -> Transcript:
    gateway = Gateway(LOOPBACK, GENTLE, clock=time.monotonic, vault=VAULT)
    door: Any = gateway.conversation(service_at(port), "http", id="c1", began=0.0, impact=impact)
    ending = Ending.COMPLETE
    try:
        await PROBE.converse(service_at(port), door, logins)
    except (NetworkError, Malformed) as error:
        ending = error.ending
    talk: Transcript = door.transcript(ending)
    return talk


facts = partial(facts_of, PROBE)


def only(talk: Transcript, kind: str) -> dict[str, Fact]:
    (one,) = facts(talk, kind)
    return one


HTML = {"Content-Type": "text/html"}
PANEL = b"""<html><head><title>Router Admin</title><script src="/js/main.js"></script></head>
<body><a href=a>Firmware</a><a href=b>Wi-Fi</a><button>Reboot</button></body></html>"""


async def visited(site: Site, **more: Any) -> tuple[Transcript, list[Request]]:
    asked: list[Request] = []
    async with serving(site, asked) as port:
        return await converse(port, **more), asked


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
