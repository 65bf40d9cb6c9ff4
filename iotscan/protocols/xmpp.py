"""Logins at XMPP servers whose password goes in clear: SASL PLAIN outside of TLS.

RFC 6120 sections 4.2 (streams) and 6.4 (SASL).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from iotscan.protocols.logins.overheard import Login
from iotscan.protocols.logins.sasl import plain_user, unwrapped

_STREAM = re.compile(rb"\s*(?:<\?xml[^<>]{0,128}\?>\s*)?<stream:stream\s[^<>]{0,1024}>")
_AUTH = re.compile(rb"<auth\s([^<>]{1,512})>([^<>]{0,12288})</auth>")
_MECHANISM = re.compile(rb"mechanism\s*=\s*[\"']([^\"']{1,64})")
_ANSWER = re.compile(rb"<(success|failure)[\s/>]")
_OUTCOMES = {b"success": "accepted", b"failure": "refused"}


def logins(client: bytes, server: bytes) -> Iterator[Login]:
    """The logins of a conversation, given what each side said from its beginning on. Pure."""
    if _STREAM.match(client) is None:
        return
    answers = [_OUTCOMES[found[1]] for found in _ANSWER.finditer(server)]
    for number, auth in enumerate(_AUTH.finditer(client)):
        mechanism = _MECHANISM.search(auth[1])
        said = unwrapped(b"".join(auth[2].split()))
        username = plain_user(said) if said else None
        if said and username and mechanism is not None and mechanism[1].upper() == b"PLAIN":
            outcome = answers[number] if number < len(answers) else "unknown"
            yield Login(auth.end(), username, said.rpartition(b"\0")[2], outcome)
