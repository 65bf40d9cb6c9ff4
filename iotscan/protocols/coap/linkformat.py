"""CoRE link format (RFC 6690): what a CoAP device says it has to offer.

Devices write it by hand, so the parser is tolerant: unknown attributes are kept, a broken or cut
end costs only the links behind it. Text is as the device sent it; clean it before it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from iotscan.errors import Malformed

# The largest lists seen are those of resource directories; more is a flood.
MOST_LINKS = 1024
_MOST_ATTRIBUTES = 32

_TARGET = re.compile(r"\s*<([^<>]*)>")
_ATTRIBUTE = re.compile(
    r"""\s*;\s*
    (?P<name>[^\s;,=<>"]+)
    (?:\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s;,"]*)))?""",
    re.VERBOSE | re.DOTALL,
)
_SEPARATOR = re.compile(r"\s*,")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``target`` is the URI reference between the angle brackets, as it was written.

    ``attributes``: (lower-case name, value) in their order; a name alone has the value "".
    """

    target: str
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The target on this device, with its query: "/a?b"; "" when it points elsewhere."""
        local = self.target.startswith("/") and not self.target.startswith("//")
        return self.target if local and not self.has("anchor") else ""

    @property
    def resource_types(self) -> tuple[str, ...]:
        """The words of ``rt``."""
        return tuple(self._words("rt"))

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The words of ``if``: what may be done with the resource."""
        return tuple(self._words("if"))

    @property
    def observable(self) -> bool:
        return self.has("obs")

    @property
    def title(self) -> str:
        return self.get("title")

    @property
    def size(self) -> int | None:
        """The announced size of the representation in bytes."""
        return _number(self.get("sz"))

    def get(self, name: str) -> str:
        """The first value of an attribute, "" without one."""
        return next((value for key, value in self.attributes if key == name), "")

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.attributes)

    def _words(self, name: str) -> Iterator[str]:
        return (word for key, value in self.attributes if key == name for word in value.split())


def parse(payload: bytes) -> tuple[Link, ...]:
    """The links of a document, at most ``MOST_LINKS``; () for an empty one.

    Raises Malformed when it does not even begin with a link.
    """
    text = payload.decode("utf-8", "surrogateescape")
    if not text.strip():
        return ()
    links = tuple(_links(text))
    if not links:
        raise Malformed("not a list of links")
    return links


def _links(text: str) -> Iterator[Link]:
    at = 0
    for _ in range(MOST_LINKS):
        target = _TARGET.match(text, at)
        if target is None:
            return
        attributes, at = _attributes(text, target.end())
        yield Link(target[1].strip(), attributes)
        separator = _SEPARATOR.match(text, at)
        if separator is None:
            return
        at = separator.end()


def _attributes(text: str, at: int) -> tuple[tuple[tuple[str, str], ...], int]:
    found: list[tuple[str, str]] = []
    while len(found) < _MOST_ATTRIBUTES:
        attribute = _ATTRIBUTE.match(text, at)
        if attribute is None:
            break
        quoted = attribute["quoted"]
        value = attribute["bare"] or "" if quoted is None else _ESCAPE.sub(r"\1", quoted)
        found.append((attribute["name"].lower(), value))
        at = attribute.end()
    return tuple(found), at


def _number(word: str) -> int | None:
    # RFC 6690 section 2: cardinal numbers; nine digits hold any size a device has.
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 9 else None
