"""What a web server exposes besides pages: pictures, provider management, a proxy for anyone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.facts import Facts, is_html
from iotscan.protocols.http.page import local_path, names_a_doing, read_page
from iotscan.protocols.http.said import Pages
from iotscan.text import clean

# IANA cwmp, and where providers moved it to.
CWMP_PORTS = (7547, 30005)
_CWMP = re.compile(r"\bcwmp\b|\btr-?0?69\b|connection ?request", re.IGNORECASE)
_PICTURE = re.compile(
    r"/(?:snap(?:shot)?|shot|capture|current|image|jpgimage|livepic|webcam|videofeed|video_feed|mjpe?g)"
    r"\d{0,2}(?:\.(?:jpe?g|cgi|mjpe?g))?$",
    re.IGNORECASE,
)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")
_MOST_PICTURES = 2
_PROXIES = re.compile(
    r"squid|tinyproxy|privoxy|3proxy|polipo|ccproxy|mikrotik httpproxy", re.IGNORECASE
)
# What proxies say when the place they were sent to refuses.
_FAILED = re.compile(r"connect|refused|unreachable|unable to", re.IGNORECASE)


def pictures(pages: Pages, origin: str) -> list[str]:
    """Addresses on the same server from which the pages load what looks like a camera's picture."""
    return list(dict.fromkeys(_pictures(pages, origin)))[:_MOST_PICTURES]


def _pictures(pages: Pages, origin: str) -> Iterator[str]:
    for base, page in pages.items():
        for resource in read_page(page.body).resources if is_html(page) else ():
            path = local_path(resource, origin, base)
            if path and _PICTURE.search(path) and not names_a_doing(path):
                yield path


def picture_facts(path: str, response: Response, encrypted: bool) -> Facts:
    """Whether a camera's picture came without a login. ``open`` is left out where neither shows."""
    kind = response.header("content-type").lower()
    found: Facts = {"path": clean(path), "status": response.status, "encrypted": encrypted}
    if kind:
        found["content_type"] = clean(kind, 64)
    if response.status in (401, 403):
        found["open"] = False
    elif response.status in (200, 206):
        stream = kind.startswith("multipart/x-mixed-replace")
        found["open"] = stream or response.body.startswith(_PICTURES)
    return found


def cwmp_facts(first: Response, port: int, encrypted: bool) -> Facts | None:
    """Whether this is where a provider's management calls a router (TR-069 section 3.2.2): by its
    own words, or by its port where it shows no page.
    """
    words = f"{first.header('server')} {first.header('www-authenticate')}"
    named = _CWMP.search(words) is not None
    bare = not (first.status == 200 and is_html(first) and read_page(first.body).title)
    if not named and not (port in CWMP_PORTS and bare):
        return None
    found: Facts = {"by": "words" if named else "port", "encrypted": encrypted}
    return found | {"login_asked": first.status == 401}


def may_be_proxy(first: Response) -> bool:
    """Whether a server behaves as a proxy does when it is asked for a page of its own."""
    if _PROXIES.search(f"{first.header('server')} {first.header('via')}"):
        return True
    return first.status in (400, 403, 404, 407)


def proxy_facts(own: Response, response: Response) -> Facts:
    """Whether the server tried to fetch from a closed port for us. ``own``: its own start page."""
    gateway_error = response.status in (502, 503, 504)
    failed = response.status == 500 and _FAILED.search(response.body[:4096].decode("latin-1"))
    return {
        "relays": own.status < 500 and (gateway_error or bool(failed)),
        "status": response.status,
    }
