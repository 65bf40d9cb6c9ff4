"""TLS that others spoke, as captures show it: sessions, certificates, STARTTLS."""

from __future__ import annotations

import importlib
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.model import Channel, Endpoint, Fact, Observation, Service, Transcript, Turn
from iotscan.probe_api import Probe
from iotscan.protocols.tls.hello import TLS12, ClientHello
from iotscan.testing import conversations_in, facts_of

PROBE: Probe = importlib.import_module("iotscan.probes.tls").PROBE
# TLS 1.2 with ECDHE_ECDSA_AES_128_GCM, no extensions.
HELLO = b"\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2b\x00"


facts = partial(facts_of, PROBE)


def captured(*turns: tuple[str, bytes]) -> Transcript:
    service = Service(Endpoint(ip_address("192.0.2.9"), "tcp", 110))
    said = tuple(
        Turn("client" if who == "client" else "server", float(i), data, frame=i + 1)
        for i, (who, data) in enumerate(turns)
    )
    return Transcript("c1", service, "capture", 0.0, said, (Channel(service.endpoint),))


def test_a_captured_handshake_is_a_session_not_an_enquiry() -> None:
    hello = ClientHello(TLS12, (0xC02B,), sni="cloud.example", random=b"\x01" * 32)
    answer = b"\x16\x03\x03" + len(HELLO).to_bytes(2, "big") + HELLO
    talk = captured(("client", hello.encode()), ("server", answer))
    (session,) = facts(talk, "tls.session")
    assert session["server_name"] == "cloud.example"
    assert (session["version"], session["captured"]) == ("TLS 1.2", True)
    assert facts(talk, "tls.summary") == []


def test_a_handshake_after_starttls_is_found() -> None:
    hello = ClientHello(TLS12, (0xC02B,), random=b"\x01" * 32)
    answer = b"\x16\x03\x03" + len(HELLO).to_bytes(2, "big") + HELLO
    talk = captured(
        ("server", b"+OK ready\r\n"),
        ("client", b"STLS\r\n"),
        ("server", b"+OK go on\r\n"),
        ("client", hello.encode()),
        ("server", answer),
    )
    (found,) = [one for one in PROBE.read(talk) if one.kind == "tls.session"]
    assert found.proofs[0].turns == (4,)


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (record(22, b"\x0b\0\0\x0a\0\0\x07\0\0\x04cert"), True),
        (record(22, b"\x0b\0\0\x03\0\0\0"), False),
        (record(22, b"\x10\0\0\x01x") + record(20, b"\1"), None),
        (record(20, b"\1") + record(22, b"\x0b\0\0\x0a\0\0\x07\0\0\x04cert"), None),
        (record(22, b"\x0b\0\0\x0a\0\0\x07\0"), None),
    ],
    ids=["shown", "none to show", "not asked", "encrypted", "cut"],
)
def test_whether_a_client_proved_itself(said: bytes, shown: bool | None) -> None:
    hello = ClientHello(TLS12, (0xC02B,), random=b"\x01" * 32)
    talk = captured(("client", hello.encode()), ("server", record(22, HELLO)), ("client", said))
    (session,) = facts(talk, "tls.session")
    assert session.get("client_certificate_shown") is shown


@pytest.mark.parametrize(
    "data", [b"", b"220 ready\r\n", bytes(range(256)), b"\x16\x03\x01", b"\x80\x00", b"\xff" * 99]
)
def test_what_is_not_tls_says_nothing(data: bytes) -> None:
    assert list(PROBE.read(captured(("server", data)))) == []
    assert list(PROBE.read(captured(("client", data), ("server", data)))) == []


# What ../shared/captures/labels.yaml says of the handshakes in these files, which others made.
SHARED_CAPTURES = {
    "tls/expired.pcap": [("TLS 1.0", "sha1", 2048), ("TLS 1.0", "sha1", 2048)],
    "tls/null-cipher-512.pcap": [("TLS 1.0", "sha1", 512)],
    "tls/v10-selfsigned.pcap": [("TLS 1.0", "sha256", 2048)],
    "tls/v12-ecdsa-valid.pcap": [("TLS 1.2", "sha256", 384)],
    "tls/v13.pcap": [("TLS 1.3", None, None)],
    "mail/pop3-starttls.pcap": [("TLS 1.2", "md5", 2048)],
}


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(SHARED_CAPTURES))
def test_captures_made_by_others(name: str, shared: Path) -> None:
    found = [
        read_one(list(PROBE.read(talk))) for talk in conversations_in(shared / "captures" / name)
    ]
    assert [one for one in found if one] == SHARED_CAPTURES[name]


def read_one(observations: list[Observation]) -> tuple[Fact | None, ...]:
    sessions = [one for one in observations if one.kind == "tls.session"]
    if not sessions:
        return ()
    certificates = [one.facts for one in observations if one.kind == "tls.certificate"]
    leaf = certificates[0] if certificates else {}
    return (sessions[0].facts["version"], leaf.get("signature_hash"), leaf.get("key_bits"))
