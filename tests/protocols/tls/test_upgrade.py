"""How servers agree to TLS, in the words of each protocol: whole, in pieces, and not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.protocols.encodings.ber import encode, encode_integer
from iotscan.protocols.tls.upgrade import LONGEST, UPGRADES


def ldap_answer(code: int) -> bytes:
    fields = encode_integer(code, 0x0A) + encode(4, b"") + encode(4, b"")
    return encode(0x30, encode_integer(1) + encode(0x78, fields))


AGREED = [
    ("smtp", 0, b"220-mail.example ESMTP\r\n220 ready\r\n"),
    ("smtp", 1, b"250-mail.example\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n"),
    ("smtp", 1, b"250-mail.example\r\n250 starttls\r\n"),
    ("smtp", 2, b"220 2.0.0 Ready to start TLS\r\n"),
    ("imap", 0, b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n"),
    ("imap", 1, b"* CAPABILITY IMAP4rev1\r\ni1 OK Begin TLS negotiation now.\r\n"),
    ("pop3", 0, b"+OK Dovecot ready.\r\n"),
    ("pop3", 1, b"+OK Begin TLS negotiation now.\r\n"),
    ("ftp", 0, b"220 (vsFTPd 3.0.3)\r\n"),
    ("ftp", 1, b"234 Proceed with negotiation.\r\n"),
    ("ldap", 0, ldap_answer(0)),
    ("postgresql", 0, b"S"),
    ("nats", 0, b'INFO {"server_id":"A","version":"2.9","tls_required":true}\r\n'),
]
DECLINED = [
    ("smtp", 0, b"421 too many connections\r\n"),
    ("smtp", 1, b"250-mail.example\r\n250 HELP\r\n"),
    ("smtp", 1, b"502 what?\r\n"),
    ("smtp", 2, b"454 TLS not available\r\n"),
    ("imap", 1, b"i1 BAD no TLS\r\n"),
    ("pop3", 1, b"-ERR no\r\n"),
    ("ftp", 1, b"530 Please login with USER and PASS.\r\n"),
    ("ldap", 0, ldap_answer(2)),
    ("ldap", 0, b"HTTP/1.1 400\r\n"),
    ("postgresql", 0, b"N"),
    ("nats", 0, b'INFO {"server_id":"A","version":"2.9"}\r\n'),
    ("nats", 0, b"+OK\r\n"),
]


@pytest.mark.parametrize(("name", "step", "said"), AGREED)
def test_a_server_that_agrees_is_believed_once_it_has_said_so(
    name: str, step: int, said: bytes
) -> None:
    agrees = UPGRADES[name][step].agrees
    assert agrees(said) is True
    assert all(agrees(said[:end]) is None for end in range(len(said)))


@pytest.mark.parametrize(("name", "step", "said"), DECLINED)
def test_a_server_that_declines_is_left_alone(name: str, step: int, said: bytes) -> None:
    assert UPGRADES[name][step].agrees(said) is False


@pytest.mark.parametrize("name", UPGRADES)
def test_an_endless_answer_is_given_up(name: str) -> None:
    for ask in UPGRADES[name]:
        assert ask.agrees(b"0\x84\x00\x00\xff\xff" + b"a" * LONGEST) is False


@pytest.mark.parametrize("name", UPGRADES)
@given(heard=st.binary(max_size=80))
def test_judging_never_raises(name: str, heard: bytes) -> None:
    for ask in UPGRADES[name]:
        assert ask.agrees(heard) in (None, False, True)


def test_the_name_we_give_is_nobodys() -> None:
    """RFC 2606: .invalid is no one's domain."""
    assert UPGRADES["smtp"][1].says == b"EHLO iotscan.invalid\r\n"
