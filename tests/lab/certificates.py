"""Certificates for the lab's daemons, made when they are needed and thrown away with the LAN."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

# The private numbers of keys on P-256 that are published as examples: certs/ecc-key.pem of wolfSSL
# 5.5.4, and tests/keys/ssh_host_ecdsa_key of libssh 0.10.6.
WOLFSSL = 0x45B66902739C6C85A1385B72E8E8C7ACC4038D533504FA6C28DC348DE1A8098C
LIBSSH = 0x1F6FDA7D68697BC11027F48033F14E26DE50FBEF908D5A9CD58300890D8ECE49
# Over for long, so that no test depends on the day it runs on.
BEGIN, END = datetime(2019, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)


def published(number: int) -> ec.EllipticCurvePrivateKey:
    """The key with this private number, which is no secret."""
    return ec.derive_private_key(number, ec.SECP256R1())


def self_signed(
    folder: Path,
    address: str,
    *,
    days: int = 90,
    bits: int = 2048,
    also: Sequence[str] = (),
    key: ec.EllipticCurvePrivateKey | None = None,
) -> tuple[str, str]:
    """Write cert.pem and key.pem for an address, and ``also`` for others.

    ``days`` from now it ends (negative: ended). ``key``: use this one, and not a new RSA key of so
    many bits.
    """
    own = key or rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    end = datetime.now(UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=180))
        .not_valid_after(end)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ip_address(text)) for text in (address, *also)]
            ),
            critical=False,
        )
        .sign(own, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return str(cert_path), str(key_path)


def identity(folder: Path, name: str, begin: datetime = BEGIN, end: datetime = END) -> Path:
    """A new key on P-256 and its own certificate for a name, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begin)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(pem)
    )
    return path
