"""Certificates for simulated devices, made anew each time: their keys protect nothing."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


def sound_tls(address: IPv4Address, name: str) -> ssl.SSLContext:
    """A server's TLS as it should be: version 1.2 and later, forward secrecy, and a certificate
    for its own address and name, valid for three months, from the maker's authority.
    """
    now = datetime.now(UTC)
    authority, device = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    maker = _named("Hearthstone Device CA")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(maker)
        .public_key(device.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 90 * _DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(address), x509.DNSName(f"{name}.local")]),
            critical=False,
        )
        .sign(authority, hashes.SHA256())
    )
    key = device.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    # The ssl module reads keys from files only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "device.pem"
        path.write_bytes(key + certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(path)
    return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
