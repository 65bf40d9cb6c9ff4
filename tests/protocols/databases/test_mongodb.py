"""MongoDB's messages and BSON, with documents built here by hand; hostile ones too."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.databases import mongodb
from iotscan.protocols.databases.mongodb import Answer
from iotscan.testing import three_ways


def document(*elements: bytes) -> bytes:
    body = b"".join(elements) + b"\0"
    return struct.pack("<i", len(body) + 4) + body


def text(name: str, value: str) -> bytes:
    raw = value.encode() + b"\0"
    return b"\x02" + name.encode() + b"\0" + struct.pack("<i", len(raw)) + raw


def number(name: str, value: float) -> bytes:
    return b"\x01" + name.encode() + b"\0" + struct.pack("<d", value)


def message(kind: int, to: int, body: bytes) -> bytes:
    return struct.pack("<iiii", 16 + len(body), 1, to, kind) + body


def reply(to: int, told: bytes) -> bytes:
    return message(1, to, struct.pack("<iqii", 8, 0, 0, 1) + told)


def msg(to: int, told: bytes) -> bytes:
    return message(2013, to, struct.pack("<iB", 0, 0) + told)


# Every type that a server's answers hold, and most of those that they do not.
TOLD = document(
    b"\x08ismaster\0\x01",
    b"\x10maxWireVersion\0" + struct.pack("<i", 21),
    b"\x09localTime\0" + bytes(8),
    b"\x03topology\0" + document(b"\x07id\0" + bytes(12), b"\x12counter\0" + bytes(8)),
    b"\x04hosts\0" + document(text("0", "a"), text("1", "b")),
    b"\x05key\0" + struct.pack("<iB", 3, 0) + b"abc",
    b"\x0bpattern\0a.*\0i\0",
    b"\x0anothing\0",
    number("ok", 1.0),
)
EXPECTED = {
    "ismaster": True,
    "maxWireVersion": 21,
    "localTime": None,
    "topology": {"id": None, "counter": 0},
    "hosts": ("a", "b"),
    "key": None,
    "pattern": None,
    "nothing": None,
    "ok": 1.0,
}


@pytest.mark.parametrize("build", [reply, msg])
def test_an_answer_is_read_however_it_is_cut(build: object) -> None:
    sample = reply(7, TOLD) if build is reply else msg(7, TOLD)

    def feed(chunks: Sequence[bytes]) -> Answer:
        heard = b""
        for chunk in chunks:
            heard += chunk
            found = mongodb.parse_answer(heard)
            if found is not None:
                return found
        raise AssertionError("the answer is not whole")

    assert three_ways(feed, sample, b"tail") == [Answer(7, EXPECTED, len(sample))] * 3


def test_commands_are_what_the_protocol_asks_for() -> None:
    old = mongodb.old_command(5, "isMaster")
    assert struct.unpack_from("<iiii", old) == (len(old), 5, 0, 2004)
    assert old[20:].startswith(b"admin.$cmd\0")
    assert old.endswith(document(b"\x10isMaster\0" + struct.pack("<i", 1)))
    new = mongodb.command(6, "listDatabases", nameOnly=True)
    assert struct.unpack_from("<iiii", new) == (len(new), 6, 0, 2013)
    asked = (b"\x10listDatabases\0\1\0\0\0", b"\x08nameOnly\0\1", text("$db", "admin"))
    assert new[16:] == bytes(5) + document(*asked)


@pytest.mark.parametrize(
    "told",
    [
        document(b"\x13dec\0" + bytes(15)),
        document(b"\x20what\0"),
        document(text("a", "b")[:-4]),
        document(b"\x02a\0" + struct.pack("<i", 0)),
        document(b"\x02a\0" + struct.pack("<i", 2**31 - 1) + b"x\0"),
        document(b"\x05a\0" + struct.pack("<iB", -5, 0)),
        document(b"\x0ba\0never"),
        document(b"\x0aunended"),
        struct.pack("<i", 500) + b"\0",
        struct.pack("<i", 2) + b"\0",
        document(*[b"\x0aa%d\0" % i for i in range(600)]),
    ],
)
def test_broken_documents_are_refused(told: bytes) -> None:
    with pytest.raises(Malformed):
        mongodb.parse_answer(reply(1, told))


def test_documents_nested_too_deep_are_refused() -> None:
    told = document()
    for _ in range(20):
        told = document(b"\x03a\0" + told)
    with pytest.raises(Malformed):
        mongodb.parse_answer(reply(1, told))


@pytest.mark.parametrize(
    "head",
    [(65_537, 1), (36, 1), (60, 2004), (-1, 1), (60, 0)],
    ids=["too long", "too short", "a question", "negative", "another protocol"],
)
def test_what_is_no_answer_is_refused_at_its_head(head: tuple[int, int]) -> None:
    size, kind = head
    with pytest.raises(Malformed):
        mongodb.parse_answer(struct.pack("<iiii", size, 1, 1, kind))


@given(st.binary(max_size=80).map(lambda told: reply(1, document(told))))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    try:
        mongodb.parse_answer(data)
    except Malformed:
        return
