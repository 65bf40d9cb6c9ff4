"""A handshake put together from the parts of a connection, however small these are."""

from __future__ import annotations

import pytest

from iotscan.protocols.tls.hello import TLS12
from iotscan.protocols.tls.offers import for_version
from iotscan.protocols.tls.talk import put_together

# TLS 1.2, TLS_RSA_WITH_RC4_128_SHA, a null certificate of 3,000 bytes, and the end of the flight.
HELLO = b"\2\0\0\x26\3\3" + bytes(32) + b"\0\0\5\0"
CHAIN = b"\x0b\0\x0b\xbe\0\x0b\xbb\0\x0b\xb8" + bytes(3000)
DONE = b"\x0e\0\0\0"


def record(message: bytes) -> bytes:
    return b"\x16\3\3" + len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize("size", [1, 7, 500, 100_000])
def test_the_size_of_segments_does_not_matter(size: int) -> None:
    asked = for_version(TLS12).encode()
    answer = record(HELLO) + record(CHAIN) + record(DONE)
    parts = [(True, asked[at : at + size]) for at in range(0, len(asked), size)]
    parts += [(False, answer[at : at + size]) for at in range(0, len(answer), size)]
    found = put_together((i, client, data) for i, (client, data) in enumerate(parts))
    assert found is not None
    assert found.hello is not None
    assert found.flight.hello is not None
    assert (found.flight.hello.suite, found.flight.finished) == (5, True)
    assert found.flight.chain == (bytes(3000),)
    asking = -(-len(asked) // size)
    last = len(record(HELLO)) - 1
    assert (found.asked, found.chosen) == (0, asking + last // size)
    assert found.shown == asking + (last + len(record(CHAIN))) // size


# ServerHellos up to their suites: TLS 1.0 with RC4, 1.2 with RC4, 1.3.
OLD, NEWER, NEWEST = (
    version + bytes(32) + b"\0" + suite
    for version, suite in ((b"\3\1", b"\0\5"), (b"\3\3", b"\0\5"), (b"\3\3", b"\x13\1"))
)


@pytest.mark.parametrize(
    ("body", "proven"),
    [
        (OLD, (0x0301, 5)),
        (OLD[:34], (0x0301, None)),
        (OLD[:20], None),
        (NEWER, (0x0303, 5)),
        (NEWEST, (0x0304, 0x1301)),
        (NEWEST[:36], None),
        (b"\4\4" + OLD[2:], None),
    ],
)
def test_of_a_hello_that_a_capture_cut_only_what_is_proven(
    body: bytes, proven: tuple[int, int | None] | None
) -> None:
    cut = b"\x16\3\3\0\x7a\2\0\0\x76" + body
    found = put_together([(3, True, b"\x16\3\1\0\xc8\1"), (4, False, cut)])
    hello = found.flight.hello if found else None
    assert (hello and (hello.version, hello.suite)) == proven
    assert found is None or found.chosen == (4 if proven else None)
