"""Conversations of other protocols, in the middle, or at ports that promise something else."""

from __future__ import annotations

import pytest
from conversing import found, tcp, udp

# The order to connect to 10.0.0.1:80 and its answer, of SOCKS 4 and 5.
FOUR = (("c", b"\4\1\0\x50\x0a\0\0\1me\0"), ("s", b"\0\x5a\0\x50\x0a\0\0\1"))
FOUR_A = (("c", b"\4\1\0\x50\0\0\0\1\0cam\0"), ("s", b"\0\x5a" + bytes(6)))
FIVE = (("c", b"\5\1\0\1\x0a\0\0\1\0\x50"), ("s", b"\5\0\0\1\x0a\0\0\1\0\x50"))
NAMED = (("c", b"\5\1\0\3\3cam\0\x50"), ("s", b"\5\0\0\1\0\0\0\0\0\0"))
FREE = (("c", b"\5\2\0\2"), ("s", b"\5\0"))
WEB = (
    ("c", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("s", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
)
CASES: dict[str, tuple[list[bytes], str]] = {
    "ssh1 mid unknown": (
        tcp(50022, ("s", "SSH-1.5-x\n"), ("c", "SSH-1.5-y\n"), late=True),
        "ssh-protocol-1",
    ),
    "ssh1 behind a notice": (
        tcp(22, ("s", "Authorised users only.\r\nSSH-1.5-x\r\n"), ("c", "SSH-1.5-y\r\n")),
        "ssh-protocol-1",
    ),
    "ssh2 behind a prompt": (
        tcp(22, ("s", "login: \r\nSSH-2.0-x\r\n"), ("c", "SSH-2.0-y\r\n")),
        "",
    ),
    "telnet mid login": (
        tcp(
            23,
            ("s", "login: "),
            ("c", "root\r\n"),
            ("s", "Password: "),
            ("c", "pw\r\n"),
            ("s", "# "),
            late=True,
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet mid only client": (tcp(23, ("c", "root\r\n"), ("c", "pw\r\n"), late=True), ""),
    "tls app data mid": (
        tcp(
            443,
            ("c", b"\x17\x03\x03\x00 " + bytes(32)),
            ("s", b"\x17\x03\x03\x00 " + bytes(32)),
            late=True,
        ),
        "",
    ),
    "port23 http": (
        tcp(
            23,
            ("c", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("s", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "port23 binary": (tcp(23, ("c", b"\x01\x02\x03"), ("s", bytes(range(32)))), ""),
    "port23 tls": (
        tcp(23, ("c", b"\x16\x03\x01\x00\x05abcde"), ("s", b"\x15\x03\x01\x00\x02\x02(")),
        "",
    ),
    "port21 http": (
        tcp(
            21,
            ("c", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("s", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "port21 ssh": (tcp(21, ("s", "SSH-2.0-x\r\n"), ("c", "SSH-2.0-x\r\n")), ""),
    "json telemetry": (
        tcp(
            80,
            (
                "c",
                "POST /t HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n"
                '{"temp":21,"passed":true,"pass":"1"}',
            ),
            ("s", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "gopher port 23 echo": (
        tcp(
            23,
            ("s", "+OK POP3\r\n"),
            ("c", "USER u\r\n"),
            ("s", "+OK\r\n"),
            ("c", "PASS p\r\n"),
            ("s", "+OK\r\n"),
        ),
        "pop3-credentials-seen",
    ),
    "socks 4 http": (tcp(1080, *FOUR, *WEB), "http-cleartext"),
    "socks 4a http": (tcp(1080, *FOUR_A, *WEB), "http-cleartext"),
    "socks 5 http": (tcp(9050, *FREE, *FIVE, *WEB), "http-cleartext"),
    "socks 5 http by name": (tcp(1080, *FREE, *NAMED, *WEB), "http-cleartext"),
    "socks 5 http behind a login": (
        tcp(
            1080, ("c", b"\5\1\2"), ("s", b"\5\2"), ("c", b"\1\1a\1b"), ("s", b"\1\0"), *FIVE, *WEB
        ),
        "http-cleartext",
    ),
    "socks 5 ftp": (
        tcp(
            1080,
            *FREE,
            *FIVE,
            ("s", "220 ftp\r\n"),
            ("c", "USER bob\r\n"),
            ("s", "331 more\r\n"),
            ("c", "PASS pw\r\n"),
            ("s", "230 in\r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "socks 5 refused": (tcp(1080, *FREE, FIVE[0], ("s", b"\5\2" + FIVE[1][1][2:]), *WEB), ""),
    "news 200": (
        tcp(
            119,
            ("s", "200 news\r\n"),
            ("c", "AUTHINFO USER a\r\n"),
            ("s", "381\r\n"),
            ("c", "AUTHINFO PASS b\r\n"),
            ("s", "281\r\n"),
        ),
        "",
    ),
    "whois": (tcp(43, ("c", "x.com\r\n"), ("s", "Domain: x\r\n")), ""),
    "irc": (tcp(6667, ("c", "NICK a\r\nUSER a 0 * :a\r\n"), ("s", ":x 001 a :hi\r\n")), ""),
    "irc pass": (
        tcp(6667, ("c", "PASS x\r\nNICK a\r\nUSER a 0 * :a\r\n"), ("s", ":x 001 a :hi\r\n")),
        "",
    ),
    "smtp mid ehlo ssh port": (
        tcp(2525, ("s", "220 hi\r\n"), ("c", "EHLO a\r\n"), ("s", "250-hi\r\n250 SIZE\r\n")),
        "",
    ),
    "socks5 userpass": (
        tcp(
            1080,
            ("c", b"\x05\x01\x02"),
            ("s", b"\x05\x02"),
            ("c", b"\x01\x01u\x01p"),
            ("s", b"\x01\x00"),
        ),
        "",
    ),
    "sip options noise": (
        udp(
            5060,
            (
                "c",
                "OPTIONS sip:100@1.1.1.1 SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4\r\n"
                "From: <sip:a@x>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
            ),
        ),
        "",
    ),
    "quic": (
        udp(
            443,
            ("c", b"\xc0\x00\x00\x00\x01\x08" + bytes(1200)),
            ("s", b"\xc0\x00\x00\x00\x01\x08" + bytes(1200)),
        ),
        "",
    ),
    "stun": (
        udp(
            3478,
            ("c", b"\x00\x01\x00\x00!\x12\xa4B" + bytes(12)),
            ("s", b"\x01\x01\x00\x0c!\x12\xa4B" + bytes(24)),
        ),
        "",
    ),
    "ntp": (udp(123, ("c", b"#" + bytes(47)), ("s", b"$\x02" + bytes(46))), ""),
    "rtp": (
        udp(5004, *[("c", b"\x80`" + i.to_bytes(2, "big") + bytes(160)) for i in range(6)]),
        "",
    ),
    "wireguard": (
        udp(51820, ("c", b"\x01\x00\x00\x00" + bytes(144)), ("s", b"\x02\x00\x00\x00" + bytes(88))),
        "",
    ),
    "bittorrent dht": (
        udp(6881, ("c", b"d1:ad2:id20:" + bytes(20) + b"e1:q4:ping1:t2:aa1:y1:qe")),
        "",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
