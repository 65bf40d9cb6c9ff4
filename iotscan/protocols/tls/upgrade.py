"""Changing to TLS within a protocol that begins in clear: what to say, and how a server agrees.

RFC 3207 (SMTP), RFC 2595 (IMAP, POP3), RFC 4217 (FTP), RFC 4511 section 4.14 (LDAP), PostgreSQL's
SSLRequest, NATS' greeting. MySQL is left out: it counts handshakes that are not finished and shuts
out their sender after a hundred (``max_connect_errors``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols import ldap
from iotscan.protocols.databases import postgresql
from iotscan.protocols.nats import parse_greeting

# A greeting and a list of what a server can do are a few hundred bytes.
LONGEST = 16_384
_STARTTLS = re.compile(rb"^250[ -]STARTTLS\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ask:
    """One step: what is said (b"": the server speaks first), and whether the answer so far agrees;
    None while more of it is needed.
    """

    says: bytes
    agrees: Callable[[bytes], bool | None]


def _code(wanted: bytes) -> Callable[[bytes], bool | None]:
    """Replies of three digits; a space behind them marks the last line (RFC 5321 section 4.2)."""

    def agrees(heard: bytes) -> bool | None:
        for line in heard.split(b"\n")[:-1]:
            if re.match(rb"\d{3}[ \r]|\d{3}$", line):
                return line.startswith(wanted)
        return None if len(heard) < LONGEST else False

    return agrees


def _line(wanted: bytes) -> Callable[[bytes], bool | None]:
    """The first line, or the first with a tag of ours, begins so."""
    tag = wanted.partition(b" ")[0]

    def agrees(heard: bytes) -> bool | None:
        for line in heard.split(b"\n")[:-1]:
            if line.upper().startswith((tag, b"-")):
                return line.upper().startswith(wanted)
        return None if len(heard) < LONGEST else False

    return agrees


def _offers(heard: bytes) -> bool | None:
    known = _code(b"250")(heard)
    return known and _STARTTLS.search(heard) is not None


def _directory(heard: bytes) -> bool | None:
    try:
        found = ldap.take(heard) if heard else None
    except Malformed:
        return False
    if found is None:
        return None if len(heard) < LONGEST else False
    return isinstance(found[0], ldap.ExtendedDone) and found[0].code == 0


def _bus(heard: bytes) -> bool | None:
    try:
        found = parse_greeting(heard)
    except Malformed:
        return False
    return None if found is None else found.tls


# By the name of the service; the last step's agreement is the server's readiness for a hello.
UPGRADES: Mapping[str, tuple[Ask, ...]] = {
    "smtp": (
        Ask(b"", _code(b"220")),
        Ask(b"EHLO iotscan.invalid\r\n", _offers),
        Ask(b"STARTTLS\r\n", _code(b"220")),
    ),
    "imap": (Ask(b"", _line(b"* OK")), Ask(b"i1 STARTTLS\r\n", _line(b"I1 OK"))),
    "pop3": (Ask(b"", _line(b"+OK")), Ask(b"STLS\r\n", _line(b"+OK"))),
    "ftp": (Ask(b"", _code(b"220")), Ask(b"AUTH TLS\r\n", _code(b"234"))),
    "ldap": (Ask(ldap.start_tls(1), _directory),),
    "postgresql": (Ask(postgresql.SSL_REQUEST, postgresql.takes_tls),),
    "nats": (Ask(b"", _bus),),
}
