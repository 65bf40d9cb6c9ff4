"""The TLS probe against real servers: old ones by tlslite-ng, new ones by the system's OpenSSL."""

from __future__ import annotations

import importlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from iotscan import testing
from iotscan.model import (
    Channel,
    TlsFacts,
    Transcript,
)
from iotscan.probe_api import Probe
from iotscan.testing import facts_of, on_loopback, only_facts

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports asyncore where there is one
    tlslite = importlib.import_module("tlslite.api")

PROBE: Probe = importlib.import_module("iotscan.probes.tls").PROBE
BEGIN, END = datetime(2019, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)

Handshake = Callable[[socket.socket], object]


service_at = partial(on_loopback, name="https", tls=True)


async def converse(port: int) -> Transcript:
    return await testing.converse(PROBE, service_at(port))


facts = partial(facts_of, PROBE)


def accepted(talk: Transcript) -> dict[object, object]:
    return {one["version"]: one.get("accepted") for one in facts(talk, "tls.version")}


summary = partial(only_facts, PROBE, kind="tls.summary")


@contextmanager
def serving(handshake: Handshake) -> Iterator[int]:
    """A server on loopback that shakes hands in a thread and goes no further; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(60)
                # What the probe asks for is what such a server refuses.
                with suppress(OSError, ValueError, AssertionError, tlslite.BaseTLSException):
                    handshake(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def make_certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, address: str = "127.0.0.1"
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device.lan")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), False)
        .sign(key, hashes.SHA256())
    )


RSA_KEY = rsa.generate_private_key(65537, 1024)
# tlslite-ng signs with PSS and SHA-512, for which 1024 bits are too few.
LARGE_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def key_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def old_server(anonymous: bool = False, **settings: Any) -> Handshake:
    """tlslite-ng, which still speaks what OpenSSL dropped."""
    chain = tlslite.X509CertChain()
    chain.parsePemList(make_certificate(LARGE_KEY).public_bytes(Encoding.PEM).decode())
    key = tlslite.parsePEMKey(key_pem(LARGE_KEY).decode(), private=True)
    wanted = tlslite.HandshakeSettings()
    wanted.minKeySize = 512
    for name, value in settings.items():
        setattr(wanted, name, value)

    def handshake(connection: socket.socket) -> None:
        session = tlslite.TLSConnection(connection)
        if anonymous:
            session.handshakeServer(anon=True, settings=wanted)
        else:
            session.handshakeServer(certChain=chain, privateKey=key, settings=wanted)

    return handshake


@pytest.fixture
def new_server(tmp_path: Path) -> Callable[..., Handshake]:
    """The system's OpenSSL, as a device with an RSA-1024 key or with an EC key."""

    def make(
        lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
        highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        ciphers: str = "DEFAULT:@SECLEVEL=0",
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = EC_KEY,
        ask_for_certificate: bool = False,
    ) -> Handshake:
        pem = tmp_path / "server.pem"
        pem.write_bytes(key_pem(key) + make_certificate(key).public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(ciphers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 is what is meant
            context.minimum_version, context.maximum_version = lowest, highest
        context.load_cert_chain(pem)
        if ask_for_certificate:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(pem)
        return lambda connection: context.wrap_socket(connection, server_side=True)

    return make


async def test_an_ssl3_device_with_rc4_is_seen_for_what_it_is() -> None:
    settings: dict[str, Any] = {
        "minVersion": (3, 0),
        "maxVersion": (3, 0),
        "cipherNames": ["rc4"],
        "macNames": ["md5"],
        "keyExchangeNames": ["rsa"],
    }
    with serving(old_server(**settings)) as port:
        talk = await converse(port)
    assert accepted(talk)["SSL 3.0"] is True
    assert accepted(talk)["TLS 1.2"] is False
    (suite,) = facts(talk, "tls.suite")
    assert (suite["name"], suite["weaknesses"]) == ("TLS_RSA_WITH_RC4_128_MD5", ("MD5", "RC4"))
    found = summary(talk)
    assert (found["modern_only"], found["retired_version_accepted"]) == (False, True)
    assert (found["weak_suite_accepted"], found["static_keys_accepted"]) == (True, True)


@pytest.mark.parametrize(
    ("settings", "version", "weakness"),
    [
        ({"minVersion": (3, 1), "maxVersion": (3, 1), "cipherNames": ["3des"]}, "TLS 1.0", "3DES"),
        ({"minVersion": (3, 1), "maxVersion": (3, 2), "cipherNames": ["rc4"]}, "TLS 1.1", "RC4"),
        ({"minVersion": (3, 3), "maxVersion": (3, 3), "cipherNames": ["null"]}, "TLS 1.2", "NULL"),
    ],
)
async def test_weak_suites_that_the_systems_library_cannot_offer(
    settings: dict[str, Any], version: str, weakness: str
) -> None:
    with serving(old_server(**settings)) as port:
        talk = await converse(port)
    assert accepted(talk)[version] is True
    assert any(weakness in one["weaknesses"] for one in facts(talk, "tls.suite"))
    assert summary(talk)["weak_suite_accepted"] is True


async def test_a_server_without_authentication_is_found() -> None:
    with serving(old_server(anonymous=True, minVersion=(3, 1), maxVersion=(3, 3))) as port:
        talk = await converse(port)
    suites = facts(talk, "tls.suite")
    assert suites
    assert all("ANON" in one["weaknesses"] for one in suites)
    assert facts(talk, "tls.certificate") == []


async def test_a_modern_server_is_modern_only(new_server: Callable[..., Handshake]) -> None:
    with serving(new_server(ciphers="ECDHE+AESGCM")) as port:
        talk = await converse(port)
    assert accepted(talk) == {
        "TLS 1.3": True,
        "TLS 1.2": True,
        "TLS 1.1": False,
        "TLS 1.0": False,
        "SSL 3.0": False,
        "SSL 2.0": False,
    }
    found = summary(talk)
    assert found["modern_only"] is True
    assert found["complete"] is True
    assert found["static_keys_accepted"] is False
    assert found["versions"] == ("TLS 1.2", "TLS 1.3")
    assert len(talk.channels) <= 9


async def test_the_alert_is_noted_where_a_version_is_declined(
    new_server: Callable[..., Handshake],
) -> None:
    with serving(new_server()) as port:
        talk = await converse(port)
    refusals = {one["version"]: one.get("refusal") for one in facts(talk, "tls.version")}
    assert refusals["TLS 1.0"] == "protocol_version"
    assert refusals["TLS 1.2"] is None


async def test_old_versions_beside_new_ones_are_found(
    new_server: Callable[..., Handshake],
) -> None:
    server = new_server(ssl.TLSVersion.TLSv1, ciphers="ALL:@SECLEVEL=0", key=RSA_KEY)
    with serving(server) as port:
        talk = await converse(port)
    assert [accepted(talk)[f"TLS 1.{n}"] for n in (0, 1, 2, 3)] == [True, True, True, True]
    found = summary(talk)
    assert (found["modern_only"], found["static_keys_accepted"]) == (False, True)


async def test_the_certificate_of_a_tls13_only_server_is_read_though_it_is_encrypted(
    new_server: Callable[..., Handshake],
) -> None:
    server = new_server(ssl.TLSVersion.TLSv1_3, ask_for_certificate=True)
    with serving(server) as port:
        talk = await converse(port)
    (certificate,) = facts(talk, "tls.certificate")
    assert certificate["subject"] == "CN=device.lan"
    (session,) = facts(talk, "tls.session")
    assert session["version"] == "TLS 1.3"
    assert session["client_certificate_requested"] is True
    assert summary(talk)["modern_only"] is True


async def test_the_facts_of_a_certificate(new_server: Callable[..., Handshake]) -> None:
    with serving(new_server(key=RSA_KEY)) as port:
        talk = await converse(port)
    (found,) = facts(talk, "tls.certificate")
    assert (found["key_type"], found["key_bits"], found["signature_hash"]) == (
        "RSA",
        1024,
        "sha256",
    )
    assert (found["self_signed"], found["self_signature_verified"]) == (True, True)
    assert (found["not_before"], found["not_after"]) == (
        int(BEGIN.timestamp()),
        int(END.timestamp()),
    )
    assert found["for_address"] is True
    assert found["names"] == ("127.0.0.1", "device.lan")
    (session,) = facts(talk, "tls.session")
    assert session["client_certificate_requested"] is False
    assert (session["forward_secrecy"], session["captured"]) == (True, False)


async def test_a_small_prime_is_measured() -> None:
    _, prime = small = tlslite_group(1024)
    settings: dict[str, Any] = {
        "keyExchangeNames": ["dhe_rsa"],
        "maxVersion": (3, 3),
        "dhParams": small,
    }
    with serving(old_server(**settings)) as port:
        talk = await converse(port)
    sizes = {one.get("key_exchange_bits") for one in facts(talk, "tls.suite")}
    assert sizes == {prime.bit_length()} == {1024}


def tlslite_group(bits: int) -> tuple[int, int]:
    groups = importlib.import_module("tlslite.mathtls").goodGroupParameters
    return next((g, p) for g, p in groups if p.bit_length() == bits)


async def test_every_turn_cited_as_proof_is_there(new_server: Callable[..., Handshake]) -> None:
    with serving(new_server()) as port:
        talk = await converse(port)
    observations = list(PROBE.read(talk))
    for one in observations:
        for proof in one.proofs:
            assert proof.source == "c1"
            assert proof.turns
            assert all(0 <= turn < len(talk.turns) for turn in proof.turns)
    kinds = {kind.name: kind for kind in PROBE.emits}
    for one in observations:
        for word, value in one.facts.items():
            assert isinstance(value, kinds[one.kind].facts[word])


async def test_the_handshake_is_never_finished(new_server: Callable[..., Handshake]) -> None:
    with serving(new_server()) as port:
        talk = await converse(port)
    for channel in range(len(talk.channels)):
        said = [turn for _, turn in talk.turns_of(channel) if turn.sender == "client"]
        assert len(said) == 1


def test_certificates_of_a_session_held_inside_tls_are_read() -> None:
    der = make_certificate(EC_KEY).public_bytes(Encoding.DER)
    channel = Channel(service_at(443).endpoint, tls=TlsFacts("TLSv1.3", chain=(der, b"junk")))
    junk = Channel(service_at(443).endpoint, tls=TlsFacts("TLSv1.3", chain=(b"junk",)))
    talk = Transcript("c1", service_at(443), "tls", 0.0, (), (channel, junk))
    (certificate,) = facts(talk, "tls.certificate")
    assert certificate["chain_length"] == 2
