"""RTSP in pairs of HTTP connections, as cameras and players speak it through proxies."""

from __future__ import annotations

import base64
from ipaddress import ip_address
from itertools import count

import pytest
from conversing import CLIENT, SERVER, found, told

from iotscan.capture.making import Connection
from iotscan.model import Endpoint

FIELDS = "x-sessioncookie: Xy12\r\n"
GETS = f"GET /live HTTP/1.0\r\n{FIELDS}Accept: application/x-rtsp-tunnelled\r\n"
POSTS = f"POST /live HTTP/1.0\r\n{FIELDS}Content-Type: application/x-rtsp-tunnelled\r\n"
STREAM = "HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n"
BASIC = "Authorization: Basic " + base64.b64encode(b"ann:s3cret").decode() + "\r\n"
DIGEST = 'Authorization: Digest username="ann", realm="cam", nonce="1", response="2"\r\n'
# What is asked, and the status of the answer.
Asked = tuple[str, int]


class Tunnel:
    """Frames of a tunnel while it is made."""

    def __init__(self, port: int = 80, more: str = "") -> None:
        self.port, self.numbers, self.frames = port, count(40_001), list[bytes]()
        self.gets, self.posts = self._opened(), self._opened()
        self.say(self.gets, True, f"{GETS}{more}\r\n")
        self.say(self.gets, False, STREAM)
        self.say(self.posts, True, f"{POSTS}{more}Content-Length: 32767\r\n\r\n")

    def _opened(self) -> Connection:
        client = Endpoint(ip_address(CLIENT), "tcp", next(self.numbers))
        made = Connection(client, Endpoint(ip_address(SERVER), "tcp", self.port))
        self.frames += made.opened()
        return made

    def say(self, where: Connection, from_client: bool, text: str) -> None:
        self.frames += where.said(from_client, text.encode())

    def again(self) -> None:
        """Post by another connection from here on."""
        self.frames += self.posts.closed()
        self.posts = self._opened()
        self.say(self.posts, True, f"{POSTS}Content-Length: 32767\r\n\r\n")

    def ask(self, number: int, method: str, status: int, fields: str = "") -> None:
        text = f"{method} rtsp://192.168.1.9/live RTSP/1.0\r\nCSeq: {number}\r\n{fields}\r\n"
        self.say(self.posts, True, base64.b64encode(text.encode()).decode())
        self.say(self.gets, False, f"RTSP/1.0 {status} x\r\nCSeq: {number}\r\n\r\n")

    def closed(self) -> list[bytes]:
        return [*self.frames, *self.posts.closed(), *self.gets.closed()]


def played(fields: str = "", more: str = "", again: bool = False, status: int = 200) -> list[bytes]:
    tunnel = Tunnel(more=more)
    for number, method in enumerate(("OPTIONS", "DESCRIBE", "SETUP", "PLAY"), 1):
        tunnel.ask(number, method, status if number > 1 else 200, fields if number > 1 else "")
        if again:
            tunnel.again()
    return tunnel.closed()


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", ["http-cleartext", "rtsp-unauthenticated-stream"]),
        (BASIC, ["http-cleartext", "rtsp-credentials-seen"]),
        (DIGEST, ["http-cleartext", "rtsp-digest-over-cleartext"]),
    ],
)
def test_both_halves_together_tell(fields: str, expected: list[str], again: bool) -> None:
    assert found(played(fields, again=again)) == expected


@pytest.mark.parametrize(("status", "outcome"), [(200, "accepted"), (401, "refused")])
def test_the_answer_on_the_other_connection_decides(status: int, outcome: str) -> None:
    (login,) = told(played(BASIC, status=status), "rtsp-credentials-seen")
    assert (login["username"], login["outcome"], login["peer"]) == ("ann", outcome, CLIENT)


def test_a_login_of_the_tunnel_is_one_of_the_stream() -> None:
    assert found(played(more=BASIC)) == ["http-basic-credentials-seen", "http-cleartext"]


def test_a_half_alone_tells_a_login_and_not_what_became_of_it() -> None:
    frames = played(BASIC)
    posts = [frame for frame in frames if (40_002).to_bytes(2, "big") in frame[34:38]]
    (login,) = told(posts, "rtsp-credentials-seen")
    assert (login["username"], login["outcome"]) == ("ann", "unknown")
    gets = [frame for frame in frames if frame not in posts]
    assert found(gets) == ["http-cleartext"]


def test_halves_of_others_are_not_put_together() -> None:
    """The same cookie of another player, whose stream is its own."""
    posts = [f for f in played() if (40_002).to_bytes(2, "big") in f[34:38]]
    gets = [f for f in played() if (40_001).to_bytes(2, "big") in f[34:38]]
    there = ip_address("192.168.1.77").packed
    here = ip_address(CLIENT).packed
    moved = [frame.replace(here, there) for frame in gets]
    assert found([*posts, *moved]) == ["http-cleartext"]
