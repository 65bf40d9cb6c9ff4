"""Who is looking at the page: a signed cookie, and a token that forms carry back.

On loopback everybody at this machine may look. Anywhere else the page asks for the token that
``iotscan web`` printed. Cookies are signed with a secret of this run, so a restart ends them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

COOKIE = "iotscan_session"
_KNOWN, _STRANGER = "k", "s"


class Sessions:
    """Gives out and checks cookies. ``password``: what a browser must show first, or ""."""

    def __init__(self, password: str = "") -> None:
        self._password = password
        self._secret = secrets.token_bytes(32)

    @property
    def locked(self) -> bool:
        """Whether a browser must show the token first."""
        return bool(self._password)

    def opens(self, password: str) -> bool:
        """Whether it is the right token, compared in constant time."""
        return self.locked and hmac.compare_digest(password.encode(), self._password.encode())

    def new(self, known: bool = False) -> str:
        """The value of a fresh cookie; ``known``: its browser has shown the token."""
        body = f"{_KNOWN if known else _STRANGER}.{secrets.token_urlsafe(24)}"
        return f"{body}.{self._sign('cookie', body)}"

    def genuine(self, cookie: str) -> bool:
        """Whether this run gave it out."""
        body, _, signature = cookie.rpartition(".")
        return hmac.compare_digest(signature.encode(), self._sign("cookie", body).encode())

    def admits(self, cookie: str) -> bool:
        """Whether its browser may look."""
        return self.genuine(cookie) and (not self.locked or cookie.startswith(f"{_KNOWN}."))

    def form_token(self, cookie: str) -> str:
        """What every form of a page must carry: only who sees the page can know it."""
        return self._sign("form", cookie)

    def sent_by(self, cookie: str, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return self.genuine(cookie) and hmac.compare_digest(
            token.encode(), self.form_token(cookie).encode()
        )

    def _sign(self, use: str, text: str) -> str:
        return hmac.new(self._secret, f"{use}:{text}".encode(), hashlib.sha256).hexdigest()
