"""The questions that iotscan puts to a web server, and how they are known again in a recording.

Each but a login is a plain GET without a query of ours: nothing is sent that could press a button
on a device.
"""

from __future__ import annotations

from enum import Enum

from iotscan.protocols.http.codec import Request, build_request

AGENT = "iotscan"
# RFC 6761 section 6.4: no such name can exist, so a server that cares whom it is called by cannot
# mean this one; and no page can come from there.
FOREIGN_HOST = "iotscan.invalid"
FOREIGN_ORIGIN = "https://iotscan.invalid"
ICON = "/favicon.ico"
# As much of a picture or of a file of settings as shows what it is. RFC 9110 section 14.2.
FIRST_BYTES = 16
_RANGE = f"bytes=0-{FIRST_BYTES - 1}"
_ACCEPTS_KNOWN = "application/json, text/xml, */*;q=0.5"
# TCP Port Service Multiplexer: no device offers it, and one that did would change nothing.
CLOSED_PORT = 1


class Question(Enum):
    """What a request of ours wants to know."""

    PAGE = "page"
    ICON = "icon"
    FOREIGN_HOST = "foreign-host"
    FOREIGN_ORIGIN = "foreign-origin"
    DIRECTORY = "directory"
    LOGIN = "login"
    KNOWN = "known"
    FIRST_BYTES = "first-bytes"
    PROXY = "proxy"
    FORM = "form"


def ask(question: Question, host: str, path: str = "/", authorization: str = "") -> bytes:
    """The request; ``host`` as :func:`iotscan.protocols.http.codec.host_field` gives it. Raises
    Malformed where a path cannot stand in one.
    """
    accepts = {Question.DIRECTORY: "text/html", Question.KNOWN: _ACCEPTS_KNOWN}.get(question, "*/*")
    headers = [("User-Agent", AGENT), ("Accept", accepts)]
    if question is Question.FIRST_BYTES:
        headers.append(("Range", _RANGE))
    if question is Question.FOREIGN_HOST:
        host = FOREIGN_HOST
    if question is Question.FOREIGN_ORIGIN:
        headers.append(("Origin", FOREIGN_ORIGIN))
    if authorization:
        headers.append(("Authorization", authorization))
    return build_request("GET", path, host, headers)


def ask_proxy(host: str, address: str) -> bytes:
    """A request to fetch something from a closed port of the device itself, as from a proxy.

    ``address``: the device's own, as a host field without a port. RFC 9112 section 3.2.2.
    """
    headers = [("User-Agent", AGENT), ("Accept", "*/*")]
    return build_request("GET", f"http://{address}:{CLOSED_PORT}/", host, headers)


def submit(path: str, host: str, content_type: str, body: bytes) -> bytes:
    """A login by a form. Raises Malformed where a path cannot stand in a request."""
    headers = [("User-Agent", AGENT), ("Accept", "*/*"), ("Content-Type", content_type)]
    return build_request("POST", path, host, headers, body)


def is_ours(request: Request) -> bool:
    """Whether iotscan asked this."""
    return request.header("user-agent") == AGENT


def question_of(request: Request) -> Question:
    """Which question a request of ours puts."""
    if any(name == "authorization" for name, _ in request.headers):
        return Question.LOGIN
    if request.method == "POST":
        return Question.FORM
    if request.target.startswith("http://"):
        return Question.PROXY
    if any(name == "range" for name, _ in request.headers):
        return Question.FIRST_BYTES
    if request.header("host") == FOREIGN_HOST:
        return Question.FOREIGN_HOST
    if request.header("origin") == FOREIGN_ORIGIN:
        return Question.FOREIGN_ORIGIN
    if request.target == ICON:
        return Question.ICON
    by_accept = {"text/html": Question.DIRECTORY, _ACCEPTS_KNOWN: Question.KNOWN}
    return by_accept.get(request.header("accept"), Question.PAGE)
