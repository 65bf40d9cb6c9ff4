"""The greeting of a NATS server, and the login of a client: a line of JSON each. NATS client
protocol, INFO and CONNECT.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.logins.overheard import Login

# A server in a large cluster lists its peers; more than this is no greeting.
LONGEST = 32_768


@dataclass(frozen=True, slots=True)
class Greeting:
    """``login``: a login, token or key is asked for; ``tls``: TLS is asked for."""

    version: str
    login: bool
    tls: bool


def parse_greeting(heard: bytes) -> Greeting | None:
    """The greeting; None while more is needed. Raises Malformed."""
    if not heard.startswith(b"INFO "[: len(heard)]) or len(heard) > LONGEST:
        raise Malformed("not the greeting of NATS")
    line, end, _ = heard.partition(b"\r\n")
    if not end:
        return None
    try:
        fields = json.loads(line[5:])
    except (ValueError, RecursionError) as error:
        raise Malformed("a greeting of NATS without JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("server_id"), str):
        raise Malformed("a greeting without a server")
    version = fields.get("version")
    return Greeting(
        version if isinstance(version, str) else "",
        # A nonce is sent where keys are asked for; auth_required is left out where nothing is.
        bool(fields.get("auth_required") or fields.get("nonce")),
        bool(fields.get("tls_required")),
    )


def logins(client: bytes, server: bytes) -> Iterator[Login]:
    """The login that a client answered a greeting with, given what each side said. Pure."""
    line, end, _ = client.partition(b"\r\n")
    if not server.startswith(b"INFO {") or not line.startswith(b"CONNECT {") or not end:
        return
    try:
        fields = json.loads(line[8:])
    except (ValueError, RecursionError):
        return
    if not isinstance(fields, dict):
        return
    name, *secrets = (fields.get(word) for word in ("user", "pass", "auth_token"))
    secret = next((text for text in secrets if isinstance(text, str) and text), "")
    if not secret:
        return
    said = server.partition(b"\r\n")[2]
    outcome = "unknown"
    if said.startswith((b"+OK\r\n", b"PONG\r\n")):
        outcome = "accepted"
    elif said.startswith(b"-ERR 'Authorization Violation'"):
        outcome = "refused"
    user = name.encode("utf-8", "replace") if isinstance(name, str) else b""
    yield Login(len(line) + len(end), user, secret.encode("utf-8", "replace"), outcome)
