"""What a web page of a device shows: forms, scripts' forms, links, words of settings and set-up.

Pages of devices are rarely correct HTML and often written by scripts, so tags are picked out one
by one, in scripts too. HTML Living Standard sections 4.2 (title, meta refresh), 4.10 (forms).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

# Pages of devices are small; the rest of a large one repeats what its beginning showed.
LONGEST = 131_072
_MOST_LINKS = 200
# Bounded and without '<' inside, so that a page of nothing but "<a" takes no longer to read.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})\b([^<>]{0,4096})>")
_ATTRIBUTE = re.compile(
    r"""([A-Za-z_:-]{1,40})\s{0,8}=\s{0,8}(?:\\?"([^"]{0,2048})"|\\?'([^']{0,2048})'|([^\s"'>]{1,2048}))"""
)
_TITLE = re.compile(r"<title\b[^<>]{0,200}>([^<]{0,1024})", re.IGNORECASE)
_MOVED = re.compile(
    r"""(?:window|document|self|top|parent)?\.?location(?:\.href)?\s{0,4}"""
    r"""(?:=|\.(?:replace|assign)\()\s{0,4}["']([^"'<>\s]{1,256})["']"""
)
_LISTING = re.compile(
    r"<title>\s{0,9}(?:index of|directory listing (?:for|of)|listing of|directory:?) ?/"
    r"|\[to parent directory\]|<h1>\s{0,9}(?:index of|directory listing (?:for|of)) ?/",
    re.IGNORECASE,
)
_TEXT = re.compile(r">([^<>]{2,80})<|(?:value|title|alt)=[\"']([^\"'<>]{2,80})[\"']")
# What only somebody who may change the device has to see. Whole words, on links, buttons and
# headings; three different ones make a page of settings (the rule says "likely").
_SETTINGS = re.compile(
    r"\b(reboot|restart|factory (?:reset|default)s?|restore|firmware|upgrade|update firmware"
    r"|wi-?fi|wlan|wireless|ssid|network settings?|lan settings?|ip settings?|configuration|config"
    r"|settings|administration|admin|user management|users|change password|system settings?"
    r"|time settings?|ntp|mqtt|backup|log out|logout|maintenance|port forwarding|ddns"
    r"|neustart|einstellungen|konfiguration|réseau|paramètres|configuración|impostazioni"
    r"|设置|系统设置|网络设置|重启|固件升级)\b",
    re.IGNORECASE,
)
_SETUP = re.compile(
    r"set-?up wizard|initial (?:set-?up|configuration)|first[- ]time set-?up|quick set-?up wizard"
    r"|create (?:an? |your )?(?:admin(?:istrator)?|owner) (?:account|password|user)"
    r"|set (?:an? |the |your )?(?:new )?admin(?:istrator)? password|welcome to the set-?up",
    re.IGNORECASE,
)

# Where a device sends its visitors is a page; these are names of doings.
_DOING = re.compile(
    r"reboot|restart|reset|log-?(?:out|off)|delete|erase|format|upgrade|toggle|power|shutdown|save",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form. ``action`` as it stands there; field names; ``passwords``: how many it asks for."""

    action: str
    method: str
    fields: tuple[str, ...] = ()
    passwords: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``loose_passwords``: password fields outside any form, for scripts to send.

    ``refresh``: where the page itself sends the browser on; ``resources``: what it loads;
    ``settings``: words of administration, each once; ``setup``: it asks to be set up;
    ``listing``: it is a directory's list of files.
    """

    title: str = ""
    forms: tuple[Form, ...] = ()
    loose_passwords: int = 0
    refresh: str = ""
    resources: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    setup: bool = False
    listing: bool = False

    @property
    def asks_for_password(self) -> bool:
        return self.loose_passwords > 0 or any(form.passwords for form in self.forms)


@lru_cache(maxsize=4)
def read_page(body: bytes) -> Page:
    """What is on a page. Pure, never raises; a page that is no HTML shows nothing."""
    text = body[:LONGEST].decode("utf-8", "replace")
    title = _TITLE.search(text)
    shown = [a or b for a, b in _TEXT.findall(text)]
    words = {m.lower() for part in shown for m in _SETTINGS.findall(part)}
    forms, loose, refresh, resources = _walk(text)
    moved = _MOVED.search(text)
    return Page(
        title=html.unescape(title[1]).strip() if title else "",
        forms=tuple(forms),
        loose_passwords=loose,
        refresh=refresh or (moved[1] if moved else ""),
        resources=tuple(dict.fromkeys(resources))[:_MOST_LINKS],
        settings=tuple(sorted(words)),
        setup=any(_SETUP.search(part) for part in (*shown, title[1] if title else "")),
        listing=_LISTING.search(text) is not None,
    )


def _walk(text: str) -> tuple[list[Form], int, str, list[str]]:
    forms: list[Form] = []
    resources: list[str] = []
    inside, loose, refresh = False, 0, ""
    for closing, name, attributes in _tags(text):
        if name == "form":
            inside = not closing
            if inside:
                method = attributes.get("method", "get").lower()
                forms.append(Form(attributes.get("action", ""), method))
        elif name in ("input", "select") and not closing:
            password = attributes.get("type", "").lower() == "password"
            if inside:
                forms[-1] = _with_field(forms[-1], attributes.get("name", ""), password)
            else:
                loose += password
        elif name == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            refresh = refresh or _refresh(attributes.get("content", ""))
        elif name in ("script", "img", "frame", "iframe") and "src" in attributes:
            resources.append(attributes["src"])
        elif name == "link" and "href" in attributes:
            resources.append(attributes["href"])
    return forms, loose, refresh, resources


def _tags(text: str) -> Iterator[tuple[bool, str, dict[str, str]]]:
    for tag in _TAG.finditer(text):
        found = {
            m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "").rstrip("\\")
            for m in _ATTRIBUTE.finditer(tag[3])
        }
        yield bool(tag[1]), tag[2].lower(), found


def _with_field(form: Form, name: str, password: bool) -> Form:
    fields = (*form.fields, name) if name and len(form.fields) < _MOST_LINKS else form.fields
    return Form(form.action, form.method, fields, form.passwords + password)


def _refresh(content: str) -> str:
    """The address in "0; url=/login.html", quoted or not."""
    found = re.search(r"url\s*=\s*['\"]?([^'\"\s;]+)", content, re.IGNORECASE)
    return found[1] if found else ""


def split_address(address: str) -> SplitResult | None:
    """The parts of an address that a device gave; None where it is none."""
    try:
        parts = urlsplit(address.strip()[:2048])
        parts.port  # noqa: B018 raises ValueError for a port that is no number
    except ValueError:
        return None
    return parts


def local_path(address: str, origin: str, base: str = "/") -> str | None:
    """The path that an address leads to on the same server; None when it leads elsewhere, or has a
    query: asking could then do something. ``origin``: scheme, host and port of the server;
    ``base``: the path of the page on which the address stands.
    """
    parts = split_address(address)
    own = urlsplit(origin)
    if parts is None or parts.query or parts.scheme.lower() not in ("", own.scheme):
        return None
    if parts.netloc and parts.netloc.lower() != own.netloc.lower():
        return None
    path = parts.path or "/"
    if not path.startswith("/"):
        path = base[: base.rfind("/") + 1] + path
    return (
        path
        if re.fullmatch(r"/[\x21\x23-\x5b\x5d-\x7e]{0,200}", path) and ".." not in path
        else None
    )


def names_a_doing(path: str) -> bool:
    """Whether a path may be that of something done rather than shown: it is never asked for."""
    return _DOING.search(path) is not None
