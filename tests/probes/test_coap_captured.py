"""CoAP that others spoke, as captures show it, and what reading makes of single answers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan import plugins
from iotscan.model import (
    Channel,
    Endpoint,
    Observation,
    Sender,
    Service,
    TlsFacts,
    Transcript,
    Transport,
    Turn,
)
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap.codec import Message, Type, encode, get
from iotscan.protocols.coap.tcp import encode_tcp
from iotscan.testing import facts_of

PROBE = next(probe for probe in plugins.probes() if probe.name == "coap")
LIST = b'</temp>;rt="temperature";if="core.s";obs,</lamp>;if="core.a";title="Lamp",</door/unlock>'
HOME = ip_address("127.0.0.1")


def service(port: int, transport: Transport = "udp", tls: bool = False) -> Service:
    return Service(Endpoint(HOME, transport, port), "coap", tls)


def transcript(
    said: Sequence[tuple[Sender, bytes]],
    transport: Transport = "udp",
    port: int = 5683,
    tls: TlsFacts | None = None,
) -> Transcript:
    where = service(port, transport)
    turns = tuple(Turn(sender, float(i), data) for i, (sender, data) in enumerate(said))
    return Transcript("c9", where, "coap", 0.0, turns, (Channel(where.endpoint, tls=tls),))


facts = partial(facts_of, PROBE)


def content(
    request: Message, payload: bytes, *options: tuple[int, bytes], code: int = coap.CONTENT
) -> bytes:
    answer = Message(code, Type.ACK, request.mid, request.token, options, payload)
    return encode(answer)


ASKED = get("/wifi/ssid", 5, b"t")


def test_captured_talk_on_any_port_is_read_from_either_side() -> None:
    pair: list[tuple[Sender, bytes]] = [
        ("client", encode(ASKED)),
        ("server", content(ASKED, b"home")),
    ]
    talk = transcript(pair, port=17500)
    assert facts(talk, "coap.service") == [
        {"transport": "udp", "cleartext": True, "role": "server", "answered": True}
    ]
    assert facts(talk, "coap.resource") == [
        {
            "path": "/wifi/ssid",
            "looks_personal": True,
            "personal_kind": "network",
            "code": "2.05",
            "advertised": False,
            "readable": True,
            "bytes": 4,
        }
    ]
    other: dict[Sender, Sender] = {"client": "server", "server": "client"}
    turned = transcript([(other[sender], data) for sender, data in pair], port=17500)
    assert facts(turned, "coap.service") == [
        {"transport": "udp", "cleartext": True, "role": "client"}
    ]
    assert facts(turned, "coap.resource") == []


@pytest.mark.parametrize("port", [5683, 17500])
def test_a_question_without_answer_shows_no_service(port: int) -> None:
    talk = transcript([("client", encode(ASKED))], port=port)
    assert facts(talk, "coap.service") == []


def test_a_captured_change_that_was_accepted_is_the_proof() -> None:
    put = Message(
        coap.PUT, Type.CON, 8, b"p", ((coap.URI_PATH, b"r"), (coap.URI_PATH, b"Bus")), b"1"
    )
    talk = transcript([("client", encode(put)), ("server", content(put, b"", code=0x44))])
    (seen,) = [seen for seen in PROBE.read(talk) if seen.kind == "coap.writable"]
    assert seen.facts == {"path": "/r/Bus", "inferred_from": "PUT was accepted"}
    assert seen.proofs[0].turns == (0, 1)


@pytest.mark.parametrize("code", [coap.UNAUTHORIZED, coap.FORBIDDEN, 0x84])
def test_a_change_that_was_refused_proves_nothing(code: int) -> None:
    put = Message(coap.PUT, Type.CON, 8, b"p", ((coap.URI_PATH, b"r"),), b"1")
    talk = transcript([("client", encode(put)), ("server", content(put, b"", code=code))])
    assert facts(talk, "coap.writable") == []


def test_what_a_resource_that_may_not_be_read_says_of_itself_is_not_believed() -> None:
    core, lamp, bulb = (
        get(p, i, b"%d" % i) for i, p in enumerate(("/.well-known/core", "/a", "/b"))
    )
    said: list[tuple[Sender, bytes]] = [
        ("client", encode(core)),
        ("server", content(core, b"</a>;if=core.a,</b>")),
        ("client", encode(lamp)),
        ("server", content(lamp, b"", code=coap.UNAUTHORIZED)),
        ("client", encode(bulb)),
        ("server", content(bulb, b"", code=coap.METHOD_NOT_ALLOWED)),
    ]
    talk = transcript(said)
    assert facts(talk, "coap.writable") == [
        {"path": "/b", "inferred_from": "it does not take GET (4.05)"}
    ]
    resources = facts(talk, "coap.resource")
    assert [(r["path"], r.get("readable")) for r in resources] == [("/a", False), ("/b", None)]


def test_messages_protected_by_oscore_are_not_called_cleartext() -> None:
    post = Message(coap.POST, Type.CON, 8, b"p", ((coap.OSCORE, b"\x09\x01"),), b"sealed")
    answer = content(post, b"sealed", (coap.OSCORE, b""), code=0x44)
    talk = transcript([("client", encode(post)), ("server", answer)])
    assert facts(talk, "coap.service")[0]["cleartext"] is False
    assert facts(talk, "coap.security") == [{"oscore_used": True}]
    assert facts(talk, "coap.writable") == []


def test_object_security_that_is_advertised_is_reported() -> None:
    core = get("/.well-known/core", 1, b"c")
    listed = b"</a>;osc,</.well-known/edhoc>;rt=core.edhoc"
    talk = transcript([("client", encode(core)), ("server", content(core, listed))])
    assert facts(talk, "coap.security") == [{"oscore_advertised": True, "edhoc_advertised": True}]


@pytest.mark.parametrize("payload", [b"\x83\x01\x02\x03", b"hello"])
def test_a_list_that_is_no_list_is_neither_open_nor_closed(payload: bytes) -> None:
    core = get("/.well-known/core", 1, b"c")
    talk = transcript([("client", encode(core)), ("server", content(core, payload))])
    (found,) = facts(talk, "coap.discovery")
    assert "open" not in found
    assert "resources" not in found


def test_a_shelly_names_itself_in_every_answer() -> None:
    ask = get("/cit/d", 1, b"")
    answer = content(ask, b"{}", (3332, b"SHSW-1#A020A6146209#2\x1b[31m"))
    (found,) = facts(transcript([("client", encode(ask)), ("server", answer)]), "coap.platform")
    assert found["name"] == "Shelly CoIoT"
    assert found["device"] == "SHSW-1#A020A6146209#2 [31m"


def test_text_of_the_device_is_cleaned() -> None:
    core = get("/.well-known/core", 1, b"c")
    nasty = '</\u202eevil\x1b[2J>;title="a\nb"'.encode()
    talk = transcript([("client", encode(core)), ("server", content(core, nasty))])
    (found,) = facts(talk, "coap.discovery")
    assert found["paths"] == ("/\\u202eevil [2J",)


def tcp_talk(tls: TlsFacts | None) -> Transcript:
    ask = get("/t", 0, b"1", kind=None)
    answer = Message(coap.CONTENT, None, 0, b"1", (), b"x")
    client = encode_tcp(coap.csm(1152)) + encode_tcp(ask)
    server = encode_tcp(coap.csm(1152)) + encode_tcp(answer)
    return transcript([("client", client), ("server", server)], "tcp", tls=tls)


def test_inside_tls_it_is_not_cleartext() -> None:
    assert facts(tcp_talk(None), "coap.service")[0]["cleartext"] is True
    assert facts(tcp_talk(TlsFacts("TLSv1.3")), "coap.service")[0]["cleartext"] is False
    assert facts(tcp_talk(None), "coap.amplification") == []


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 300, bytes(range(256)), b"HTTP/1.1 200 OK\r\n\r\n", b"\xff" * 70_000],
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_other_talk_is_not_read(data: bytes, transport: Transport) -> None:
    assert list(PROBE.read(transcript([("client", data), ("server", data)], transport))) == []


def test_every_fact_has_its_word_and_type() -> None:
    kinds = {kind.name: kind for kind in PROBE.emits}
    core, temp = get("/.well-known/core", 1, b"c"), get("/temp", 2, b"d", observe=0)
    seen: list[Observation] = list(
        PROBE.read(
            transcript(
                [
                    ("client", encode(core)),
                    ("server", content(core, LIST + b",</oic/res>")),
                    ("client", encode(temp)),
                    (
                        "server",
                        content(temp, b"1", (coap.OBSERVE, b"\x01"), (coap.CONTENT_FORMAT, b"")),
                    ),
                ]
            )
        )
    )
    assert {one.kind for one in seen} == set(kinds)
    for one in seen:
        for word, fact in one.facts.items():
            assert type(fact) is kinds[one.kind].facts[word]


def datagrams_of(path: Path, port: int) -> list[tuple[Sender, bytes]]:
    """What an IPv4 server's UDP port heard and said in a little-endian pcap with Ethernet."""
    data, at, said = path.read_bytes(), 24, list[tuple[Sender, bytes]]()
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16 : at + 16 + size]
        at += 16 + size
        ip = frame[14:]
        if frame[12:14] != b"\x08\x00" or ip[9] != 17:
            continue
        udp = ip[(ip[0] & 15) * 4 : int.from_bytes(ip[2:4], "big")]
        source, destination = struct.unpack_from(">HH", udp)
        if port in (source, destination):
            said.append(("server" if source == port else "client", udp[8:]))
    return said


@pytest.mark.shared
def test_a_capture_made_by_others(shared: Path) -> None:
    """Four hundred changes of one resource on an odd port, all accepted, none protected."""
    path = shared / "captures" / "coap" / "nonstandard-ports-with-mqtt.pcap"
    talk = transcript(datagrams_of(path, 17500), port=17500)
    assert len(talk.turns) == 800
    assert facts(talk, "coap.service") == [
        {"transport": "udp", "cleartext": True, "role": "server", "answered": True}
    ]
    assert facts(talk, "coap.writable") == [
        {"path": "/r/Bus17Cmd", "inferred_from": "PUT was accepted"}
    ]
