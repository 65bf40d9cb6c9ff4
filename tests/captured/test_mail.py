"""SMTP, POP3 and IMAP: logins in every form that clients send them in, and what is none."""

from __future__ import annotations

import pytest
from conversing import base64_of, found, tcp

CASES: dict[str, tuple[list[bytes], str]] = {
    "smtp no auth": (
        tcp(25, ("s", "220 mx ESMTP\r\n"), ("c", "EHLO x\r\n"), ("s", "250 ok\r\n")),
        "",
    ),
    "smtp plain oneline": (
        tcp(
            587,
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250-mx\r\n250 AUTH PLAIN LOGIN\r\n"),
            ("c", "AUTH PLAIN " + base64_of("\x00u\x00p") + "\r\n"),
            ("s", "235 ok\r\n"),
        ),
        "smtp-credentials-seen",
    ),
    "smtp plain two": (
        tcp(
            25,
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 AUTH PLAIN\r\n"),
            ("c", "AUTH PLAIN\r\n"),
            ("s", "334 \r\n"),
            ("c", base64_of("\x00u\x00p") + "\r\n"),
            ("s", "535 no\r\n"),
        ),
        "smtp-credentials-seen",
    ),
    "smtp login": (
        tcp(
            25,
            ("s", "220 mx\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 AUTH LOGIN\r\n"),
            ("c", "AUTH LOGIN\r\n"),
            ("s", "334 VXNlcm5hbWU6\r\n"),
            ("c", base64_of("u") + "\r\n"),
            ("s", "334 UGFzc3dvcmQ6\r\n"),
            ("c", base64_of("p") + "\r\n"),
            ("s", "235 ok\r\n"),
        ),
        "smtp-credentials-seen",
    ),
    "smtp login initial": (
        tcp(
            25,
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 AUTH=LOGIN\r\n"),
            ("c", "auth login " + base64_of("u") + "\r\n"),
            ("s", "334 UGFzc3dvcmQ6\r\n"),
            ("c", base64_of("p") + "\r\n"),
            ("s", "235 ok\r\n"),
        ),
        "smtp-credentials-seen",
    ),
    "smtp cram": (
        tcp(
            25,
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 AUTH CRAM-MD5\r\n"),
            ("c", "AUTH CRAM-MD5\r\n"),
            ("s", "334 " + base64_of("<1@x>") + "\r\n"),
            ("c", base64_of("u 0123456789abcdef0123456789abcdef") + "\r\n"),
            ("s", "235 ok\r\n"),
        ),
        "",
    ),
    "smtp starttls": (
        tcp(
            25,
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 STARTTLS\r\n"),
            ("c", "STARTTLS\r\n"),
            ("s", "220 go\r\n"),
            ("c", b"\x16\x03\x01\x00\x05hello"),
        ),
        "",
    ),
    "smtp xoauth2": (
        tcp(
            25,
            ("s", "220 mx ESMTP\r\n"),
            ("c", "EHLO x\r\n"),
            ("s", "250 AUTH XOAUTH2\r\n"),
            ("c", "AUTH XOAUTH2 " + base64_of("user=a\x01auth=Bearer x\x01\x01") + "\r\n"),
            ("s", "235 ok\r\n"),
        ),
        "",
    ),
    "pop3 user": (
        tcp(
            110,
            ("s", "+OK ready\r\n"),
            ("c", "USER u\r\n"),
            ("s", "+OK\r\n"),
            ("c", "PASS p\r\n"),
            ("s", "+OK in\r\n"),
        ),
        "pop3-credentials-seen",
    ),
    "pop3 bad": (
        tcp(
            110,
            ("s", "+OK ready\r\n"),
            ("c", "USER u\r\n"),
            ("s", "+OK\r\n"),
            ("c", "PASS p\r\n"),
            ("s", "-ERR no\r\n"),
        ),
        "pop3-credentials-seen",
    ),
    "pop3 apop": (
        tcp(
            110,
            ("s", "+OK <1.2@x>\r\n"),
            ("c", "APOP u 0123456789abcdef0123456789abcdef\r\n"),
            ("s", "+OK\r\n"),
        ),
        "",
    ),
    "pop3 auth plain": (
        tcp(
            110,
            ("s", "+OK ready\r\n"),
            ("c", "AUTH PLAIN\r\n"),
            ("s", "+ \r\n"),
            ("c", base64_of("\x00u\x00p") + "\r\n"),
            ("s", "+OK\r\n"),
        ),
        "pop3-credentials-seen",
    ),
    "pop3 auth login": (
        tcp(
            110,
            ("s", "+OK ready\r\n"),
            ("c", "AUTH LOGIN\r\n"),
            ("s", "+ VXNlcm5hbWU6\r\n"),
            ("c", base64_of("u") + "\r\n"),
            ("s", "+ UGFzc3dvcmQ6\r\n"),
            ("c", base64_of("p") + "\r\n"),
            ("s", "+OK\r\n"),
        ),
        "pop3-credentials-seen",
    ),
    "pop3 auth plain initial": (
        tcp(
            110,
            ("s", "+OK ready\r\n"),
            ("c", "AUTH PLAIN " + base64_of("\x00u\x00p") + "\r\n"),
            ("s", "+OK\r\n"),
        ),
        "pop3-credentials-seen",
    ),
    "pop3 capa": (
        tcp(110, ("s", "+OK ready\r\n"), ("c", "CAPA\r\n"), ("s", "+OK\r\nUSER\r\n.\r\n")),
        "",
    ),
    "imap login": (
        tcp(143, ("s", "* OK IMAP4 ready\r\n"), ("c", "a1 LOGIN u p\r\n"), ("s", "a1 OK in\r\n")),
        "imap-credentials-seen",
    ),
    "imap quoted": (
        tcp(143, ("s", "* OK ready\r\n"), ("c", '1 login "u@x" "p w"\r\n'), ("s", "1 NO bad\r\n")),
        "imap-credentials-seen",
    ),
    "imap literal": (
        tcp(
            143,
            ("s", "* OK IMAP4rev1\r\n"),
            ("c", "a LOGIN {1}\r\n"),
            ("s", "+ go\r\n"),
            ("c", "u {3}\r\n"),
            ("s", "+ go\r\n"),
            ("c", "pwd\r\n"),
            ("s", "a OK\r\n"),
        ),
        "imap-credentials-seen",
    ),
    "imap literal+": (
        tcp(
            143,
            ("s", "* OK IMAP4rev1\r\n"),
            ("c", "a LOGIN {1+}\r\nu {3+}\r\npwd\r\n"),
            ("s", "a OK\r\n"),
        ),
        "imap-credentials-seen",
    ),
    "imap auth plain": (
        tcp(
            143,
            ("s", "* OK IMAP4rev1\r\n"),
            ("c", "a AUTHENTICATE PLAIN\r\n"),
            ("s", "+ \r\n"),
            ("c", base64_of("\x00u\x00p") + "\r\n"),
            ("s", "a OK\r\n"),
        ),
        "imap-credentials-seen",
    ),
    "imap auth plain ir": (
        tcp(
            143,
            ("s", "* OK IMAP4rev1\r\n"),
            ("c", "a AUTHENTICATE PLAIN " + base64_of("\x00u\x00p") + "\r\n"),
            ("s", "a OK\r\n"),
        ),
        "imap-credentials-seen",
    ),
    "imap auth login": (
        tcp(
            143,
            ("s", "* OK IMAP4rev1\r\n"),
            ("c", "a AUTHENTICATE LOGIN\r\n"),
            ("s", "+ VXNlciBOYW1lAA==\r\n"),
            ("c", base64_of("u") + "\r\n"),
            ("s", "+ UGFzc3dvcmQA\r\n"),
            ("c", base64_of("p") + "\r\n"),
            ("s", "a OK\r\n"),
        ),
        "imap-credentials-seen",
    ),
    "imap cram": (
        tcp(
            143,
            ("s", "* OK IMAP4rev1\r\n"),
            ("c", "a AUTHENTICATE CRAM-MD5\r\n"),
            ("s", "+ PDE=\r\n"),
            ("c", base64_of("u 0123456789abcdef0123456789abcdef") + "\r\n"),
            ("s", "a OK\r\n"),
        ),
        "",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
