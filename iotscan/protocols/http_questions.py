"""The questions that iotscan puts to a web server, and how they are known again in a recording.

Each is a plain GET without a query: nothing is sent that could press a button on a device.
"""

from __future__ import annotations

from enum import Enum

from iotscan.protocols.http import Request, build_request

AGENT = "iotscan"
# RFC 6761 section 6.4: no such name can exist, so a server that cares whom it is called by cannot
# mean this one; and no page can come from there.
FOREIGN_HOST = "iotscan.invalid"
FOREIGN_ORIGIN = "https://iotscan.invalid"
ICON = "/favicon.ico"


class Question(Enum):
    """What a request of ours wants to know."""

    PAGE = "page"
    ICON = "icon"
    FOREIGN_HOST = "foreign-host"
    FOREIGN_ORIGIN = "foreign-origin"
    DIRECTORY = "directory"
    LOGIN = "login"


def ask(question: Question, host: str, path: str = "/", authorization: str = "") -> bytes:
    """The request; ``host`` as :func:`iotscan.protocols.http.host_field` gives it. Raises Malformed
    where a path cannot stand in one.
    """
    accepts = "text/html" if question is Question.DIRECTORY else "*/*"
    headers = [("User-Agent", AGENT), ("Accept", accepts)]
    if question is Question.FOREIGN_HOST:
        host = FOREIGN_HOST
    if question is Question.FOREIGN_ORIGIN:
        headers.append(("Origin", FOREIGN_ORIGIN))
    if authorization:
        headers.append(("Authorization", authorization))
    return build_request("GET", path, host, headers)


def is_ours(request: Request) -> bool:
    """Whether iotscan asked this."""
    return request.header("user-agent") == AGENT


def question_of(request: Request) -> Question:
    """Which question a request of ours puts."""
    if any(name == "authorization" for name, _ in request.headers):
        return Question.LOGIN
    if request.header("host") == FOREIGN_HOST:
        return Question.FOREIGN_HOST
    if request.header("origin") == FOREIGN_ORIGIN:
        return Question.FOREIGN_ORIGIN
    if request.target == ICON:
        return Question.ICON
    return Question.DIRECTORY if request.header("accept") == "text/html" else Question.PAGE
