"""Who may ask by HTTP, as clients really say it: in headers, by proxies, over WebSocket."""

from __future__ import annotations

import pytest
from conversing import base64_of, found, tcp

OKH = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"
NO = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
FORM = "POST /l HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def get(fields: str, path: str = "/") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: cam\r\n{fields}\r\n\r\n"


CASES: dict[str, tuple[list[bytes], str]] = {
    "http basic lowercase": (
        tcp(80, ("c", get("authorization: basic " + base64_of("admin:pw"))), ("s", OKH)),
        "http-basic-credentials-seen http-cleartext",
    ),
    "http proxy-auth basic": (
        tcp(
            3128,
            (
                "c",
                "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic "
                + base64_of("u:p")
                + "\r\n\r\n",
            ),
            ("s", OKH),
        ),
        "http-basic-credentials-seen http-cleartext",
    ),
    "http connect proxy basic": (
        tcp(
            8080,
            (
                "c",
                "CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic "
                + base64_of("u:p")
                + "\r\n\r\n",
            ),
            ("s", "HTTP/1.1 200 Connection established\r\n\r\n"),
        ),
        "http-basic-credentials-seen http-cleartext",
    ),
    "http digest": (
        tcp(
            80,
            (
                "c",
                get('Authorization: Digest username="a", realm="r", nonce="n", response="01"'),
            ),
            ("s", OKH),
        ),
        "http-cleartext http-digest-over-cleartext",
    ),
    "http ntlm": (
        tcp(
            80,
            (
                "c",
                get("Authorization: NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAF1YAAAADw=="),
            ),
            ("s", NO),
        ),
        "http-cleartext",
    ),
    "http negotiate": (
        tcp(80, ("c", get("Authorization: Negotiate YIIB")), ("s", OKH)),
        "http-cleartext",
    ),
    "http bearer": (
        tcp(80, ("c", get("Authorization: Bearer abc.def")), ("s", OKH)),
        "http-cleartext",
    ),
    "http basic no colon": (
        tcp(80, ("c", get("Authorization: Basic " + base64_of("justname"))), ("s", NO)),
        "http-cleartext",
    ),
    "expect 100": (
        tcp(
            80,
            (
                "c",
                FORM + "Expect: 100-continue\r\nContent-Length: 21\r\n\r\n",
            ),
            ("s", "HTTP/1.1 100 Continue\r\n\r\n"),
            ("c", "user=adm&password=foo"),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "get http0.9": (tcp(80, ("c", "GET /\r\n"), ("s", "<html>x</html>")), ""),
    "http icy": (
        tcp(
            8000,
            ("c", "GET /stream HTTP/1.0\r\nIcy-MetaData:1\r\n\r\n"),
            ("s", "ICY 200 OK\r\nicy-name: x\r\n\r\n"),
        ),
        "",
    ),
    "http 304": (
        tcp(80, ("c", get("A: b")), ("s", "HTTP/1.1 304 Not Modified\r\n\r\n")),
        "http-cleartext",
    ),
    "http redirect https": (
        tcp(
            80,
            ("c", get("A: b")),
            ("s", "HTTP/1.1 301 Moved\r\nLocation: https://cam/\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "http2 prior": (
        tcp(
            80,
            ("c", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("s", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
        ),
        "",
    ),
    "websocket": (
        tcp(
            80,
            (
                "c",
                get("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"),
            ),
            ("s", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
        ),
        "http-cleartext",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
