"""PostgreSQL's first messages."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.databases.postgresql import SSL_REQUEST, Answer, start, take, takes_tls

# As PostgreSQL 15 writes it to a client whose address it has no entry for.
_FIELDS = b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry\0Fauth.c\0L542\0RClientAuth\0\0"
NO_ENTRY = b"E" + (4 + len(_FIELDS)).to_bytes(4, "big") + _FIELDS
NO_DATABASE = NO_ENTRY.replace(b"28000", b"3D000")


def test_the_questions_are_what_psql_asks() -> None:
    assert SSL_REQUEST.hex() == "0000000804d2162f"
    assert start("postgres") == (b"\0\0\0\x29\0\3\0\0user\0postgres\0database\0postgres\0\0")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (b"R\0\0\0\x08\0\0\0\0", Answer(True)),
        (b"R\0\0\0\x08\0\0\0\3", Answer(False)),
        (b"R\0\0\0\x0c\0\0\0\5salt", Answer(False)),
        (b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", Answer(False)),
        (NO_ENTRY, Answer(False, "28000")),
        (NO_DATABASE, Answer(None, "3D000")),
    ],
)
def test_the_answer_to_a_session_without_a_password(said: bytes, found: Answer) -> None:
    assert take(said) == take(said + b"S\0\0\0") == found
    assert all(take(said[:end]) is None for end in range(len(said)))


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400\r\n",
        b"R\0\0\0\4",
        b"R\0\0\0\6\0\0",
        b"R\x7f\0\0\0",
        b"E\0\0\0\x08abc\0",
    ],
)
def test_what_is_no_answer_is_refused(said: bytes) -> None:
    with pytest.raises(Malformed):
        take(said)


def test_one_byte_answers_the_question_for_tls() -> None:
    assert [takes_tls(heard) for heard in (b"", b"S", b"N", b"E")] == [None, True, False, False]


@given(st.binary(max_size=100))
def test_rubbish_never_does_worse_than_malformed(said: bytes) -> None:
    with suppress(Malformed):
        take(said)
