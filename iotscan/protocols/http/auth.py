"""HTTP authentication: challenges, Basic and Digest answers, and what overheard answers give away.

RFC 9110 section 11, RFC 7617 (Basic), RFC 7616 and RFC 2617 (Digest).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import algorithms_available

from iotscan.errors import Malformed

_PARAMETER = re.compile(
    r"""\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)""", re.DOTALL
)
_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]{0,30})(?=\s|,|$)")
_LONGEST = 4096
_MOST = 8
# The client's own number in a Digest answer. It guards the client against a server that chose its
# numbers beforehand, which is no danger to a login that is publicly known.
CLIENT_NONCE = "696f747363616e"
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
# Best first; what a device names besides these, or this Python does not have, is not answered.
_BEST = tuple(n for n in ("SHA-512-256", "SHA-256", "MD5") if _HASHES[n] in algorithms_available)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to log in that a server offers; scheme and parameter names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def realm(self) -> str:
        return self.parameters.get("realm", "")

    @property
    def algorithm(self) -> str:
        """The Digest algorithm in capitals, without -sess; MD5 where none is named."""
        return self.parameters.get("algorithm", "MD5").upper().removesuffix("-SESS")


@dataclass(frozen=True, slots=True)
class Answer:
    """An Authorization field as a client sent it. ``password`` is None where it cannot be read."""

    scheme: str
    username: str = ""
    password: str | None = field(default=None, repr=False)
    realm: str = ""


def parse_challenges(fields: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges of WWW-Authenticate fields in their order; a field may hold several, and
    what cannot be read is passed over.
    """
    found: list[Challenge] = []
    for text in fields:
        text, at = text[:_LONGEST], 0
        while len(found) < _MOST and (scheme := _SCHEME.match(text, at)):
            at = scheme.end()
            parameters: dict[str, str] = {}
            while parameter := _PARAMETER.match(text, at):
                parameters.setdefault(parameter[1].lower(), _unquoted(parameter[2]))
                at = parameter.end()
            if not parameters:  # NTLM and Negotiate carry a blob of their own
                at = max(at, text.find(",", at)) if "," in text[at:] else len(text)
            found.append(Challenge(scheme[1].lower(), parameters))
    return tuple(found)


def parse_answer(text: str) -> Answer | None:
    """What an Authorization field says; None for an empty one or an unknown form."""
    scheme, _, rest = text.strip()[:_LONGEST].partition(" ")
    if scheme.lower() == "basic":
        return _read_basic(rest)
    if scheme.lower() != "digest":
        return Answer(scheme.lower()) if scheme else None
    parameters = {m[1].lower(): _unquoted(m[2]) for m in _PARAMETER.finditer(rest)}
    username = parameters.get("username", "")
    return Answer("digest", username, realm=parameters.get("realm", "")) if username else None


def best_challenge(challenges: Iterable[Challenge]) -> Challenge | None:
    """The safest challenge that can be answered: Digest before Basic, newer hashes before older.

    In a Digest with qop, "auth" must be among its values.
    """
    ranked = [(rank, one) for one in challenges if (rank := _rank(one)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def basic(username: str, secret: bytes) -> tuple[str, bytes]:
    """(Authorization field, the part of it that must be kept secret). RFC 7617 section 2."""
    token = base64.b64encode(username.encode() + b":" + secret)
    return f"Basic {token.decode()}", token


def digest(
    challenge: Challenge, username: str, secret: bytes, method: str, target: str, count: int = 1
) -> tuple[str, bytes]:
    """(Authorization field, the part of it that must be kept secret): an answer to a challenge.

    ``count``: how many answers this nonce has had, this one included. Raises Malformed for a
    challenge that cannot be answered, or that would break out of its quotes.
    """
    parameters = challenge.parameters
    if _rank(challenge) is None:
        raise Malformed("a Digest challenge that cannot be answered")
    name = _HASHES[challenge.algorithm]

    def hashed(*parts: bytes) -> bytes:
        # Digest is what the device asks for; nothing of ours relies on these hashes.
        return hashlib.new(name, b":".join(parts), usedforsecurity=False).hexdigest().encode()

    nonce = parameters.get("nonce", "").encode()
    first = hashed(username.encode(), challenge.realm.encode(), secret)
    if parameters.get("algorithm", "").upper().endswith("-SESS"):
        first = hashed(first, nonce, CLIENT_NONCE.encode())
    second = hashed(method.encode(), target.encode())
    fields = {"username": username, "realm": challenge.realm, "nonce": nonce.decode()}
    bare: dict[str, str] = {}
    if "qop" in parameters:
        bare = {"qop": "auth", "nc": f"{count:08x}"}
        response = hashed(first, nonce, bare["nc"].encode(), CLIENT_NONCE.encode(), b"auth", second)
        fields["cnonce"] = CLIENT_NONCE
    else:
        response = hashed(first, nonce, second)
    fields |= {"uri": target, "response": response.decode()}
    if "opaque" in parameters:
        fields["opaque"] = parameters["opaque"]
    if "algorithm" in parameters:
        bare["algorithm"] = parameters["algorithm"]
    if any(sign in value for value in (*fields.values(), *bare.values()) for sign in '"\\\r\n'):
        raise Malformed("a Digest challenge with quotes inside")
    parts = [f'{key}="{value}"' for key, value in fields.items()]
    parts += [f"{key}={value}" for key, value in bare.items()]
    return "Digest " + ", ".join(parts), response


def _rank(challenge: Challenge) -> int | None:
    if challenge.scheme == "basic":
        return len(_BEST)
    if challenge.scheme != "digest" or challenge.algorithm not in _BEST:
        return None
    qops = challenge.parameters.get("qop", "auth").lower().replace(",", " ").split()
    return _BEST.index(challenge.algorithm) if "auth" in qops else None


def _read_basic(token: str) -> Answer | None:
    try:
        pair = base64.b64decode(token.strip(), validate=True).decode("utf-8", "backslashreplace")
    except (binascii.Error, ValueError):
        return None
    # Only the first colon divides: a password may hold more of them.
    username, colon, password = pair.partition(":")
    return Answer("basic", username, password) if colon else None


def _unquoted(value: str) -> str:
    if value[:1] != '"':
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
