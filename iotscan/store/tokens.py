"""Tokens for programs that use the HTTP API.

A token is 32 random bytes, so its SHA-256 is kept and nothing slower: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from iotscan.errors import UsageError
from iotscan.store.nouns import ApiToken
from iotscan.store.schema import api_tokens

PREFIX = "iotscan_"
# read: scans, devices and reports; scan: start and stop scans; write: names and accepted risks.
SCOPES = ("read", "scan", "write")
_COLUMNS = (api_tokens.c.id, api_tokens.c.name, api_tokens.c.scopes, api_tokens.c.created)


def add(connection: Connection, name: str, scopes: Iterable[str], created: str) -> tuple[int, str]:
    """A new token: its id, and itself, which nobody can be shown again. Raises UsageError."""
    given = set(scopes)
    if unknown := sorted(given - set(SCOPES)):
        raise UsageError(f"there is no scope {unknown[0]!r}; scopes are {', '.join(SCOPES)}")
    if not name.strip() or not given:
        raise UsageError("a token needs a name and at least one scope")
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name.strip(),
        "digest": _digest(token),
        "scopes": " ".join(scope for scope in SCOPES if scope in given),
        "created": created,
    }
    adding = insert(api_tokens).returning(api_tokens.c.id)
    return int(connection.execute(adding, row).scalar_one()), token


def find(connection: Connection, token: str) -> ApiToken | None:
    """Whose token it is; None if it was never given out, or was revoked."""
    wanted = select(*_COLUMNS).where(api_tokens.c.digest == _digest(token))
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _token(*row)


def every(connection: Connection) -> list[ApiToken]:
    """All that are good, oldest first."""
    return [_token(*row) for row in connection.execute(select(*_COLUMNS).order_by(api_tokens.c.id))]


def revoke(connection: Connection, token: int) -> None:
    """From now on it opens nothing. Raises UsageError where there is none of that id."""
    if not connection.execute(delete(api_tokens).where(api_tokens.c.id == token)).rowcount:
        raise UsageError(f"there is no token {token}; `iotscan token list` shows those there are")


def _token(number: int, name: str, scopes: str, created: str) -> ApiToken:
    return ApiToken(number, name, tuple(scopes.split()), created)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
