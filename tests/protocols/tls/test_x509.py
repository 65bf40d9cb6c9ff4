"""Facts of certificates: good ones, weak ones, broken ones, and the DER they are read from."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings import der
from iotscan.protocols.tls.x509 import LONGEST, read_certificate

BEGIN, END = datetime(2019, 1, 1, tzinfo=UTC), datetime(2021, 6, 30, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(
    key: CertificateIssuerPrivateKeyTypes = KEY,
    issuer: str = "camera.lan",
    signer: CertificateIssuerPrivateKeyTypes | None = None,
    hash_: hashes.SHA256 | None = hashes.SHA256(),  # noqa: B008 a constant
    names: tuple[x509.GeneralName, ...] = (),
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera.lan")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return builder.sign(signer or key, hash_).public_bytes(Encoding.DER)


def test_a_self_signed_certificate_says_who_when_and_how() -> None:
    data = certificate(names=(x509.DNSName("Cam.lan"), x509.IPAddress(ip_address("192.0.2.7"))))
    found = read_certificate(data)
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found.subject == found.issuer == "CN=camera.lan"
    assert found.names == ("cam.lan", "192.0.2.7", "camera.lan")
    assert (found.not_before, found.not_after) == (int(BEGIN.timestamp()), int(END.timestamp()))
    assert (found.key_type, found.key_bits, found.curve) == ("EC", 256, "secp256r1")
    assert (found.self_issued, found.self_signature_verified) == (True, True)
    assert (found.signature_hash, found.authority) == ("sha256", False)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.spki_sha256 == hashlib.sha256(spki).hexdigest()


def test_the_same_names_with_a_strangers_signature_are_not_verified() -> None:
    found = read_certificate(certificate(signer=ec.generate_private_key(ec.SECP256R1())))
    assert (found.self_issued, found.self_signature_verified) == (True, False)


def test_another_issuer_is_not_self_signed() -> None:
    found = read_certificate(certificate(issuer="Vendor CA"))
    assert found.self_issued is False


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA", 1024),
        (ec.generate_private_key(ec.SECP384R1()), "EC", 384),
        (dsa.generate_private_key(1024), "DSA", 1024),
    ],
)
def test_kind_and_size_of_keys(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey, kind: str, bits: int
) -> None:
    found = read_certificate(certificate(key))
    assert (found.key_type, found.key_bits) == (kind, bits)


def test_an_edwards_key_has_no_hash_of_its_own() -> None:
    found = read_certificate(certificate(ed25519.Ed25519PrivateKey.generate(), hash_=None))
    assert (found.key_type, found.key_bits, found.signature_hash) == ("Ed25519", 256, None)


@pytest.mark.parametrize(
    ("oid", "name"),
    [("2a864886f70d010104", "md5"), ("2a864886f70d010102", "md2"), ("2a864886f70d010105", "sha1")],
)
def test_a_broken_signature_hash_is_named_even_where_the_library_dropped_it(
    oid: str, name: str
) -> None:
    data = certificate(rsa.generate_private_key(65537, 1024))
    sha256_with_rsa = bytes.fromhex("2a864886f70d01010b")
    assert data.count(sha256_with_rsa) == 2
    found = read_certificate(data.replace(sha256_with_rsa, bytes.fromhex(oid)))
    assert found.signature_hash == name
    assert found.self_signature_verified is not True


def test_an_rsa_key_too_short_for_the_library_is_still_measured() -> None:
    """The keys that libraries refuse to load are the ones to report."""
    modulus, exponent = (1 << 383) | 1, 65537
    numbers = (
        b"\x02\x31\x00" + modulus.to_bytes(48, "big") + b"\x02\x03" + exponent.to_bytes(3, "big")
    )
    bits = b"\x00\x30" + bytes([len(numbers)]) + numbers
    algorithm = b"\x06\x09" + der.RSA_ENCRYPTION + b"\x05\x00"
    inner = b"\x30" + bytes([len(algorithm)]) + algorithm + b"\x03" + bytes([len(bits)]) + bits
    assert der.rsa_bits(b"\x30" + bytes([len(inner)]) + inner) == 384
    assert der.rsa_bits(der.outline(certificate()).public_key_info) is None


def test_a_date_that_cannot_be_read_leaves_the_other_facts_standing() -> None:
    data = certificate()
    assert data.count(b"190101000000Z") == 1
    found = read_certificate(data.replace(b"190101000000Z", b"199901000000Z"))
    assert found.not_before is None
    assert found.self_issued is True
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found.spki_sha256 == hashlib.sha256(spki).hexdigest()


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x80", b"\x00" * 99, bytes(LONGEST + 1)])
def test_what_is_no_certificate_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_certificate(data)


@pytest.mark.parametrize("length", range(0, 270, 7))
def test_a_cut_certificate_is_malformed(length: int) -> None:
    data = certificate()
    assert length < len(data)
    with pytest.raises(Malformed):
        read_certificate(data[:length])


SAMPLE = certificate(names=(x509.DNSName("cam.lan"),))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=4))
def test_a_mutated_certificate_is_read_or_refused_never_a_crash(
    changes: list[tuple[int, int]],
) -> None:
    data = bytearray(SAMPLE)
    for place, value in changes:
        data[place] = value
    try:
        found = read_certificate(bytes(data))
    except Malformed:
        return
    assert found.sha256 == hashlib.sha256(data).hexdigest()
