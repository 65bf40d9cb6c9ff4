"""Cipher suites: numbers, and what their names say."""

from __future__ import annotations

import ssl

import pytest

from iotscan.protocols.tls.suites import SSL2_KINDS, SUITES, describe, suite


@pytest.mark.parametrize(
    ("number", "name", "weaknesses", "forward_secrecy"),
    [
        (0x0000, "TLS_NULL_WITH_NULL_NULL", {"NULL", "ANON"}, False),
        (0x0002, "TLS_RSA_WITH_NULL_SHA", {"NULL"}, False),
        (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", {"EXPORT", "RC4", "MD5"}, False),
        (0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", {"EXPORT", "RC2", "MD5"}, False),
        (0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", {"EXPORT", "DES"}, True),
        (0x0009, "TLS_RSA_WITH_DES_CBC_SHA", {"DES"}, False),
        (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", {"3DES"}, False),
        (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", {"ANON", "RC4", "MD5"}, True),
        (0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA", set(), False),
        (0x0062, "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", {"EXPORT", "DES"}, False),
        (0x00A8, "TLS_PSK_WITH_AES_128_GCM_SHA256", set(), False),
        (0x00AA, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", set(), True),
        (0x1301, "TLS_AES_128_GCM_SHA256", set(), True),
        (0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", set(), False),
        (0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", {"ANON"}, True),
        (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", set(), True),
        (0xC0B4, "TLS_SHA256_SHA256", {"NULL"}, True),
        (0xC102, "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT", set(), False),
        (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", set(), True),
    ],
)
def test_a_suite_is_what_its_name_says(
    number: int, name: str, weaknesses: set[str], forward_secrecy: bool
) -> None:
    found = SUITES[number]
    assert (found.name, set(found.weaknesses)) == (name, weaknesses)
    assert found.forward_secrecy is forward_secrecy


def test_the_parts_of_a_name_are_told_apart() -> None:
    known = describe("TLS_DHE_RSA_WITH_AES_256_CBC_SHA256")
    assert (known.key_exchange, known.cipher, known.mac) == ("DHE_RSA", "AES_256_CBC", "SHA256")
    assert describe("TLS_RSA_WITH_AES_128_CCM_8").mac == "AEAD"
    assert describe("TLS_AES_128_GCM_SHA256").mac == "AEAD"
    assert describe("TLS_RSA_WITH_RC4_128_MD5").mac == "MD5"


def test_every_suite_of_this_machines_openssl_is_known_under_its_number() -> None:
    """An independent list: OpenSSL describes the key exchange and encryption of what it has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    listed = {cipher["id"] & 0xFFFF: cipher for cipher in context.get_ciphers()}
    assert len(listed) > 50
    for number, cipher in listed.items():
        known = SUITES[number]
        assert ("NULL" in known.weaknesses) == (cipher["symmetric"] is None), known
        assert ("ANON" in known.weaknesses) == (cipher["auth"] == "auth-null"), known
        ephemeral = cipher["kea"] in ("kx-ecdhe", "kx-dhe", "kx-ecdhe-psk", "kx-dhe-psk", "kx-any")
        assert known.forward_secrecy == (ephemeral or cipher["kea"] == "kx-srp"), known


def test_a_number_nobody_registered_is_called_by_its_number_and_judged_in_no_way() -> None:
    unknown = suite(0x9999)
    assert (unknown.name, unknown.weaknesses) == ("0x9999", frozenset())


def test_the_registry_is_whole() -> None:
    assert len(SUITES) > 350
    assert all(0 <= number <= 0xFFFF for number in SUITES)
    assert all(number > 0xFFFF for number in SSL2_KINDS)
