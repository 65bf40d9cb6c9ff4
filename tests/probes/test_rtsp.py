"""RTSP cameras: who gives a stream to everybody, who asks for a login, and is it a known one."""

from __future__ import annotations

import hashlib
import importlib
import re
from functools import partial
from ipaddress import ip_address

import pytest

from iotscan.errors import ConnectionLost
from iotscan.model import Ending, Endpoint, Impact, Outcome, Service, TlsFacts
from iotscan.probe_api import Login, Probe
from iotscan.protocols.http.auth import parse_challenges
from iotscan.protocols.rtsp.reading import NOWHERE
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step, facts_of

PROBE: Probe = importlib.import_module("iotscan.probes.rtsp").PROBE
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 554), "rtsp")
SDP = b"v=0\r\ns=Door\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
LOGINS = (
    Login("first", "admin", "web"),
    Login("second", "root", "web"),
    Login("control", "zq8", "web", control=True),
)
SECRETS = {"first": b"admin", "second": b"pa:ss", "control": b"nobody"}
DIGEST = 'Digest realm="cam", nonce="abc", algorithm={}'


def asks(method: str, path: str = "", login: str = "") -> Hears:
    def right(data: bytes) -> bool:
        text = data.decode()
        line = text.split("\r\n")[0]
        has_login = "Authorization: " in text
        return line == f"{method} rtsp://192.0.2.7{path} RTSP/1.0" and has_login == bool(login)

    return Hears(right)


def answer(number: int, status: int, *fields: str, body: bytes = b"") -> Says:
    lines = [f"RTSP/1.0 {status} x", f"CSeq: {number}", *fields, f"Content-Length: {len(body)}"]
    return Says("\r\n".join([*lines, "", ""]).encode() + body)


HELLO: tuple[Step, ...] = (
    asks("OPTIONS", "/"),
    answer(1, 200, "Public: OPTIONS, DESCRIBE, PLAY", "Server: CamOS 1.2"),
)


facts = partial(facts_of, PROBE)


async def test_a_stream_for_everybody_is_described_and_proven() -> None:
    script = [
        *HELLO,
        asks("DESCRIBE", NOWHERE),
        answer(2, 404),
        asks("DESCRIBE", "/"),
        answer(3, 404),
        asks("DESCRIBE", "/stream1"),
        answer(4, 200, body=SDP),
    ]
    talk = await FakeNetwork(SERVICE, [script], SECRETS).play(PROBE, LOGINS)
    (service,) = facts(talk, "rtsp.service")
    assert service == {
        "encrypted": False,
        "server": "CamOS 1.2",
        "methods": ("OPTIONS", "DESCRIBE", "PLAY"),
        "login_asked": False,
        "any_route": False,
        "cleartext_streams": True,
    }
    (stream,) = facts(talk, "rtsp.stream")
    assert stream["path"] == "/stream1"
    assert stream["described"] is True
    assert stream["any_route"] is False
    assert stream["media"] == ("video H264",)
    (proof,) = next(one for one in PROBE.read(talk) if one.kind == "rtsp.stream").proofs
    assert [talk.turns[i].sender for i in proof.turns] == ["client", "server"]
    assert facts(talk, "rtsp.login") == []


async def test_a_server_that_says_yes_to_any_name_is_seen_through() -> None:
    script = [
        *HELLO,
        asks("DESCRIBE", NOWHERE),
        answer(2, 200, body=SDP),
        asks("DESCRIBE", "/"),
        answer(3, 200, body=SDP),
    ]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    (stream,) = facts(talk, "rtsp.stream")
    assert (stream["path"], stream["any_route"]) == ("/", True)


async def test_a_yes_without_a_description_is_no_stream() -> None:
    empty = [step for n in range(3, 20) for step in (Hears(None), answer(n, 200))]
    script = [*HELLO, asks("DESCRIBE", NOWHERE), answer(2, 404), *empty]
    talk = await FakeNetwork(SERVICE, [script]).play(PROBE)
    assert {stream["described"] for stream in facts(talk, "rtsp.stream")} == {False}
    assert "cleartext_streams" not in facts(talk, "rtsp.service")[0]


def withheld(challenge: str) -> list[Step]:
    return [
        *HELLO,
        asks("DESCRIBE", NOWHERE),
        answer(2, 404),
        asks("DESCRIBE", "/"),
        answer(3, 401, f"WWW-Authenticate: {challenge}"),
    ]


def attempt(challenge: str, *last: Step) -> list[Step]:
    wish = answer(1, 401, f"WWW-Authenticate: {challenge}")
    return [asks("DESCRIBE", "/"), wish, asks("DESCRIBE", "/", "yes"), *last]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_a_known_login_is_proven_by_a_stream_and_a_refused_control(algorithm: str) -> None:
    challenge = DIGEST.format(algorithm)
    net = FakeNetwork(
        SERVICE,
        [
            withheld(challenge),
            attempt(challenge, answer(2, 401, f"WWW-Authenticate: {challenge}")),
            attempt(challenge, answer(2, 200, body=SDP)),
            attempt(challenge, answer(2, 401, f"WWW-Authenticate: {challenge}")),
        ],
        SECRETS,
    )
    talk = await net.play(PROBE, LOGINS)
    assert net.outcomes == {
        "first": Outcome.REFUSED,
        "second": Outcome.ACCEPTED,
        "control": Outcome.REFUSED,
    }
    (login,) = facts(talk, "rtsp.login")
    assert login == {
        "accepted": True,
        "login": "second",
        "path": "/",
        "scheme": "digest",
        "attempts": 2,
        "refused": 1,
        "locked_out": False,
        "control_accepted": False,
        "accepts_anything": False,
        "encrypted": False,
    }
    (service,) = facts(talk, "rtsp.service")
    assert service["digest_algorithms"] == (algorithm,)
    assert (service["login_asked"], service["realm"]) == (True, "cam")
    assert service["cleartext_streams"] is True


async def test_the_digest_is_right_and_stays_out_of_the_record() -> None:
    sent: list[str] = []

    def keeps(data: bytes) -> bool:
        sent.append(data.decode())
        return True

    challenge = DIGEST.format("MD5")
    wish = answer(1, 401, f"WWW-Authenticate: {challenge}")
    script: list[Step] = [asks("DESCRIBE", "/"), wish, Hears(keeps), answer(2, 401)]
    net = FakeNetwork(SERVICE, [withheld(challenge), script], SECRETS)
    talk = await net.play(PROBE, LOGINS[:1])
    (challenged,) = parse_challenges([challenge])
    ha1 = hashlib.md5(f"admin:{challenged.realm}:admin".encode()).hexdigest()
    ha2 = hashlib.md5(b"DESCRIBE:rtsp://192.0.2.7/").hexdigest()
    right = hashlib.md5(f"{ha1}:abc:{ha2}".encode()).hexdigest()
    assert f'response="{right}"' in sent[0]
    assert right.encode() not in talk.said_by("client")
    assert re.search(r'username="admin"', sent[0])


async def test_a_server_that_takes_any_login_is_called_so() -> None:
    challenge = 'Basic realm="cam"'
    yes = answer(2, 200, body=SDP)
    scripts = [withheld(challenge), attempt(challenge, yes), attempt(challenge, yes)]
    talk = await FakeNetwork(SERVICE, scripts, SECRETS).play(PROBE, LOGINS)
    (login,) = facts(talk, "rtsp.login")
    assert (login["accepted"], login["accepts_anything"]) == (True, True)
    assert login["scheme"] == "basic"


@pytest.mark.parametrize(
    "locked", [answer(2, 403), answer(2, 401, "X: y", body=b"account locked for 30 minutes")]
)
async def test_a_sign_of_lock_out_ends_the_tries(locked: Says) -> None:
    challenge = DIGEST.format("MD5")
    net = FakeNetwork(SERVICE, [withheld(challenge), attempt(challenge, locked)], SECRETS)
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert facts(talk, "rtsp.login")[0]["locked_out"] is True
    assert set(net.outcomes) == {"first"}


async def test_a_camera_that_hangs_up_on_logins_is_left_alone() -> None:
    challenge = DIGEST.format("MD5")
    hangup = attempt(challenge, Closes())
    net = FakeNetwork(SERVICE, [withheld(challenge), hangup, hangup], SECRETS)
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert facts(talk, "rtsp.login") == []


async def test_where_all_is_withheld_the_login_is_tried_on_one_route_after_the_other() -> None:
    challenge = DIGEST.format("MD5")
    first = [*HELLO, asks("DESCRIBE", NOWHERE), answer(2, 401, f"WWW-Authenticate: {challenge}")]
    routes = attempt(
        challenge, answer(2, 404), asks("DESCRIBE", "/stream1", "yes"), answer(3, 200, body=SDP)
    )
    control = attempt(challenge, answer(2, 401))
    net = FakeNetwork(SERVICE, [first, routes, control], SECRETS)
    talk = await net.play(PROBE, (LOGINS[0], LOGINS[2]))
    (login,) = facts(talk, "rtsp.login")
    assert (login["accepted"], login["path"]) == (True, "/stream1")
    assert facts(talk, "rtsp.stream") == []


async def test_no_login_is_tried_where_only_greetings_are_allowed() -> None:
    net = FakeNetwork(SERVICE, [withheld(DIGEST.format("MD5"))], SECRETS, impact=Impact.GREET)
    assert (await net.play(PROBE, LOGINS)).ending is Ending.COMPLETE
    assert net.outcomes == {}


async def test_an_announced_route_is_asked_for_first() -> None:
    service = Service(SERVICE.endpoint, "rtsp", hint="/live/door")
    script = [
        *HELLO,
        asks("DESCRIBE", NOWHERE),
        answer(2, 404),
        asks("DESCRIBE", "/live/door"),
        answer(3, 200, body=SDP),
    ]
    talk = await FakeNetwork(service, [script]).play(PROBE)
    assert facts(talk, "rtsp.stream")[0]["path"] == "/live/door"


async def test_a_camera_that_closes_after_each_answer_is_asked_again() -> None:
    scripts: list[list[Step]] = [
        [*HELLO, asks("DESCRIBE", NOWHERE), answer(2, 404), asks("DESCRIBE", "/"), Closes()],
        [asks("DESCRIBE", "/"), answer(1, 200, body=SDP)],
    ]
    talk = await FakeNetwork(SERVICE, scripts).play(PROBE)
    assert facts(talk, "rtsp.stream")[0]["described"] is True


async def test_one_that_never_answers_is_not_asked_for_ever() -> None:
    net = FakeNetwork(SERVICE, [[Fails(ConnectionLost("reset"))]])
    assert (await net.play(PROBE)).ending is Ending.CLOSED


async def test_over_tls_streams_are_not_in_clear() -> None:
    service = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 322), "rtsp", tls=True)
    steps: list[Step] = [Hears(None), answer(1, 200), Hears(None), answer(2, 404), Hears(None)]
    net = FakeNetwork(service, [[*steps, answer(3, 200, body=SDP)]], tls=TlsFacts("TLSv1.3"))
    talk = await net.play(PROBE)
    assert talk.said_by("client").startswith(b"OPTIONS rtsps://192.0.2.7/ ")
    (found,) = facts(talk, "rtsp.service")
    assert (found["encrypted"], found["cleartext_streams"]) == (True, False)
