"""RFB's handshake and the challenge of VNC Authentication."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.rfb.codec import (
    Greeting,
    encode_version,
    name_of,
    response,
    security,
    spoken,
    version,
)
from iotscan.testing import three_ways


def test_a_version_is_waited_for_and_read() -> None:
    def feed(chunks: Sequence[bytes]) -> tuple[int, int] | None:
        data, found = b"", None
        for chunk in chunks:
            data += chunk
            found = found or version(data[:12])
        return found

    assert three_ways(feed, b"RFB 003.008\n", b"\1\2") == [(3, 8)] * 3


@pytest.mark.parametrize("data", [b"RFC", b"RFB 003.008\r", b"RFB 3.8\nxxxxx", b"SSH-2.0-drop"])
def test_another_greeting_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        version(data)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [((3, 3), (3, 3)), ((3, 5), (3, 3)), ((3, 7), (3, 7)), ((3, 889), (3, 8)), ((5, 0), (3, 8))],
)
def test_the_version_spoken_is_one_that_both_know(
    theirs: tuple[int, int], ours: tuple[int, int]
) -> None:
    assert spoken(theirs) == ours
    assert version(encode_version(ours)) == ours


@pytest.mark.parametrize(
    ("data", "agreed", "greeting"),
    [
        (b"\2\1\2", (3, 8), Greeting((1, 2), end=3)),
        (b"\0\0\0\0\3sad", (3, 8), Greeting((), "sad", 8)),
        (b"\0\0\0\2", (3, 3), Greeting((2,), end=4)),
        (b"\0\0\0\0\0\0\0\3sad", (3, 3), Greeting((), "sad", 11)),
        (b"\2\1", (3, 7), None),
        (b"", (3, 8), None),
        (b"\0\0\0", (3, 3), None),
        (b"\0\0\0\0\3s", (3, 8), None),
    ],
)
def test_the_security_on_offer_is_read(
    data: bytes, agreed: tuple[int, int], greeting: Greeting | None
) -> None:
    assert security(data, agreed) == greeting


@pytest.mark.parametrize(("data", "agreed"), [(b"\1\0\0\0", (3, 3)), (b"\0\xff\0\0\0", (3, 8))])
def test_impossible_security_is_refused(data: bytes, agreed: tuple[int, int]) -> None:
    with pytest.raises(Malformed):
        security(data, agreed)


@given(st.binary(max_size=40), st.sampled_from([(3, 3), (3, 7), (3, 8)]))
def test_garbage_is_refused_or_read(data: bytes, agreed: tuple[int, int]) -> None:
    for read in (lambda: version(data[:12]), lambda: security(data, agreed)):
        try:
            read()
        except Malformed:
            continue


def test_types_have_names() -> None:
    assert (name_of(1), name_of(19), name_of(200)) == ("None", "VeNCrypt", "type 200")


def decrypted(answer: bytes, key: bytes) -> bytes:
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in key)
    decryptor = Cipher(TripleDES(turned * 3), modes.ECB()).decryptor()
    return decryptor.update(answer)


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=12))
def test_an_answer_is_the_challenge_under_the_password(challenge: bytes, password: bytes) -> None:
    key = password[:8].ljust(8, b"\0")
    assert decrypted(response(challenge, password), key) == challenge


@pytest.mark.skipif(shutil.which("tigervncpasswd") is None, reason="tigervncpasswd is missing")
def test_the_key_is_made_as_other_programs_make_it() -> None:
    """They keep a password encrypted with a fixed key: the same cipher, the same turned bits."""
    fixed = bytes((23, 82, 107, 6, 35, 78, 88, 7))
    kept = subprocess.run(
        ["tigervncpasswd", "-f"], input=b"password", capture_output=True, check=True
    ).stdout
    # Their fixed key is written with its bits turned already.
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in fixed)
    for key in (fixed, turned):
        if response(b"password" * 2, key)[:8] == kept[:8]:
            return
    pytest.fail("another cipher")
