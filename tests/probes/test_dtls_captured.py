"""DTLS that others spoke, as captures show it: handshakes, resumed sessions, other protocols."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from handshakes import COOKIE, PSK_FLIGHT, REFUSAL, VERIFY, hello, message

from iotscan import plugins, testing
from iotscan.protocols.dtls.records import Record, encode_record
from iotscan.protocols.tls.hello import DTLS12, ClientHello
from iotscan.testing import conversations_in, facts_of

PROBE = next(probe for probe in plugins.probes() if probe.name == "dtls")


facts = partial(facts_of, PROBE)


captured = partial(testing.captured, port=4433, transport="udp")


def foreign_hello(cookie: bytes, number: int) -> bytes:
    body = ClientHello(DTLS12, (0xC0A8,), random=b"r" * 32, cookie=cookie).body()
    return message(1, body, number)


def test_a_captured_handshake_is_read_on_any_port() -> None:
    talk = captured(
        [
            ("client", foreign_hello(b"", 0)),
            ("server", VERIFY),
            ("client", foreign_hello(COOKIE, 1)),
            ("server", PSK_FLIGHT),
            ("client", encode_record(Record(22, DTLS12, 1, 0, b"\x99" * 40))),
            ("server", encode_record(Record(23, DTLS12, 1, 1, b"\x99" * 40))),
        ]
    )
    (seen,) = [seen for seen in PROBE.read(talk) if seen.kind == "dtls.service"]
    assert (seen.facts["captured"], seen.facts["cookie"], seen.facts["version"]) == (
        True,
        True,
        "DTLS 1.2",
    )
    assert seen.proofs[0].turns == (0, 1, 2, 3)


def test_a_capture_that_begins_late_does_not_say_whether_a_cookie_was_asked() -> None:
    talk = captured([("client", foreign_hello(COOKIE, 1)), ("server", PSK_FLIGHT)])
    assert "cookie" not in facts(talk, "dtls.service")[0]
    assert "cookie" not in facts(captured([("server", PSK_FLIGHT)]), "dtls.service")[0]


def test_a_refused_foreign_hello_decides_no_version() -> None:
    talk = captured([("client", foreign_hello(b"", 0)), ("server", REFUSAL)])
    assert facts(talk, "dtls.version") == []


def test_the_hint_is_cleaned() -> None:
    flight = message(2, hello(0xC0A8), 1) + message(12, b"\x00\x06\x1b[2Jhi", 2)
    (found,) = facts(captured([("server", flight)]), "dtls.service")
    assert found["psk_identity_hint"] == "[2Jhi"
    # The flight did not end: a certificate could still come.
    assert "certificate" not in found


@pytest.mark.parametrize(
    "data", [b"", b"\x16\xfe\xfd", bytes(300), bytes(range(256)), b"\x17\xfe\xfd" + b"\x00" * 10]
)
def test_other_talk_is_not_read(data: bytes) -> None:
    assert list(PROBE.read(captured([("client", data), ("server", data)]))) == []


def test_tls_over_tcp_is_left_to_others() -> None:
    assert list(PROBE.read(captured([("server", PSK_FLIGHT)], transport="tcp"))) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "version", "subject", "digest"),
    [
        ("v10-selfsigned.pcap", "DTLS 1.0", "CN=bro", "sha1"),
        (
            "v12-selfsigned.pcap",
            "DTLS 1.2",
            "O=Internet Widgits Pty Ltd,ST=Some-State,C=AU",
            "sha256",
        ),
    ],
)
def test_captures_made_by_others(
    name: str, version: str, subject: str, digest: str, shared: Path
) -> None:
    """Hellos in fragments, a chain in seven datagrams, sessions that go on encrypted."""
    (talk,) = conversations_in(shared / "captures" / "dtls" / name)
    (found,) = facts(talk, "dtls.service")
    assert (found["version"], found["cookie"], found["certificate"]) == (version, True, True)
    (shown,) = facts(talk, "dtls.certificate")
    assert (shown["subject"], shown["self_signed"], shown["signature_hash"]) == (
        subject,
        True,
        digest,
    )
