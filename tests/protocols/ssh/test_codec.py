"""SSH's first words: identification, packets, KEXINIT, host keys, and what is outdated of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, SSHPublicKeyTypes
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.ssh.codec import (
    HostKey,
    KexInit,
    identification,
    mpint,
    packet,
    parse_host_key,
    parse_kexinit,
    string,
    take_packet,
)
from iotscan.protocols.ssh.judged import STRICT, open_to_prefix_truncation, weak, weak_key
from iotscan.testing import three_ways

MODERN = KexInit(
    ("curve25519-sha256",),
    ("ssh-ed25519",),
    ("aes256-ctr",),
    ("aes256-ctr",),
    ("hmac-sha2-256",),
    ("hmac-sha2-256",),
)


def test_an_identification_is_read_behind_other_lines() -> None:
    found = identification(b"Welcome\r\nto here\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\nrest")
    assert found is not None
    named, end = found
    assert (named.protocol, named.software, named.comments) == ("2.0", "OpenSSH_9.2p1", "Debian-2")
    assert named.raw == b"SSH-2.0-OpenSSH_9.2p1 Debian-2"
    assert end == len(b"Welcome\r\nto here\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-x", b"Welcome\r\n"])
def test_a_part_of_an_identification_is_waited_for(data: bytes) -> None:
    assert identification(data) is None


@pytest.mark.parametrize(
    "data",
    [b"SSH-x\r\n", b"SSH-2.0-" + b"x" * 300 + b"\r\n", b"A" * 2000, b"hello\r\n" * 60],
)
def test_what_is_no_identification_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        identification(data)


@given(st.binary(max_size=64))
def test_a_packet_is_taken_out_as_it_was_put_in(payload: bytes) -> None:
    sealed = packet(payload)
    assert len(sealed) % 8 == 0

    def feed(chunks: Sequence[bytes]) -> list[bytes]:
        data, found = b"", []
        for chunk in chunks:
            data += chunk
            while (taken := take_packet(data)) is not None:
                found.append(taken[0])
                data = data[taken[1] :]
        return found

    assert three_ways(feed, sealed, b"\0\0\0") == [[payload]] * 3


@pytest.mark.parametrize(
    "data", [b"\0\0\0\1\4", b"\0\0\xff\xff\4", b"\0\0\0\x0c\3", b"\0\0\0\x0c\x0c"]
)
def test_impossible_packets_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        take_packet(data)


def test_a_kexinit_reads_as_it_was_written() -> None:
    offer = replace(MODERN, kex=("a", "b"), compression_in=("zlib", "none"))
    assert parse_kexinit(offer.encode(bytes(16))) == offer


@pytest.mark.parametrize(
    "payload", [b"", b"\x15" + bytes(40), MODERN.encode(bytes(16))[:-1], b"\x14" + b"\xff" * 60]
)
def test_what_is_no_kexinit_is_refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse_kexinit(payload)


def openssh(key: SSHPublicKeyTypes) -> bytes:
    """The blob of a public key as the library writes it."""
    text = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(text.split()[1])


@pytest.mark.parametrize(
    ("blob", "kind", "bits", "is_weak"),
    [
        (openssh(rsa.generate_private_key(65537, 1024).public_key()), "ssh-rsa", 1024, True),
        (openssh(rsa.generate_private_key(65537, 2048).public_key()), "ssh-rsa", 2048, False),
        (openssh(ed25519.Ed25519PrivateKey.generate().public_key()), "ssh-ed25519", 256, False),
        (
            openssh(ec.generate_private_key(ec.SECP384R1()).public_key()),
            "ecdsa-sha2-nistp384",
            384,
            False,
        ),
        (string(b"ssh-dss") + mpint(1 << 1023) + mpint(3) * 3, "ssh-dss", 1024, True),
        (string(b"ssh-xmss@openssh.com") + b"x", "ssh-xmss@openssh.com", 0, None),
    ],
    ids=["rsa-1024", "rsa-2048", "ed25519", "p384", "dsa", "unknown"],
)
def test_host_keys_are_read_and_judged(
    blob: bytes, kind: str, bits: int, is_weak: bool | None
) -> None:
    key = parse_host_key(blob)
    assert (key.kind, key.bits) == (kind, bits)
    assert weak_key(key) is is_weak


def test_a_fingerprint_is_that_of_ssh_keygen() -> None:
    # ssh-keygen -lf prints SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU for no bytes.
    assert HostKey("x", 0, b"").sha256 == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"


@given(st.binary(max_size=80))
def test_garbage_is_refused_or_read(data: bytes) -> None:
    for read in (identification, take_packet, parse_kexinit, parse_host_key):
        try:
            read(data)
        except Malformed:
            continue


def test_numbers_are_written_without_a_sign() -> None:
    assert mpint(0) == string(b"")
    assert mpint(0x80) == string(b"\x00\x80")
    assert mpint(0x7F) == string(b"\x7f")


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("kex", "diffie-hellman-group1-sha1"),
        ("kex", "diffie-hellman-group-exchange-sha1"),
        ("host_key", "ssh-dss"),
        ("host_key", "ssh-rsa"),
        ("ciphers_in", "aes128-cbc"),
        ("ciphers_out", "arcfour256"),
        ("ciphers_out", "3des-cbc"),
        ("ciphers_in", "none"),
        ("macs_in", "hmac-md5"),
        ("macs_out", "hmac-sha1-96"),
        ("macs_out", "hmac-sha1-96-etm@openssh.com"),
    ],
)
def test_what_is_outdated_is_named_once(part: str, name: str) -> None:
    offer = replace(MODERN, **{part: (name, *getattr(MODERN, part), name)})
    assert weak(offer) == (name,)


def test_what_a_current_server_offers_is_not_outdated() -> None:
    offer = KexInit(
        (
            "sntrup761x25519-sha512@openssh.com",
            "curve25519-sha256",
            "ecdh-sha2-nistp256",
            "diffie-hellman-group-exchange-sha256",
            "diffie-hellman-group14-sha256",
            STRICT,
        ),
        ("rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"),
        ("chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-gcm@openssh.com"),
        ("chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-gcm@openssh.com"),
        ("umac-64-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha1"),
        ("umac-64-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha1"),
    )
    assert weak(offer) == ()
    assert open_to_prefix_truncation(offer) is False
    assert open_to_prefix_truncation(replace(offer, kex=offer.kex[:-1])) is True


def test_cbc_with_a_mac_over_the_sealed_packet_is_open_to_truncation() -> None:
    offer = replace(MODERN, ciphers_in=("aes128-cbc",), macs_in=("hmac-sha2-256-etm@openssh.com",))
    assert open_to_prefix_truncation(offer) is True
    assert open_to_prefix_truncation(MODERN) is False
