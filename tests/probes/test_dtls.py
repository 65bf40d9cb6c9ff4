"""The DTLS probe against libcoap with PSK and with certificates, hostile peers, and captures."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from daemons import free_port, libcoap
from handshakes import COOKIE, PSK_FLIGHT, REFUSAL, VERIFY, hello, message

from iotscan import plugins, testing
from iotscan.assess.candidates import Candidates
from iotscan.model import (
    Ending,
)
from iotscan.protocols.dtls.codec import parse_client
from iotscan.protocols.dtls.offers import client_hello, goodbye
from iotscan.protocols.dtls.records import Record, encode_record, records
from iotscan.protocols.tls.codec import ALERT
from iotscan.protocols.tls.hello import DTLS10, DTLS12
from iotscan.settings import Limits
from iotscan.testing import Answerer, Reply, captured, facts_of, on_loopback, serve_udp

PROBE = next(probe for probe in plugins.probes() if probe.name == "dtls")
QUICK = Limits(read_timeout=0.3, host_connections_per_second=1000.0)
PATIENT = Limits(read_timeout=2.0)


service = partial(on_loopback, name="dtls", transport="udp")
converse = partial(testing.converse, PROBE, limits=QUICK)
facts = partial(facts_of, PROBE)


def psk_device(said: list[bytes]) -> Answerer:
    """Takes DTLS 1.2 with a cookie and a pre-shared key, and refuses 1.0."""

    def answer(data: bytes, reply: Reply) -> None:
        said.append(data)
        found = parse_client([data])
        if not found:
            return
        if found[0].version == DTLS10:
            reply(REFUSAL)
        else:
            reply(PSK_FLIGHT if found[0].cookie == COOKIE else VERIFY)

    return answer


async def test_a_psk_device_shows_what_it_shows_to_anyone() -> None:
    said: list[bytes] = []
    async with serve_udp(psk_device(said)) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.COMPLETE
    sent = [turn.data for turn in talk.turns if turn.sender == "client"]
    assert sent == [
        client_hello(DTLS12),
        client_hello(DTLS12, COOKIE, number=1),
        goodbye(DTLS12),
        client_hello(DTLS10),
    ]
    assert facts(talk, "dtls.service") == [
        {
            "version": "DTLS 1.2",
            "cipher": "TLS_PSK_WITH_AES_128_CCM_8",
            "weak": False,
            "weaknesses": (),
            "forward_secrecy": False,
            "psk": True,
            "psk_hint": True,
            "psk_identity_hint": "cam1",
            "certificate": False,
            "client_certificate_requested": False,
            "compression": False,
            "cookie": True,
            "request_bytes": len(client_hello(DTLS12)),
            "response_bytes": len(VERIFY),
            "ratio": 0.2,
            "captured": False,
        }
    ]
    assert facts(talk, "dtls.version") == [
        {"version": "DTLS 1.2", "accepted": True},
        {"version": "DTLS 1.0", "accepted": False, "refusal": "protocol_version"},
    ]


async def test_a_server_without_cookie_is_an_amplifier() -> None:
    flight = message(2, hello(0xC02B), 0) + message(11, b"\x00\x03\x03\x00\x03\x00" + bytes(768), 1)

    def answer(data: bytes, reply: Reply) -> None:
        if parse_client([data]):
            reply(flight)
            reply(message(14, b"", 2))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    (found,) = facts(talk, "dtls.service")
    assert found["cookie"] is False
    assert found["response_bytes"] == len(flight) + 25
    assert isinstance(found["ratio"], float)
    assert found["ratio"] > 3
    # Bytes that are no certificate are no certificate facts.
    assert found["certificate"] is True
    assert facts(talk, "dtls.certificate") == []


async def test_an_old_server_is_asked_once() -> None:
    old = message(2, hello(0x002F, DTLS10), 0) + message(14, b"", 1)

    def answer(data: bytes, reply: Reply) -> None:
        if parse_client([data]):
            reply(old)

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert len(talk.channels) == 1
    assert facts(talk, "dtls.version") == [
        {"version": "DTLS 1.0", "accepted": True},
        {"version": "DTLS 1.2", "accepted": False, "refusal": "chose DTLS 1.0"},
    ]


async def test_a_server_that_drops_the_old_hello_leaves_it_unknown() -> None:
    def answer(data: bytes, reply: Reply) -> None:
        found = parse_client([data])
        if found and found[0].version == DTLS12:
            reply(PSK_FLIGHT)

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "dtls.version") == [{"version": "DTLS 1.2", "accepted": True}]


async def test_a_refusal_is_a_dtls_service_without_version() -> None:
    async with serve_udp(lambda data, reply: reply(REFUSAL)) as port:
        talk = await converse(service(port))
    (found,) = facts(talk, "dtls.service")
    assert found["refusal"] == "protocol_version"
    assert "version" not in found
    assert "cookie" not in found
    assert [(one["version"], one["accepted"]) for one in facts(talk, "dtls.version")] == [
        ("DTLS 1.2", False),
        ("DTLS 1.0", False),
    ]


async def test_a_server_that_fails_on_keys_is_asked_without() -> None:
    def answer(data: bytes, reply: Reply) -> None:
        found = parse_client([data])
        if not found or found[0].version == DTLS10:
            return
        if 0xC0A8 in found[0].suites:
            reply(encode_record(Record(ALERT, DTLS10, 0, 0, b"\x02\x28")))
        else:
            reply(message(2, hello(0xC0AE), 0) + message(14, b"", 1))

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    (found,) = facts(talk, "dtls.service")
    assert found["cipher"] == "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"
    # What was refused was the key, not the version.
    assert facts(talk, "dtls.version") == [{"version": "DTLS 1.2", "accepted": True}]


async def test_an_error_of_the_server_declines_nothing() -> None:
    internal = encode_record(Record(ALERT, DTLS10, 0, 0, b"\x02\x50"))
    async with serve_udp(lambda data, reply: reply(internal)) as port:
        talk = await converse(service(port))
    assert all("accepted" not in one for one in facts(talk, "dtls.version"))


async def test_a_lost_hello_is_repeated_once() -> None:
    said: list[bytes] = []

    def answer(data: bytes, reply: Reply) -> None:
        said.append(data)
        if len(said) > 1 and parse_client([data]):
            reply(PSK_FLIGHT)

    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert said[0] == said[1]
    assert talk.ending is Ending.COMPLETE


def _flood(data: bytes, reply: Reply) -> None:
    for _ in range(200):
        reply(VERIFY)


HOSTILE_UDP = {
    "silent": (lambda data, reply: None, Ending.TIMEOUT),
    "echo": (lambda data, reply: reply(data), Ending.TIMEOUT),
    "cookies for ever": (_flood, Ending.WRONG_PROTOCOL),
    "noise": (lambda data, reply: reply(bytes(range(256))), Ending.TIMEOUT),
    "another protocol": (lambda data, reply: reply(b"SSH-2.0-x\r\n"), Ending.TIMEOUT),
    "half a record": (lambda data, reply: reply(PSK_FLIGHT[:-3]), Ending.TIMEOUT),
    "empty datagrams": (lambda data, reply: reply(b""), Ending.TIMEOUT),
    "largest datagram": (lambda data, reply: reply(b"\x16\xfe\xfd" * 21_000), Ending.TIMEOUT),
}


@pytest.mark.parametrize("name", HOSTILE_UDP)
async def test_hostile_peers_end_in_time_with_the_truth(name: str) -> None:
    answer, ending = HOSTILE_UDP[name]
    began = time.monotonic()
    async with serve_udp(answer) as port:
        talk = await converse(service(port))
    assert time.monotonic() - began < 30
    assert talk.ending is ending
    assert [one for one in facts(talk, "dtls.service") if "version" in one] == []
    hellos = [turn.data for turn in talk.turns if turn.sender == "client"]
    assert len(set(hellos)) <= 4


async def test_a_closed_port_is_refused() -> None:
    talk = await converse(service(free_port()))
    assert talk.ending is Ending.REFUSED


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed EC certificate and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bulb-17")])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=9000))
    certificate = builder.sign(key, hashes.SHA256())
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return cert_file, key_file


@pytest.mark.parametrize(("flavour", "old"), [("openssl", False), ("gnutls", True)])
async def test_libcoap_with_a_key(flavour: str, old: bool) -> None:
    with libcoap(flavour, "-k", "not-for-us", "-h", "gateway-42") as port:
        talk = await converse(service(port + 1), limits=PATIENT)
    assert talk.ending is Ending.COMPLETE
    (found,) = facts(talk, "dtls.service")
    assert found["version"] == "DTLS 1.2"
    assert found["cipher"] == "TLS_PSK_WITH_AES_128_CCM_8"
    assert (found["psk"], found["psk_identity_hint"], found["cookie"]) == (True, "gateway-42", True)
    assert found["certificate"] is False
    accepted = {one["version"]: one["accepted"] for one in facts(talk, "dtls.version")}
    assert accepted == {"DTLS 1.2": True, "DTLS 1.0": old}


@pytest.mark.parametrize("flavour", ["openssl", "gnutls"])
async def test_libcoap_with_a_certificate(flavour: str, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with libcoap(flavour, "-c", str(certificate), "-j", str(key), "-n") as port:
        talk = await converse(service(port + 1), limits=PATIENT)
    (found,) = facts(talk, "dtls.service")
    assert (found["certificate"], found["psk"], found["forward_secrecy"]) == (True, False, True)
    assert "psk_hint" not in found
    shown = facts(talk, "dtls.certificate")
    assert [one["subject"] for one in shown][:1] == ["CN=bulb-17"]
    assert all(one["self_signed"] is True for one in shown)
    for seen in PROBE.read(talk):
        assert all(index < len(talk.turns) for index in seen.proofs[0].turns)


@pytest.mark.parametrize(
    ("heard", "ours"),
    [
        (VERIFY, True),
        (PSK_FLIGHT, True),
        (REFUSAL, True),
        (client_hello(DTLS12), False),
        (b"\x15\x03\x01\x00\x02\x02\x46", False),
        (bytes.fromhex("60457d34ff32322e332043"), False),
        (b"", False),
    ],
)
def test_only_dtls_is_recognised(heard: bytes, ours: bool) -> None:
    assert PROBE.recognises(heard) is ours


def test_the_opening_is_a_hello_without_cookie() -> None:
    (opening,) = PROBE.openings
    assert (opening.transport, opening.ports) == ("udp", (5684,))
    (found,) = parse_client([opening.says])
    assert (found.version, found.cookie) == (DTLS12, b"")
    assert len(records(opening.says)) == 1


@pytest.mark.parametrize(("head", "found"), [(b"", 1), (b"\1\0\0\0", 1), (b"\1\0\0\1", 0)])
def test_access_points_put_four_bytes_before_it(head: bytes, found: int) -> None:
    asked, answered = client_hello(DTLS12), message(2, hello(0xC02B), 0)
    talk = captured([("client", head + asked), ("server", head + answered)], 5246, "udp")
    assert Candidates({PROBE.name: PROBE}).of(talk) == (PROBE,)
    assert len(facts(talk, "dtls.service")) == found
