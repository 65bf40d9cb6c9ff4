"""ONC RPC and the two lists of NFS, from bytes that rpcbind and nfs-ganesha really sent."""

from __future__ import annotations

from base64 import b64decode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.sunrpc import codec as sunrpc
from iotscan.protocols.sunrpc import nfs
from iotscan.protocols.sunrpc.codec import Reply, Xdr
from iotscan.protocols.sunrpc.nfs import Export, Mapping

# rpcbind 1.2.6: its list with NFS version 3 and the mount daemon on 20048.
PROGRAMS = b64decode(
    "gAABDGlvcwIAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAEAAYagAAAABAAAAAYAAABvAAAAAQABhqAAAAADAAAABgAAAG8AAAAB"
    "AAGGoAAAAAIAAAAGAAAAbwAAAAEAAYagAAAABAAAABEAAABvAAAAAQABhqAAAAADAAAAEQAAAG8AAAABAAGGoAAAAAIAAAAR"
    "AAAAbwAAAAEAAYajAAAAAwAAABEAAAgBAAAAAQABhqMAAAADAAAABgAACAEAAAABAAGGpQAAAAEAAAARAABOUAAAAAEAAYal"
    "AAAAAQAAAAYAAE5QAAAAAQABhqUAAAADAAAAEQAATlAAAAABAAGGpQAAAAMAAAAGAABOUAAAAAA="
)


def text(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value + bytes(-len(value) % 4)


def listed(*folders: tuple[bytes, tuple[bytes, ...]]) -> bytes:
    """A mount daemon's list, as RFC 1813 appendix I writes it."""
    more, end = b"\0\0\0\1", bytes(4)
    body = b""
    for path, clients in folders:
        body += more + text(path) + b"".join(more + text(one) for one in clients) + end
    return body + end


def accepted(xid: int, state: int, body: bytes = b"") -> bytes:
    return sunrpc.record(
        xid.to_bytes(4, "big") + b"\0\0\0\1" + bytes(12) + state.to_bytes(4, "big") + body
    )


def test_a_call_is_what_nmap_and_showmount_send() -> None:
    assert nfs.ask_programs(0x11223344).hex() == (
        "80000028112233440000000000000002000186a00000000200000004" + "00" * 16
    )
    assert nfs.ask_exports(1, 3)[16:28].hex() == "000186a50000000300000005"


def test_the_list_of_programs_tells_where_the_mount_daemon_is() -> None:
    found = sunrpc.take(PROGRAMS)
    assert found is not None
    reply, length = found
    assert (reply.xid, reply.state, length) == (0x696F7302, "success", len(PROGRAMS))
    programs = nfs.programs(reply.body)
    assert len(programs) == 12
    assert programs[0] == Mapping(100_000, 4, True, 111)
    assert nfs.mount_port(programs) == (20_048, 3)
    assert nfs.mount_port(programs[:8]) is None


def test_an_old_mount_daemon_is_asked_in_its_own_version() -> None:
    assert nfs.mount_port((Mapping(nfs.MOUNTD, 1, True, 635),)) == (635, 1)
    assert nfs.mount_port((Mapping(nfs.MOUNTD, 3, False, 635),)) is None, "UDP is not asked"
    assert nfs.mount_port((Mapping(nfs.MOUNTD, 3, True, 70_000),)) is None, "no such port"


@pytest.mark.parametrize(
    ("clients", "everyone"),
    [
        ((), True),
        ((b"*",), True),
        ((b"10.0.0.7", b"*"), True),
        ((b"(everyone)",), True),
        ((b"Everyone",), True),
        ((b"0.0.0.0/0",), True),
        ((b"0.0.0.0/0.0.0.0",), True),
        ((b"::/0",), True),
        ((b"10.0.0.0/8",), False),
        ((b"*.example.net",), False),
        ((b"@trusted", b"nas2"), False),
        ((b"\xff\xfe",), False),
    ],
)
def test_who_may_mount(clients: tuple[bytes, ...], everyone: bool) -> None:
    (found,) = nfs.exports(listed((b"/volume1/video", clients)))
    assert found == Export(b"/volume1/video", clients)
    assert found.everyone is everyone


def test_a_reply_is_read_whole_in_fragments_byte_by_byte_and_with_a_tail() -> None:
    message = PROGRAMS[4:]
    parts = [message[:100], message[100:104], message[104:]]
    marks = [len(parts[0]), len(parts[1]), len(parts[2]) | 0x80000000]
    split = b"".join(
        mark.to_bytes(4, "big") + part for mark, part in zip(marks, parts, strict=True)
    )
    for sample in (PROGRAMS, split):
        whole = sunrpc.take(sample)
        assert whole == (sunrpc.parse(message), len(sample))
        assert sunrpc.take(sample + b"tail") == whole
        assert all(sunrpc.take(sample[:end]) is None for end in range(len(sample)))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (0, "success"),
        (1, "program unavailable"),
        (2, "version not supported"),
        (3, "procedure unavailable"),
        (4, "garbage arguments"),
        (5, "system error"),
    ],
)
def test_every_answer_of_a_host_is_told_apart(state: int, said: str) -> None:
    found = sunrpc.take(accepted(7, state, bytes(8)))
    assert found is not None
    assert (found[0].state, found[0].body) == (said, bytes(8) if state == 0 else b"")


def test_a_denial_is_no_answer_to_the_question() -> None:
    denied = sunrpc.record(bytes.fromhex("00000007 00000001 00000001 00000001 00000005"))
    assert sunrpc.take(denied) == (Reply(7, "denied"), len(denied))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x00\x00\x00",
        sunrpc.record(sunrpc.call(1, 2, 3, 4)),
        accepted(1, 9),
        sunrpc.record(bytes.fromhex("00000007 00000001 00000002")),
        sunrpc.record(bytes.fromhex("00000007 00000001 00000001 00000009")),
        sunrpc.record(bytes.fromhex("00000007 00000001 00000000 00000000 0000ffff")),
        b"\x80\xff\xff\xff",
    ],
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        sunrpc.take(data)


@pytest.mark.parametrize("body", [b"", b"\0\0\0\2", listed((b"x" * 1025, ())), listed()[:-1]])
def test_lists_that_break_off_or_lie_are_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        nfs.exports(body)


@given(st.binary(max_size=200))
def test_rubbish_never_does_worse_than_malformed(data: bytes) -> None:
    for read in (sunrpc.take, sunrpc.parse, nfs.programs, nfs.exports):
        with suppress(Malformed):
            read(data)


@given(st.lists(st.tuples(st.binary(max_size=40), st.lists(st.binary(max_size=20), max_size=4))))
def test_a_list_comes_out_as_it_went_in(folders: list[tuple[bytes, list[bytes]]]) -> None:
    wanted = tuple(Export(path, tuple(clients)) for path, clients in folders)
    body = listed(*((one.path, one.clients) for one in wanted))
    assert nfs.exports(body) == wanted[:512]


def test_numbers_past_the_end_are_refused() -> None:
    words = Xdr(b"\0\0\0\1\0\0")
    assert words.number() == 1
    with pytest.raises(Malformed):
        words.number()
