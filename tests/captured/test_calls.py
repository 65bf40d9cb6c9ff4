"""RTSP and SIP: who looks, who calls, and with which login."""

from __future__ import annotations

import pytest
from conversing import base64_of, found, tcp, udp


def rq(method: str, number: int, fields: str = "") -> str:
    return f"{method} rtsp://192.168.1.9/s RTSP/1.0\r\nCSeq: {number}\r\n{fields}\r\n"


def rs(code: int, number: int, fields: str = "") -> str:
    return f"RTSP/1.0 {code} X\r\nCSeq: {number}\r\n{fields}\r\n"


LONG = "Via: SIP/2.0/UDP 192.168.1.5\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\n"
DIGEST = 'Authorization: Digest username="a",realm="x",nonce="n",uri="sip:x",response="00"\r\n'
DONE = "SIP/2.0 200 OK\r\nVia: x\r\nCall-ID: 1\r\nCSeq: 2 REGISTER\r\nContent-Length: 0\r\n\r\n"
DENIED = DONE.replace(
    "200 OK\r\n", '401 Unauthorized\r\nWWW-Authenticate: Digest realm="x",nonce="n"\r\n'
)


def sip(method: str, fields: str, head: str = LONG) -> str:
    return f"{method} sip:x SIP/2.0\r\n{head}CSeq: 2 {method}\r\n{fields}Content-Length: 0\r\n\r\n"


CASES: dict[str, tuple[list[bytes], str]] = {
    "rtsp play": (
        tcp(
            554,
            ("c", rq("DESCRIBE", 1)),
            ("s", rs(200, 1)),
            ("c", rq("SETUP", 2)),
            ("s", rs(200, 2, "Session: 1\r\n")),
            ("c", rq("PLAY", 3, "Session: 1\r\n")),
            ("s", rs(200, 3)),
        ),
        "rtsp-unauthenticated-stream",
    ),
    "rtsp play basic": (
        tcp(
            554,
            ("c", rq("DESCRIBE", 1, "Authorization: Basic " + base64_of("a:b") + "\r\n")),
            ("s", rs(200, 1)),
            ("c", rq("PLAY", 3)),
            ("s", rs(200, 3)),
        ),
        "rtsp-credentials-seen",
    ),
    "rtsp digest": (
        tcp(
            554,
            (
                "c",
                rq(
                    "DESCRIBE",
                    1,
                    DIGEST,
                ),
            ),
            ("s", rs(200, 1)),
        ),
        "rtsp-digest-over-cleartext",
    ),
    "rtsp record": (
        tcp(
            554,
            ("c", rq("ANNOUNCE", 1)),
            ("s", rs(200, 1)),
            ("c", rq("RECORD", 3)),
            ("s", rs(200, 3)),
        ),
        "rtsp-unauthenticated-stream",
    ),
    "rtsp describe only": (tcp(554, ("c", rq("DESCRIBE", 1)), ("s", rs(200, 1))), ""),
    "rtsp play 401": (tcp(554, ("c", rq("PLAY", 1)), ("s", rs(401, 1))), ""),
    "rtsp url creds": (
        tcp(
            554,
            ("c", "DESCRIBE rtsp://admin:pw@192.168.1.9/s RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
            ("s", rs(200, 1)),
        ),
        "",
    ),
    "rtsp play no cseq blank": (
        tcp(
            554,
            ("c", "PLAY rtsp://x/s RTSP/1.0\r\nCseq: 4\r\nSession: 1\r\n\r\n"),
            (
                "s",
                "RTSP/1.0 200 OK\r\nCSeq: 4\r\nRTP-Info: url=x\r\n\r\n$\x00\x00\x04abcd",
            ),
        ),
        "rtsp-unauthenticated-stream",
    ),
    "sip udp": (
        udp(
            5060,
            ("c", sip("REGISTER", DIGEST)),
            ("s", "SIP/2.0 200 OK\r\nVia: x\r\nCall-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n"),
        ),
        "sip-cleartext-auth",
    ),
    "sip tcp": (
        tcp(
            5060,
            ("c", sip("REGISTER", DIGEST)),
            (
                "s",
                DONE,
            ),
        ),
        "sip-cleartext-auth",
    ),
    "sip compact": (
        udp(
            5060,
            (
                "c",
                sip(
                    "REGISTER",
                    DIGEST,
                    "v: SIP/2.0/UDP 192.168.1.5\r\nf: <sip:a@x>;tag=1\r\nt: <sip:a@x>\r\ni: 1\r\n",
                ),
            ),
        ),
        "sip-cleartext-auth",
    ),
    "sip proxy auth": (udp(5060, ("c", sip("INVITE", "Proxy-" + DIGEST))), "sip-cleartext-auth"),
    "sip odd port": (udp(5062, ("c", sip("REGISTER", DIGEST))), "sip-cleartext-auth"),
    "sip no auth": (
        udp(
            5060,
            ("c", sip("REGISTER", "")),
            (
                "s",
                DENIED,
            ),
        ),
        "",
    ),
    "sip from 5060 both": (
        udp(5060, ("c", sip("REGISTER", DIGEST)), client_port=5060),
        "sip-cleartext-auth",
    ),
    "sip message auth": (udp(5060, ("c", sip("MESSAGE", DIGEST))), "sip-cleartext-auth"),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
