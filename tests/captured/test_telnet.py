"""Telnet of many makers, in words of several languages."""

from __future__ import annotations

import pytest
from conversing import found, tcp

CASES: dict[str, tuple[list[bytes], str]] = {
    "telnet win": (
        tcp(
            23,
            (
                "s",
                b"\xff\xfd%\xff\xfb\x01\xff\xfb\x03\xff\xfd'\xff\xfd\x1f\xff\xfd\x00\xff\xfb\x00",
            ),
            ("c", b"\xff\xfc%\xff\xfd\x01"),
            ("s", "Welcome to Microsoft Telnet Service \r\n\n\rlogin: "),
            ("c", "admin\r\n"),
            ("s", "admin\r\npassword: "),
            ("c", "pw\r\n"),
            ("s", "\r\n*===============\r\nC:\\Users\\admin>"),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet cisco": (
        tcp(
            23,
            (
                "s",
                b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\r\nUser Access\r\nPassword: ",
            ),
            ("c", "cisco\r\n"),
            ("s", "\r\nrouter>"),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet username": (
        tcp(
            23,
            ("s", b"\xff\xfb\x01\r\nUsername: "),
            ("c", "a"),
            ("s", "a"),
            ("c", "b"),
            ("s", "b"),
            ("c", "\r\x00"),
            ("s", "\r\nPassword: "),
            ("c", "x"),
            ("c", "y"),
            ("c", "\r\x00"),
            ("s", "\r\nSwitch#"),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet account": (
        tcp(
            23,
            ("s", b"\xff\xfb\x01\r\nAccount:"),
            ("c", "admin\r\n"),
            ("s", "\r\nPassword:"),
            ("c", "zxcv\r\n"),
            ("s", "\r\n> "),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet localized": (
        tcp(
            23,
            ("s", b"\xff\xfb\x01\r\nBenutzername: "),
            ("c", "admin\r\n"),
            ("s", "\r\nKennwort: "),
            ("c", "x\r\n"),
            ("s", "\r\nAnmeldung fehlgeschlagen\r\n"),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet user": (
        tcp(
            23,
            ("s", b"\xff\xfb\x01\xff\xfb\x03User:"),
            ("c", "admin\r\n"),
            ("s", "Password:****"),
            ("c", "x\r\n"),
            ("s", "\r\n(Switch) >"),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet bot nopw": (
        tcp(
            23,
            ("s", b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\nhost login: "),
            ("c", "root\r\n"),
            ("s", "root\r\nPassword: "),
            ("c", "xc3511\r\n"),
            ("s", "\r\nLogin incorrect\r\nhost login: "),
            ("c", "root\r\n"),
            ("s", "root\r\nPassword: "),
            ("c", "vizxv\r\n"),
            ("s", "\r\n# "),
            ("c", "enable\r\n"),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet linemode": (
        tcp(
            23,
            ("s", b'\xff\xfd"'),
            ("c", b'\xff\xfb"\xff\xfa"\x03\x01\x00\x00\xff\xf0'),
            ("s", b'\xff\xfa"\x01\x0f\xff\xf0Login: '),
            ("c", "bob\r\n"),
            ("s", "Password: "),
            ("c", "pw\r\n"),
            ("s", "$ "),
        ),
        "telnet-cleartext-session telnet-credentials-seen",
    ),
    "telnet tls": (tcp(992, ("c", b"\x16\x03\x01\x00\x05hello")), ""),
    "telnet shell open": (
        tcp(
            23, ("s", b"\xff\xfb\x01BusyBox v1.19\r\n# "), ("c", "ls\r\n"), ("s", "ls\r\nbin\r\n# ")
        ),
        "telnet-cleartext-session",
    ),
    "telnet syn only text": (
        tcp(23, ("s", "MikroTik v6.40\r\nLogin: ")),
        "telnet-cleartext-session",
    ),
    "telnet text no prompt": (
        tcp(23, ("s", "hello this is a bbs\r\n"), ("c", "x\r\n"), ("s", "what?\r\n")),
        "telnet-cleartext-session",
    ),
    "telnet closed silently": (tcp(23, ("c", "root\r\n")), ""),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
