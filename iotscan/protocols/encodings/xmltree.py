"""XML that devices wrote: no DTD, no entities, bounded in size and depth, namespaces left aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from iotscan.errors import Malformed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST = 65_536
_DEEPEST = 32
# A tag, or a byte order mark before it.
_BEGINNINGS = (b"<", b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")


def parse(data: bytes) -> Element:
    """The root element. Raises Malformed."""
    if len(data) > LARGEST:
        raise Malformed(f"XML of more than {LARGEST} bytes")
    # Some servers end the document with the zero byte of their C string.
    bare = data.strip(b"\0 \t\r\n")
    if not bare.startswith(_BEGINNINGS):
        raise Malformed("no XML begins so")
    try:
        root: Element = fromstring(bare, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Malformed(f"XML that cannot be read: {type(error).__name__}") from error
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
    if level:
        raise Malformed(f"XML nested deeper than {_DEEPEST}")
    return root


def name(element: Element) -> str:
    """The tag without its namespace: devices get namespaces wrong more often than tags."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2]


def children(element: Element | None, wanted: str) -> list[Element]:
    """The children of this name; none of None."""
    return [] if element is None else [child for child in element if name(child) == wanted]


def child(element: Element | None, wanted: str) -> Element | None:
    """The first child of this name."""
    return next(iter(children(element, wanted)), None)


def find(element: Element | None, *path: str) -> Element | None:
    """The element at the end of a path of first children, None where it breaks off."""
    for wanted in path:
        element = child(element, wanted)
    return element


def text(element: Element | None, *path: str) -> str:
    """The text at the end of a path of first children, "" without one."""
    found = find(element, *path)
    return (found.text or "").strip() if found is not None else ""
