"""Challenges and answers of HTTP authentication."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.http import auth as http_auth
from iotscan.protocols.http.auth import (
    Challenge,
    basic,
    best_challenge,
    digest,
    parse_answer,
    parse_challenges,
)

# The example of RFC 7616 section 3.9.1.
EXAMPLE = {
    "realm": "http-auth@example.org",
    "qop": "auth, auth-int",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
}
CLIENT = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_standards_own_example(
    algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_auth, "CLIENT_NONCE", CLIENT)
    challenge = Challenge("digest", EXAMPLE | {"algorithm": algorithm})
    field, secret = digest(challenge, "Mufasa", b"Circle of Life", "GET", "/dir/index.html")
    assert secret == response.encode()
    assert f'response="{response}"' in field
    assert "nc=00000001" in field
    assert "qop=auth," in field
    assert f"algorithm={algorithm}" in field
    assert 'opaque="FQhe' in field


def test_a_digest_without_qop_is_the_older_form() -> None:
    """The example of RFC 2617, answered as RFC 2069 has it."""
    old = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
    challenge = Challenge("digest", old)
    field, secret = digest(challenge, "Mufasa", b"Circle Of Life", "GET", "/dir/index.html")
    assert secret == b"670fd8c2df070c60b045671b8b24ff02"
    assert "qop" not in field
    assert "algorithm" not in field


def test_a_session_digest_binds_the_nonces(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Challenge("digest", EXAMPLE | {"algorithm": "MD5"})
    session = Challenge("digest", EXAMPLE | {"algorithm": "MD5-sess"})
    assert digest(plain, "u", b"p", "GET", "/")[1] != digest(session, "u", b"p", "GET", "/")[1]
    assert session.algorithm == "MD5"


def test_a_challenge_that_would_break_out_is_refused() -> None:
    with pytest.raises(Malformed):
        digest(Challenge("digest", {"realm": 'a"b', "nonce": "n"}), "u", b"p", "GET", "/")
    with pytest.raises(Malformed):
        digest(Challenge("digest", {"realm": "a", "nonce": "n\r\nX: y"}), "u", b"p", "GET", "/")
    with pytest.raises(Malformed):
        digest(Challenge("digest", {"nonce": "n", "algorithm": "TIGER"}), "u", b"p", "GET", "/")


def test_basic_is_read_back_and_only_its_first_colon_divides() -> None:
    field, secret = basic("test", b"1:34")
    assert secret.decode() in field
    answer = parse_answer(field)
    assert answer is not None
    assert (answer.scheme, answer.username, answer.password) == ("basic", "test", "1:34")
    assert "1:34" not in repr(answer)


def test_several_challenges_in_one_field_and_in_several() -> None:
    found = parse_challenges(
        ['Basic realm="IP \\"Cam\\"", Digest realm="x", qop="auth,auth-int", nonce="a,b"', "NTLM"]
    )
    assert [one.scheme for one in found] == ["basic", "digest", "ntlm"]
    assert found[0].realm == 'IP "Cam"'
    assert found[1].parameters["nonce"] == "a,b"
    assert found[1].parameters["qop"] == "auth,auth-int"


def test_the_safest_challenge_that_can_be_answered_is_taken() -> None:
    weak = Challenge("digest", {"realm": "x", "nonce": "n"})
    strong = Challenge("digest", {"realm": "x", "nonce": "n", "algorithm": "SHA-256"})
    plain = Challenge("basic", {"realm": "x"})
    odd = Challenge("digest", {"algorithm": "TOKEN"})
    integrity = Challenge("digest", {"qop": "auth-int"})
    assert best_challenge([plain, weak, strong, odd]) is strong
    assert best_challenge([plain, odd, integrity]) is plain
    assert best_challenge([odd, Challenge("negotiate")]) is None


@pytest.mark.parametrize(
    ("text", "scheme", "username"),
    [
        ('Digest username="Susan", realm="INS.COM", nonce="x"', "digest", "Susan"),
        ("Bearer abcdef", "bearer", ""),
    ],
)
def test_answers_of_others_are_read_without_their_password(
    text: str, scheme: str, username: str
) -> None:
    answer = parse_answer(text)
    assert answer is not None
    assert (answer.scheme, answer.username, answer.password) == (scheme, username, None)


@pytest.mark.parametrize("text", ["", "Basic", "Basic ***", "Basic bm9jb2xvbg==", "Digest x"])
def test_what_is_no_answer_is_none(text: str) -> None:
    assert parse_answer(text) is None


@given(st.text(max_size=200))
def test_garbage_is_read_without_failing(text: str) -> None:
    found = parse_challenges([text, "Digest " + text, "Basic realm=" + text])
    best_challenge(found)
    parse_answer("Digest " + text)
    parse_answer("Basic " + text)
