"""The little of DER that is needed where a library refuses a certificate. ITU-T X.690."""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed

SEQUENCE, INTEGER, BIT_STRING, OBJECT = 0x30, 0x02, 0x03, 0x06
RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1, RFC 8017

# Signature algorithms whose hash is broken, by object identifier: RFC 3279 section 2.2, and the
# older names of OIW. Libraries that dropped such a hash cannot name it any more.
WEAK_SIGNATURES = {
    "1.2.840.113549.1.1.2": "md2",
    "1.2.840.113549.1.1.3": "md4",
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.10040.4.3": "sha1",
    "1.2.840.10045.4.1": "sha1",
    "1.3.14.3.2.3": "md5",
    "1.3.14.3.2.27": "sha1",
    "1.3.14.3.2.29": "sha1",
}


def element(data: bytes, at: int = 0) -> tuple[int, int, int]:
    """(tag, where its content begins, where it ends) of the element at ``at``. Raises Malformed."""
    tag, begin, end = opened(data, at)
    if end > len(data):
        raise Malformed("a DER element reaches past the end")
    return tag, begin, end


def opened(data: bytes, at: int = 0) -> tuple[int, int, int]:
    """As ``element``, of one that may be cut. Raises Malformed."""
    if len(data) < at + 2:
        raise Malformed("DER ends in the middle of an element")
    tag, length, begin = data[at], data[at + 1], at + 2
    if length >= 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[begin : begin + size], "big")
        begin += size
        if not 1 <= size <= 4:
            raise Malformed("a DER length of more than four bytes")
    return tag, begin, begin + length


def expect(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """(begin, end) of the content of the element at ``at``; Malformed when it has another tag."""
    found, begin, end = element(data, at)
    if found != tag:
        raise Malformed(f"DER tag 0x{found:02x} where 0x{tag:02x} belongs")
    return begin, end


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of a certificate as they stand there, header included."""

    signature_oid: str
    issuer: bytes
    subject: bytes
    public_key_info: bytes


def outline(certificate: bytes) -> Outline:
    """The parts of a certificate, RFC 5280 section 4.1. Raises Malformed when it is none."""
    outer, _ = expect(certificate, 0, SEQUENCE)
    at, _ = expect(certificate, outer, SEQUENCE)
    tag, _, end = element(certificate, at)
    if tag == 0xA0:  # the version, which the first version leaves out
        at = end
    _, at = expect(certificate, at, INTEGER)
    parts = []
    for _ in range(5):  # signature algorithm, issuer, validity, subject, public key
        _, end = expect(certificate, at, SEQUENCE)
        parts.append(certificate[at:end])
        at = end
    begin, end = expect(parts[0], element(parts[0])[1], OBJECT)
    return Outline(_dotted(parts[0][begin:end]), parts[1], parts[3], parts[4])


def _dotted(encoded: bytes) -> str:
    """An object identifier in its dotted form, X.690 section 8.19."""
    numbers, value = [], 0
    for byte in encoded:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def rsa_bits(spki: bytes) -> int | None:
    """The size of the modulus of an RSA key, None for another algorithm. Raises Malformed."""
    at, _ = expect(spki, 0, SEQUENCE)
    algorithm, after = expect(spki, at, SEQUENCE)
    begin, end = expect(spki, algorithm, OBJECT)
    if spki[begin:end] != RSA_ENCRYPTION:
        return None
    begin, end = expect(spki, after, BIT_STRING)
    key = spki[begin + 1 : end]  # the first byte counts unused bits: none
    at, _ = expect(key, 0, SEQUENCE)
    begin, end = expect(key, at, INTEGER)
    return int.from_bytes(key[begin:end], "big").bit_length()
