"""Logins in the body of a request: forms, JSON, SOAP and HNAP, as clients really send them."""

from __future__ import annotations

import pytest
from conversing import found, tcp

OKH = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"
MULTIPART = (
    '--X\r\nContent-Disposition: form-data; name="user"\r\n\r\nadmin\r\n'
    '--X\r\nContent-Disposition: form-data; name="password"\r\n\r\npw\r\n--X--\r\n'
)
TOKEN = "<Username>a</Username><o:Password Type='http://x#%s'>%s</o:Password>"
FORM = "POST /l HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def get(fields: str, path: str = "/") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: cam\r\n{fields}\r\n\r\n"


def post(kind: str, body: str, path: str = "/login") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: cam\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


CASES: dict[str, tuple[list[bytes], str]] = {
    "form url": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded", "username=admin&password=pw")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form charset": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded; charset=UTF-8", "user=admin&pwd=pw")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form no ct": (
        tcp(
            80,
            ("c", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nuser=admin&passwd=pw"),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form json": (
        tcp(
            80, ("c", post("application/json", '{"username":"admin","password":"pw"}')), ("s", OKH)
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form json nested": (
        tcp(
            80,
            (
                "c",
                post(
                    "application/json", '{"method":"login","params":{"user":"admin","pass":"pw"}}'
                ),
            ),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form multipart": (
        tcp(80, ("c", post("multipart/form-data; boundary=X", MULTIPART)), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "form query": (
        tcp(80, ("c", get("A: b", "/cgi-bin/login?user=admin&password=pw")), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "form loginuse (ipcam)": (
        tcp(80, ("c", get("A: b", "/get_status.cgi?loginuse=admin&loginpas=888888")), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "form foscam usr pwd": (
        tcp(
            88,
            ("c", get("A: b", "/cgi-bin/CGIProxy.fcgi?cmd=getDevInfo&usr=admin&pwd=foo")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form xml soap password": (
        tcp(
            80,
            (
                "c",
                post(
                    "text/xml",
                    "<Login><UserName>admin</UserName><Password>pw</Password></Login>",
                ),
            ),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form hashed empty": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded", "username=admin&password=")),
            ("s", OKH),
        ),
        "http-cleartext",
    ),
    "form german": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded", "benutzer=admin&kennwort=x")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form chunked": (
        tcp(
            80,
            (
                "c",
                FORM + "Transfer-Encoding: chunked\r\n\r\n15\r\nuser=adm&password=foo\r\n0\r\n\r\n",
            ),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "ws-security digest": (
        tcp(
            80, ("c", post("application/soap+xml", TOKEN % ("PasswordDigest", "abc="))), ("s", OKH)
        ),
        "http-cleartext",
    ),
    "ws-security text": (
        tcp(80, ("c", post("application/soap+xml", TOKEN % ("PasswordText", "abc"))), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "hnap": (
        tcp(
            80,
            ("c", post("text/xml", f"<Login><LoginPassword>{'0A' * 16}</LoginPassword></Login>")),
            ("s", OKH),
        ),
        "http-cleartext",
    ),
    "xml without a password": (
        tcp(80, ("c", post("text/xml", "<a><Password></Password></a>")), ("s", OKH)),
        "http-cleartext",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
