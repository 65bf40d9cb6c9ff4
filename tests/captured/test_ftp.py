"""FTP: logins in every form that clients send them in, and what is no login."""

from __future__ import annotations

import pytest
from conversing import found, tcp


def ftp(*said: tuple[str, bytes | str]) -> list[bytes]:
    return tcp(21, *said)


CASES: dict[str, tuple[list[bytes], str]] = {
    "ftp german": (
        ftp(
            ("s", "220 Willkommen beim FTP-Server der Anlage\r\n"),
            ("c", "USER admin\r\n"),
            ("s", "331 Passwort erforderlich\r\n"),
            ("c", "PASS x\r\n"),
            ("s", "230 Angemeldet\r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp chinese": (
        ftp(
            ("s", "220 »¶Ó\xad\r\n".encode("latin1")),
            ("c", "USER admin\r\n"),
            ("s", b"331 \xc7\xeb\xca\xe4\xc8\xeb\r\n"),
            ("c", "PASS x\r\n"),
            ("s", b"230 ok\r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp lower": (
        ftp(
            ("s", "220-hi\r\n220 there\r\n"),
            ("c", "user admin\r\n"),
            ("s", "331 go\r\n"),
            ("c", "pass x\r\n"),
            ("s", "530 Login incorrect.\r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp anon ok": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "USER anonymous\r\n"),
            ("s", "331 x\r\n"),
            ("c", "PASS a@b\r\n"),
            ("s", "230-welcome\r\n230 ok\r\n"),
        ),
        "ftp-anonymous-login ftp-cleartext",
    ),
    "ftp anon direct 230": (
        ftp(("s", "220 x\r\n"), ("c", "USER ftp\r\n"), ("s", "230 ok\r\n")),
        "ftp-anonymous-login ftp-cleartext",
    ),
    "ftp anon refused": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "USER anonymous\r\n"),
            ("s", "331 x\r\n"),
            ("c", "PASS a@b\r\n"),
            ("s", "530 no\r\n"),
        ),
        "ftp-cleartext",
    ),
    "ftp tls": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "AUTH TLS\r\n"),
            ("s", "234 ok\r\n"),
            ("c", b"\x16\x03\x01\x00\x05hello"),
        ),
        "",
    ),
    "ftp auth refused then user": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "AUTH TLS\r\n"),
            ("s", "530 no\r\n"),
            ("c", "USER bob\r\n"),
            ("s", "331\r\n"),
            ("c", "PASS x\r\n"),
            ("s", "230\r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp USER empty pass": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "USER bob\r\n"),
            ("s", "331 \r\n"),
            ("c", "PASS \r\n"),
            ("s", "230 \r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp user only": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "USER bob\r\n"),
            ("s", "331 \r\n"),
            ("c", "QUIT\r\n"),
            ("s", "221 \r\n"),
        ),
        "ftp-cleartext",
    ),
    "ftp odd port banner": (
        tcp(
            2121,
            ("s", "220 FTP server ready\r\n"),
            ("c", "USER bob\r\n"),
            ("s", "331 \r\n"),
            ("c", "PASS x\r\n"),
            ("s", "230 \r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp no banner mid": (
        tcp(
            21, ("c", "USER bob\r\n"), ("s", "331 pw\r\n"), ("c", "PASS x\r\n"), ("s", "230 ok\r\n")
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
    "ftp 220 only": (ftp(("s", "220 FTP\r\n")), "ftp-cleartext"),
    "ftp 421": (ftp(("s", "421 too many\r\n")), "ftp-cleartext"),
    "ftp 332 acct": (
        ftp(
            ("s", "220 x\r\n"),
            ("c", "USER bob\r\n"),
            ("s", "331 \r\n"),
            ("c", "PASS x\r\n"),
            ("s", "332 acct\r\n"),
            ("c", "ACCT y\r\n"),
            ("s", "230 \r\n"),
        ),
        "ftp-cleartext ftp-credentials-seen",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
