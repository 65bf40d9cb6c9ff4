"""What every request must pass and every answer carries, before any page is thought of.

The page listens on loopback, where any web site that the user visits can send requests to it:
through a name that resolves to 127.0.0.1 (DNS rebinding, stopped by the Host check) or as a form of
a foreign origin (stopped by the Origin check; forms carry a token besides). A device may call
itself anything, so the content policy allows no script but our own file (CSP Level 3).
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No form of ours is longer; a report never comes in this way.
LARGEST_BODY = 65_536
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_TOO_LONG = f"At most {LARGEST_BODY} bytes can be sent.\n"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Fence:
    """ASGI middleware. ``hosts``: the values of the Host header that are ours, with their port."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self._app(scope, _measured(receive), _with_headers(send))

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            ours = ", ".join(sorted(self._hosts))
            return PlainTextResponse(
                f"This is iotscan, but not under this name. Open it as one of: {ours}. To use "
                "another name, start it with --host-name NAME.\n",
                421,
            )
        if method not in _READING and not _same_origin(headers, host):
            return PlainTextResponse("Another web site sent this. Nothing was done.\n", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return PlainTextResponse(_TOO_LONG, 413)
        return None


def _same_origin(headers: Headers, host: str) -> bool:
    """Whether our own page sent it, or a program.

    A browser names the origin of every request that changes something (Fetch standard, 3.2); what
    names none and says nothing of where it was fetched from is no browser, and shows a token.
    """
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() in {f"http://{host}", f"https://{host}"}
    return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _measured(receive: Receive) -> Receive:
    """Refuses a body without a length, or with a wrong one, once it is too long."""
    taken = 0

    async def measured() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise HTTPException(413, _TOO_LONG)
        return message

    return measured


def _with_headers(send: Send) -> Send:
    """Adds the headers; a page that sets one of them itself keeps its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
