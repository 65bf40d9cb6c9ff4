"""FTP's control channel and listings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import Sender, Turn
from iotscan.protocols.common.overheard import lines
from iotscan.protocols.ftp.codec import (
    Command,
    Entry,
    Reply,
    control,
    data_port,
    features,
    is_greeting,
    listing,
    may_change,
)
from iotscan.testing import three_ways

FEATURES = b"211-Features:\r\n EPRT\r\n mlst type*;perm*;\r\n211 End\r\n"


def parsed(*said: tuple[Sender, bytes]) -> list[Reply | Command]:
    turns = [(i, Turn(sender, 0.0, data)) for i, (sender, data) in enumerate(said)]
    return list(control(lines(turns)))


def test_replies_of_several_lines_are_one_however_they_arrive() -> None:
    sample = b"220-Welcome\r\n220 of the house\r\n220 ready\r\n" + FEATURES

    def feed(chunks: object) -> list[tuple[int, str]]:
        assert isinstance(chunks, list)
        said = parsed(*(("server", chunk) for chunk in chunks))
        return [(item.code, item.text) for item in said if isinstance(item, Reply)]

    whole, bytewise, tailed = three_ways(feed, sample, b"150 Open")
    assert whole == bytewise == tailed
    assert whole == [
        (220, "Welcome\nof the house"),
        (220, "ready"),
        (211, "Features:\nEPRT\nmlst type*;perm*;\nEnd"),
    ]


def test_a_line_that_looks_like_another_reply_stays_inside_its_own() -> None:
    said = parsed(("server", b"230-Hello\r\n226 files\r\n230-more\r\n230 done\r\n"))
    assert said == [Reply(230, "Hello\n226 files\nmore\ndone", 0)]


def test_commands_are_read_in_their_order_and_what_is_none_is_left_out() -> None:
    said = parsed(
        ("server", b"220 x\r\n"), ("client", b"user Cam 1\r\n"), ("client", b"\x00\x01\r\nQUIT\r\n")
    )
    assert said == [Reply(220, "x", 0), Command("USER", b"Cam 1", 1), Command("QUIT", b"", 2)]


@pytest.mark.parametrize(
    ("heard", "ftp"),
    [
        (b"220 (vsFTPd 3.0.3)\r\n", True),
        (b"220 Operation successful\r\n", True),
        (b"220-Pure-FTPd\r\n", True),
        (b"421 Too many users, FTP closed\r\n", True),
        (b"220 mail.example ESMTP Postfix\r\n", False),
        (b"220 Microsoft Mail\r\n", False),
        (b"421 busy\r\n", False),
        (b"200 news ready\r\n", False),
        (b"220", False),
        (b"220 no end of line", False),
        (b"", False),
    ],
)
def test_a_greeting_is_known_and_mail_is_not_taken_for_it(heard: bytes, ftp: bool) -> None:
    assert is_greeting(heard) is ftp


def test_features_are_what_a_reply_lists() -> None:
    (reply,) = parsed(("server", FEATURES))
    assert isinstance(reply, Reply)
    assert features(reply) == ("EPRT", "MLST TYPE*;PERM*;")
    assert features(Reply(502, "no\nno\nno")) == ()


@pytest.mark.parametrize(
    ("reply", "port"),
    [
        (Reply(229, "Entering Extended Passive Mode (|||40001|)"), 40001),
        (Reply(227, "Entering Passive Mode (10,0,0,9,156,65)."), 40001),
        (Reply(227, "=10,0,0,9,0,0"), None),
        (Reply(227, "10,0,0,9,256,1"), None),
        (Reply(229, "(|||70000|)"), None),
        (Reply(500, "(|||40001|)"), None),
        (Reply(227, "nothing"), None),
    ],
)
def test_the_port_of_a_data_connection_is_read(reply: Reply, port: int | None) -> None:
    assert data_port(reply) == port


def test_a_listing_tells_what_everybody_may_write_to() -> None:
    text = (
        b"total 3\r\n"
        b"drwxr-xr-x    2 0        0            4096 Nov 21 12:00 pub\r\n"
        b"drwxrwxrwx    2 65534    65534        4096 Nov 21 12:00 in coming\r\n"
        b"-rw-r--rw-    1 ftp          1234 Jan  1  2024 conf.bak\r\n"
        b"lrwxrwxrwx    1 0        0               9 Nov 21 12:00 link -> elsewhere\r\n"
        b"drwxrwxrwt    2 0        0            4096 Nov 21 12:00 ..\r\n"
        b"01-01-24  10:00AM   <DIR>  windows\r\n"
    )
    assert listing(text) == (
        Entry("pub", True, 4096),
        Entry("in coming", True, 4096, True),
        Entry("conf.bak", False, 1234, True),
        Entry("link", False, 9),
    )


@pytest.mark.parametrize(
    ("reply", "granted"),
    [
        (Reply(250, "Start\nType=dir;Perm=cdeflmp; /\nEnd"), True),
        (Reply(250, "Start\ntype=dir;perm=el; /\nEnd"), False),
        (Reply(250, "Start\ntype=dir; /\nEnd"), None),
        (Reply(550, "perm=c;"), None),
    ],
)
def test_mlst_says_what_this_user_may_do(reply: Reply, granted: bool | None) -> None:
    assert may_change(reply) is granted


@given(st.binary(max_size=300))
def test_garbage_never_raises(data: bytes) -> None:
    for item in parsed(("server", data), ("client", data)):
        if isinstance(item, Reply):
            features(item), data_port(item), may_change(item)
    listing(data)
    assert is_greeting(data) in (True, False)
