"""OPC UA's connection protocol and endpoints, as asyncua gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.industrial.opcua import codec as opcua
from iotscan.protocols.industrial.opcua.codec import Chunk, Offer
from iotscan.protocols.industrial.opcua.wire import Cursor, number, text

ACKNOWLEDGED = bytes.fromhex("41434b461c00000000000000ffff0000ffff00000000040010000000")
CHANNEL = bytes.fromhex(
    "4f504e4687000000060000002f000000687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412f"
    "5365637572697479506f6c696379234e6f6e65ffffffffffffffff01000000010000000100c101304a1c6baf"
    "79dd010100000000000000000000000000000000000000060000000d000000b8491c6baf79dd0160ea000000"
    "000000"
)


def first(data: bytes) -> Chunk:
    found = opcua.decode(data)
    assert found is not None
    assert found[1] == len(data)
    return found[0]


def response(service: int, body: bytes) -> bytes:
    """A message of a server: sequence, type, response header without anything special."""
    head = bytes(16) + b"\x01\x00" + service.to_bytes(2, "little")
    header = bytes(12) + number(0) + b"\0" + number(0) + b"\0\0\0"
    return opcua.encode(opcua.MESSAGE, head + header + body)


def application(name: str) -> bytes:
    texts = text("urn:a") + text("urn:p") + b"\x03" + text("en") + text(name) + number(0)
    return texts + text(None) + text(None) + number(0xFFFFFFFF)


def endpoint(mode: int, policy: str, *tokens: int) -> bytes:
    """An EndpointDescription."""
    kinds = b"".join(text("t") + number(kind) + text(None) * 3 for kind in tokens)
    head = text("opc.tcp://x:4840") + application("Press 4") + text("certificate")
    tail = number(len(tokens)) + kinds + text("profile") + b"\x05"
    return head + number(mode) + text(opcua.POLICY + policy) + tail


TWO = response(
    opcua.ENDPOINTS, number(2) + endpoint(1, "None", 0, 1) + endpoint(3, "Basic256Sha256", 1, 1, 7)
)


def test_a_server_acknowledges_with_large_enough_buffers() -> None:
    assert opcua.acknowledged(first(ACKNOWLEDGED))
    small = ACKNOWLEDGED[:12] + number(4096) + ACKNOWLEDGED[16:]
    assert not opcua.acknowledged(first(small))
    assert not opcua.acknowledged(first(opcua.hello("opc.tcp://x")))


def test_an_error_names_a_bad_status() -> None:
    refused = first(opcua.encode(opcua.ERROR, number(0x80820000) + text("no such endpoint")))
    assert opcua.refusal(refused) == 0x80820000
    assert opcua.refusal(first(opcua.encode(opcua.ERROR, number(7) + text("")))) is None
    assert opcua.refusal(first(ACKNOWLEDGED)) is None


def test_a_channel_without_security_is_opened() -> None:
    asked, told = opcua.opened(first(opcua.open_channel())), opcua.opened(first(CHANNEL))
    assert (asked.policy, asked.service) == (opcua.NONE, opcua.OPEN_CHANNEL)
    assert (told.policy, told.service, told.channel) == (opcua.NONE, opcua.CHANNEL, 6)
    assert opcua.token_of(first(CHANNEL)) == (6, 13)
    with pytest.raises(Malformed):
        opcua.token_of(first(opcua.open_channel()))


def test_a_secured_channel_is_known_by_its_policy_alone() -> None:
    head = number(6) + text(opcua.POLICY + "Basic256Sha256") + text("certificate") + text("thumb")
    found = opcua.opened(first(opcua.encode(opcua.OPEN, head + bytes(40))))
    assert (found.policy, found.service) == (opcua.POLICY + "Basic256Sha256", 0)


def test_endpoints_tell_modes_policies_and_tokens() -> None:
    server = opcua.endpoints([first(TWO)])
    assert (server.application, server.product, server.name) == ("urn:a", "urn:p", "Press 4")
    assert server.offers == (
        Offer("opc.tcp://x:4840", "None", "None", ("anonymous", "user name")),
        Offer("opc.tcp://x:4840", "SignAndEncrypt", "Basic256Sha256", ("user name", "7")),
    )


def test_an_answer_in_several_chunks_is_put_together() -> None:
    body = first(TWO).body
    parts = [Chunk(b"MSG", b"C", body[:200]), Chunk(b"MSG", b"F", body[:16] + body[200:])]
    assert len(opcua.endpoints(parts).offers) == 2
    with pytest.raises(Malformed):
        opcua.endpoints(parts[:1])


@given(cut=st.integers(16, len(TWO) - 9))
def test_an_answer_that_is_cut_off_is_malformed(cut: int) -> None:
    with pytest.raises(Malformed):
        opcua.endpoints([Chunk(b"MSG", b"F", first(TWO).body[:cut])])


def test_more_endpoints_than_a_server_has_are_malformed() -> None:
    one = endpoint(1, "None")
    most = response(opcua.ENDPOINTS, number(64) + one * 64)
    assert len(opcua.endpoints([first(most)]).offers) == 64
    with pytest.raises(Malformed):
        opcua.endpoints([first(response(opcua.ENDPOINTS, number(65) + one * 65))])
    with pytest.raises(Malformed):
        opcua.endpoints([first(response(opcua.CHANNEL, number(0)))])


@given(data=st.binary(max_size=120))
def test_nothing_does_worse_than_malformed(data: bytes) -> None:
    for read in (opcua.opened, opcua.token_of):
        with pytest.raises(Malformed):
            read(Chunk(b"OPN", b"F", data))
    with pytest.raises(Malformed):
        opcua.endpoints([Chunk(b"MSG", b"F", data)])


def test_requests_carry_channel_and_type() -> None:
    asked = first(opcua.get_endpoints(6, 13, "opc.tcp://x:4840"))
    assert opcua.service_of([asked]) == opcua.GET_ENDPOINTS
    assert asked.body[:8] == number(6) + number(13)


@pytest.mark.parametrize("data", [b"GETF\x08\0\0\0", b"HELX\x08\0\0\0", b"HELF\x07\0\0\0"])
def test_what_is_not_opc_ua_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        opcua.decode(data)


def test_a_long_answer_comes_in_chunks_and_nothing_else_does() -> None:
    assert opcua.decode(b"MSGC" + number(8)) == (Chunk(b"MSG", b"C", b""), 8)
    with pytest.raises(Malformed):
        opcua.decode(b"OPNC" + number(8))


def test_ids_of_other_namespaces_and_forms_are_malformed() -> None:
    assert Cursor(b"\x00\x07").type_id() == 7
    assert Cursor(b"\x02\x00\x00\x07\x00\x00\x00").type_id() == 7
    for data in (b"\x01\x01\x07\x00", b"\x03\x00\x00", b"\x02\x01\x00\x07\x00\x00\x00"):
        with pytest.raises(Malformed):
            Cursor(data).type_id()


def test_diagnostics_are_passed_over_and_do_not_nest_without_end() -> None:
    inner = b"\x3f" + bytes(16) + text("why") + bytes(4)
    header = bytes(16) + b"\x40" + inner + number(1) + text("x") + b"\0\0\0"
    cursor = Cursor(header + b"rest")
    assert cursor.response_header() == 0
    assert cursor.skip(4) == b"rest"
    with pytest.raises(Malformed):
        Cursor(bytes(16) + b"\x40" * 5000).response_header()
