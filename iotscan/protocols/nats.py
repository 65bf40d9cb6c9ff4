"""The greeting of a NATS server: one line of JSON. NATS client protocol, INFO."""

from __future__ import annotations

import json
from dataclasses import dataclass

from iotscan.errors import Malformed

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
