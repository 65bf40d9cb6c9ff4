"""What a web server said of itself, as one text in which data files look for products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from iotscan.protocols.http.codec import Response

# Pages name their product at their beginning, in titles, scripts and styles.
_MOST_BODY = 32_768
_FIELDS = ("server", "www-authenticate", "location", "via")

Pages = Mapping[str, Response]


def said(pages: Pages) -> str:
    """Fields and pages, in their order."""
    return "\n".join(part for page in pages.values() for part in _parts(page))


def head_and_body(response: Response, most: int = _MOST_BODY) -> str:
    """An answer as text: "name: value" lines, an empty line, and the body's beginning."""
    lines = [f"{name}: {value.decode('utf-8', 'replace')}" for name, value in response.headers]
    return "\n".join([*lines, "", response.body[:most].decode("utf-8", "replace")])


def _parts(page: Response) -> Iterable[str]:
    yield from (page.header(name) for name in _FIELDS)
    yield page.body[:_MOST_BODY].decode("utf-8", "replace")
