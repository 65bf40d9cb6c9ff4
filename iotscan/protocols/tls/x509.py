"""Facts of one X.509 certificate, each read on its own. RFC 5280.

Devices carry certificates that break the rules in one field and are fine in the others, and the
library notices only when that field is asked for; so every fact is None (or empty) when it cannot
be read, and the rest stands. Nothing is judged here: validity needs a clock, trust needs a store.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from iotscan.errors import Malformed
from iotscan.protocols.encodings import der

_T = TypeVar("_T")
_Key = tuple[str | None, int | None, str | None]
LONGEST = 65_536
_MOST_NAMES = 64
# What the library raises for attributes it cannot read: found by reading 20,000 mutated
# certificates; x509.InvalidVersion is a plain Exception of its own.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    UnsupportedAlgorithm,
    Malformed,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of itself; None is "could not be read".

    ``subject`` and ``issuer`` are RFC 4514 strings; ``names``: DNS names and IP addresses of the
    subject alternative name and the common names, lower case. Times are seconds since 1970 in UTC.
    ``key_bits``: the size of modulus, prime or curve. ``self_issued``: issuer and subject are the
    same; ``self_signature_verified``: its own key verifies its signature. Digests are in hex.
    """

    sha256: str
    subject: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    not_before: int | None = None
    not_after: int | None = None
    key_type: str | None = None
    key_bits: int | None = None
    curve: str | None = None
    signature_hash: str | None = None
    self_issued: bool | None = None
    self_signature_verified: bool | None = None
    authority: bool | None = None
    spki_sha256: str | None = None


def read_certificate(data: bytes) -> Certificate:
    """The facts of one DER certificate. Raises Malformed when it is none, or over 64 kB."""
    if len(data) > LONGEST:
        raise Malformed(f"a certificate of {len(data)} bytes")
    outline = der.outline(data)
    bare = _bare(data, outline)
    with warnings.catch_warnings():
        # Odd serial numbers and old algorithms are worth a fact, not a line on the screen.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            certificate = x509.load_der_x509_certificate(data)
        except _UNREADABLE:
            return bare  # a date out of its form is enough for the library to refuse it all
        return _facts(certificate, bare)


def _bare(data: bytes, outline: der.Outline) -> Certificate:
    """What can be told without understanding the parts."""
    bits = _guarded(lambda: der.rsa_bits(outline.public_key_info))
    return Certificate(
        sha256=hashlib.sha256(data).hexdigest(),
        key_type="RSA" if bits else None,
        key_bits=bits,
        signature_hash=der.WEAK_SIGNATURES.get(outline.signature_oid),
        self_issued=outline.subject == outline.issuer,
        spki_sha256=hashlib.sha256(outline.public_key_info).hexdigest(),
    )


def _facts(certificate: x509.Certificate, bare: Certificate) -> Certificate:
    key = _guarded(lambda: _key(certificate)) or (bare.key_type, bare.key_bits, None)
    subject = _guarded(lambda: certificate.subject)
    issuer = _guarded(lambda: certificate.issuer)
    unclear = subject is None or issuer is None
    return replace(
        bare,
        subject=_guarded(lambda: certificate.subject.rfc4514_string()),
        issuer=_guarded(lambda: certificate.issuer.rfc4514_string()),
        names=_names(certificate),
        not_before=_guarded(lambda: _seconds(certificate.not_valid_before_utc)),
        not_after=_guarded(lambda: _seconds(certificate.not_valid_after_utc)),
        key_type=key[0],
        key_bits=key[1],
        curve=key[2],
        signature_hash=bare.signature_hash or _guarded(lambda: _signature_hash(certificate)),
        self_issued=bare.self_issued if unclear else subject == issuer,
        self_signature_verified=_verified(certificate),
        authority=_guarded(lambda: _authority(certificate)),
    )


def _guarded(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except _UNREADABLE:
        return None


def _seconds(moment: datetime) -> int:
    # Not .timestamp(): a subtraction holds for the years 1 to 9999 on every platform.
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _key(certificate: x509.Certificate) -> _Key | None:
    match certificate.public_key():
        case rsa.RSAPublicKey() as key:
            return "RSA", key.key_size, None
        case dsa.DSAPublicKey() as key:
            return "DSA", key.key_size, None
        case ec.EllipticCurvePublicKey() as key:
            return "EC", key.key_size, key.curve.name
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 256, None
        case ed448.Ed448PublicKey():
            return "Ed448", 456, None
    return None


def _signature_hash(certificate: x509.Certificate) -> str | None:
    algorithm = certificate.signature_hash_algorithm
    return algorithm.name if algorithm else None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    kind = x509.SubjectAlternativeName
    alternative = _guarded(lambda: certificate.extensions.get_extension_for_class(kind).value)
    found: list[str] = []
    if alternative is not None:
        found += _guarded(lambda: alternative.get_values_for_type(x509.DNSName)) or []
        addresses = _guarded(lambda: alternative.get_values_for_type(x509.IPAddress)) or []
        found += [str(address) for address in addresses]
    common = _guarded(lambda: certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    found += [str(attribute.value) for attribute in common or ()]
    return tuple(dict.fromkeys(name.lower() for name in found))[:_MOST_NAMES]


def _authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _verified(certificate: x509.Certificate) -> bool | None:
    """Whether its own key verifies it; None where the library does not know key or algorithm."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except InvalidSignature:
        return False
    except _UNREADABLE:
        return None
    return True
