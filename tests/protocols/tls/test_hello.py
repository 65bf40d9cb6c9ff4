"""ClientHellos: ours, those of OpenSSL, and garbage. Covers iotscan.protocols.tls.wire."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.tls.codec import parse_client
from iotscan.protocols.tls.hello import (
    SSL2,
    TLS10,
    TLS12,
    TLS13,
    ClientHello,
    is_grease,
    parse_body,
    version_name,
)
from iotscan.protocols.tls.offers import (
    MOST_SUITES,
    asks_for_static,
    asks_for_weak,
    for_static_keys,
    for_version,
    for_weak_suites,
)
from iotscan.protocols.tls.suites import suite
from iotscan.protocols.tls.wire import Cursor, extensions, numbers
from iotscan.testing import three_ways

NUMBER = st.integers(0, 0xFFFF).filter(lambda n: not is_grease(n))
NUMBERS = st.lists(NUMBER, min_size=1, max_size=20, unique=True).map(tuple)
HELLOS = st.builds(
    ClientHello,
    version=st.sampled_from([0x0300, TLS10, TLS12]),
    suites=NUMBERS,
    versions=st.just(()) | NUMBERS,
    sni=st.sampled_from(["", "camera.example"]),
    alpn=st.just(()) | st.lists(st.sampled_from(["h2", "mqtt"]), min_size=1).map(tuple),
    groups=st.just(()) | NUMBERS,
    signatures=st.just(()) | NUMBERS,
    shares=st.just(()) | st.lists(st.tuples(NUMBER, st.binary(max_size=65)), min_size=1).map(tuple),
    random=st.binary(min_size=32, max_size=32),
    session=st.binary(max_size=32),
)


@given(HELLOS)
def test_what_is_written_is_read_again(hello: ClientHello) -> None:
    found = parse_client(hello.encode())
    assert found is not None
    assert found.extensions == tuple(dict.fromkeys(found.extensions))
    plain = ClientHello(
        **{name: getattr(found, name) for name in ClientHello.__slots__} | {"extensions": ()}
    )
    assert plain == hello


@given(HELLOS)
def test_a_hello_is_read_whole_in_pieces_and_with_a_tail(hello: ClientHello) -> None:
    def feed(chunks: Iterable[bytes]) -> ClientHello | None:
        heard = b""
        for chunk in chunks:
            heard += chunk
            found = parse_client(heard)
            if found is not None:
                return found
        return None

    whole, bytewise, tailed = three_ways(feed, hello.encode(), b"\x14\x03\x03\x00\x01\x01")
    assert whole == bytewise == tailed
    assert whole is not None


def test_the_hello_of_another_stack_is_read() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="camera.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    found = parse_client(outgoing.read())
    assert found is not None
    assert (found.sni, found.alpn) == ("camera.example", ("http/1.1",))
    assert found.version == TLS12
    assert found.highest == TLS13
    assert 0x1301 in found.suites
    assert found.groups
    assert found.shares


def test_an_ssl2_hello_has_its_own_form() -> None:
    hello = for_version(SSL2)
    data = hello.encode()
    assert data[:5] == b"\x80\x2e\x01\x00\x02"
    found = parse_client(data)
    assert found is not None
    assert (found.ssl2, found.version, found.suites) == (True, SSL2, hello.suites)
    assert parse_client(data[:-1]) is None


def test_grease_is_left_out() -> None:
    hello = ClientHello(TLS12, (0x0A0A, 0xC02B), versions=(0xFAFA, TLS13), groups=(0x1A1A, 29))
    found = parse_client(hello.encode())
    assert found is not None
    assert (found.suites, found.versions, found.groups) == ((0xC02B,), (TLS13,), (29,))
    assert not is_grease(0x0A1A)


def test_the_newest_version_offered_also_of_datagrams_which_count_down() -> None:
    assert ClientHello(TLS12, (1,)).highest == TLS12
    assert ClientHello(TLS12, (1,), versions=(0x0303, TLS13)).highest == TLS13
    assert ClientHello(0xFEFD, (1,), versions=(0xFEFD, 0xFEFC)).highest == 0xFEFC


def test_a_datagram_hello_carries_a_cookie() -> None:
    hello = ClientHello(0xFEFD, (0xC0A8,), cookie=b"biscuit")
    assert parse_body(hello.body(), datagram=True).cookie == b"biscuit"
    assert parse_body(ClientHello(0xFEFD, (0xC0A8,)).body()).cookie is None


@pytest.mark.parametrize(
    ("number", "name"),
    [(0x0002, "SSL 2.0"), (0x0300, "SSL 3.0"), (0x0304, "TLS 1.3"), (0x7F12, "0x7F12")],
)
def test_versions_have_their_usual_names(number: int, name: str) -> None:
    assert version_name(number) == name


def test_a_random_of_the_wrong_length_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="32"):
        ClientHello(TLS12, (1,), random=b"short").encode()


@given(st.binary(max_size=200))
def test_garbage_is_malformed_or_incomplete(data: bytes) -> None:
    for parse in (parse_client, parse_body, extensions):
        with suppress(Malformed):
            parse(data)


def test_lists_and_vectors_end_where_they_say() -> None:
    with pytest.raises(Malformed):
        numbers(b"\x00\x01\x02", 2)
    with pytest.raises(Malformed):
        Cursor(b"\x05abc").vector(1)
    assert Cursor(b"\x02abc").vector(1) == b"ab"
    assert extensions(b"\x00\x0a\x00\x01x\x00\x0a\x00\x01y") == {10: b"x"}


def test_our_questions_are_told_apart_when_they_are_read_again() -> None:
    for version in (0x0300, TLS10, 0x0302, TLS12, TLS13):
        plain = parse_client(for_version(version).encode())
        assert plain is not None
        assert plain.highest == version
        assert not asks_for_weak(plain)
        assert not asks_for_static(plain)
    weak = parse_client(for_weak_suites(TLS12).encode())
    static = parse_client(for_static_keys(TLS12).encode())
    assert weak is not None
    assert static is not None
    assert asks_for_weak(weak)
    assert not asks_for_static(weak)
    assert asks_for_static(static)
    assert not asks_for_weak(static)
    ssl2 = for_version(SSL2)
    assert not asks_for_weak(ssl2)
    assert not asks_for_static(ssl2)


def test_weak_suites_are_asked_for_worst_first_and_few_enough() -> None:
    weak = for_weak_suites(TLS12)
    assert len(weak.suites) <= MOST_SUITES
    assert "NULL" in suite(weak.suites[0]).weaknesses
    kinds = frozenset().union(*(suite(number).weaknesses for number in weak.suites))
    assert kinds == {"NULL", "ANON", "EXPORT", "RC4", "RC2", "DES", "3DES", "MD5"}
    without = for_weak_suites(TLS12, frozenset({"RC4", "MD5"}))
    assert not any({"RC4", "MD5"} & suite(number).weaknesses for number in without.suites)
