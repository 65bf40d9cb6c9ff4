"""What single HTTP answers and requests establish, as the words that rules use."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from iotscan.protocols.common.firmware import archive_in, image_in, is_named_so
from iotscan.protocols.encodings.fields import Headers
from iotscan.protocols.http.auth import parse_answer, parse_challenges
from iotscan.protocols.http.codec import Request, Response
from iotscan.protocols.http.murmur import murmur3_32
from iotscan.protocols.http.page import Page, read_page, split_address
from iotscan.protocols.http.submitted import submitted
from iotscan.text import clean

Facts = dict[str, bool | int | float | str | tuple[str, ...]]
# A page with this many different words of administration is one to administrate with.
SETTINGS_WORDS = 3
# How common servers say in clear that their port expects TLS: nginx, Go, Apache, Tomcat.
_WANTS_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server"
    rb"|speaking plain HTTP to an SSL|combination of host and port requires TLS",
    re.IGNORECASE,
)
_SESSION = re.compile(r"sess|sid\b|^sid|auth|token|login|jwt|remember|^uid$", re.IGNORECASE)
_PASSWORD = re.compile(
    r"^(?:\w{0,20}[_.-])?(?:pass(?:wd|word|wort|phrase|code)?|passwd|pwd|psw|pw|psk|kennwort)\d?$"
    r"|^(?:login|user|admin|wifi|wlan|usr|ftp|http)(?:password|passwd|pass?|pwd|psw)$",
    re.IGNORECASE,
)
_SWITCH = re.compile(r"true|false|yes|no|on|off|null|\d", re.IGNORECASE)
_USERNAME = re.compile(
    r"^(?:\w{0,20}[_.-])?(?:user(?:name|id)?|usr|login(?:use|user|name)?|account|uname|email|id)$",
    re.IGNORECASE,
)


def wants_tls(response: Response) -> bool:
    """Whether a server only said, in clear, that its port is for TLS."""
    return response.status == 400 and _WANTS_TLS.search(response.body[:4096]) is not None


def redirects_to_https(response: Response) -> bool:
    """Whether the answer sends the browser to HTTPS, by Location or by the page itself."""
    target = response.header("location") if 300 <= response.status < 400 else ""
    target = target or (read_page(response.body).refresh if response.status == 200 else "")
    parts = split_address(target) if target else None
    return parts is not None and parts.scheme.lower() == "https"


def response_facts(path: str, response: Response, encrypted: bool) -> Facts:
    """What one answer shows of the server and of its page."""
    page = read_page(response.body) if is_html(response) else Page()
    found: Facts = {"path": clean(path), "status": response.status, "encrypted": encrypted}
    for word, text in (
        ("server", response.header("server")),
        ("powered_by", response.header("x-powered-by")),
        ("content_type", response.header("content-type")),
        ("location", response.header("location")),
        ("title", page.title),
    ):
        if text:
            found[word] = clean(text)
    challenges = parse_challenges(values(response.headers, "www-authenticate"))
    if response.status in (401, 407) or challenges:
        found["auth_schemes"] = tuple(dict.fromkeys(clean(one.scheme, 32) for one in challenges))
        digests = (one.algorithm for one in challenges if one.scheme == "digest")
        found["digest_algorithms"] = tuple(dict.fromkeys(clean(name, 32) for name in digests))
        realms = [one.realm for one in challenges if one.realm]
        found |= {"realm": clean(realms[0])} if realms else {}
    found["redirects_to_https"] = redirects_to_https(response)
    found["tls_required"] = wants_tls(response)
    return found | _page_facts(page, response, encrypted)


def _page_facts(page: Page, response: Response, encrypted: bool) -> Facts:
    if not is_html(response):
        return {}
    found: Facts = {
        "login_form": page.asks_for_password,
        "login_form_cleartext": page.asks_for_password and _posts_in_clear(page, encrypted),
        "setup_open": page.setup and response.status == 200,
    }
    if response.status == 200:
        found["settings_shown"] = (
            len(page.settings) >= SETTINGS_WORDS and not page.asks_for_password
        )
        found["settings_words"] = tuple(clean(word, 40) for word in page.settings[:12])
        found["body_sha256"] = hashlib.sha256(response.body).hexdigest()
    return found


def _posts_in_clear(page: Page, encrypted: bool) -> bool:
    """A form without an action, or one that scripts send, goes where the page came from."""
    asking = [form for form in page.forms if form.passwords]
    schemes = {(split_address(form.action) or split_address("")) for form in asking}
    targets = {parts.scheme.lower() for parts in schemes if parts is not None}
    if page.loose_passwords:
        targets.add("")
    return "http" in targets or ("" in targets and not encrypted)


def is_html(response: Response) -> bool:
    """Whether the body is a page: so declared, or so begun where nothing is declared."""
    kind = response.header("content-type").lower()
    if kind:
        return "html" in kind
    return (
        re.match(rb"\s{0,99}<(?:!doctype|html|head|body|meta|script)", response.body, re.I)
        is not None
    )


def header_facts(response: Response, encrypted: bool) -> Facts:
    """Which protective headers a page comes with. OWASP Secure Headers Project; RFC 6797 (HSTS)."""
    policy = _first_value(response.headers, "content-security-policy").lower()
    framing = _first_value(response.headers, "x-frame-options").lower()
    options = _first_value(response.headers, "x-content-type-options").lower()
    found: Facts = {
        "encrypted": encrypted,
        "content_security_policy": bool(policy),
        "frame_protection": framing.startswith(("deny", "sameorigin"))
        or "frame-ancestors" in policy,
        "content_type_options": options.startswith("nosniff"),
        "referrer_policy": bool(_first_value(response.headers, "referrer-policy")),
    }
    if encrypted:  # browsers pass over it in clear, RFC 6797 section 8.1
        found["strict_transport_security"] = _lasts(
            _first_value(response.headers, "strict-transport-security")
        )
    needed = ("content_security_policy", "frame_protection", "content_type_options")
    found["missing"] = tuple(name for name in needed if not found[name])
    return found


def cookie_facts(response: Response, encrypted: bool) -> Iterator[Facts]:
    """The flags of each cookie set, without its value. RFC 6265 section 4.1.2."""
    for field in values(response.headers, "set-cookie")[:16]:
        pair, *attributes = [part.strip() for part in field.split(";")]
        name = pair.partition("=")[0].strip()
        flags = {one.partition("=")[0].strip().lower(): one.partition("=")[2] for one in attributes}
        expired = flags.get("max-age", "1").strip() in ("0", "-1")
        if not name or expired:
            continue
        found: Facts = {
            "name": clean(name, 64),
            "session": _SESSION.search(name) is not None,
            "secure": "secure" in flags,
            "http_only": "httponly" in flags,
            "encrypted": encrypted,
        }
        if "samesite" in flags:
            found["same_site"] = clean(flags["samesite"].lower(), 16)
        yield found


def cors_facts(request: Request, response: Response) -> Facts:
    """Which foreign pages may read the answer. Fetch Standard section 3.2."""
    allowed = _first_value(response.headers, "access-control-allow-origin").strip()
    credentials = _first_value(response.headers, "access-control-allow-credentials")
    reflects = bool(allowed) and allowed == request.header("origin").strip()
    found: Facts = {
        "any_origin": allowed == "*",
        "reflects_origin": reflects,
        # A browser sends no credentials where any origin is allowed by a star.
        "credentials": reflects and credentials.strip().lower() == "true",
    }
    return found | ({"allow_origin": clean(allowed)} if allowed else {})


def favicon_facts(response: Response) -> Facts | None:
    """Digests of an icon: SHA-256, and the number that search engines for devices know it by."""
    body = response.body
    image = body.startswith(
        (b"\x00\x00\x01\x00", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"<svg", b"<?xml")
    )
    if response.status != 200 or not image or not response.complete:
        return None
    number = murmur3_32(base64.encodebytes(body))
    return {"sha256": hashlib.sha256(body).hexdigest(), "murmur3": number, "bytes": len(body)}


def credential_facts(request: Request, response: Response | None) -> Iterator[Facts]:
    """Logins that a client sent where they can be overheard, without any password."""
    for name in ("authorization", "proxy-authorization"):
        answer = parse_answer(_first_value(request.headers, name))
        if answer is not None and answer.scheme in ("basic", "digest"):
            found: Facts = {
                "scheme": answer.scheme,
                "username": clean(answer.username),
                "password_seen": bool(answer.password),
                "outcome": _outcome(response),
                "path": clean(request.target.partition("?")[0]),
            }
            yield found | ({"realm": clean(answer.realm)} if answer.realm else {})
    yield from _submitted(request, response)


def _submitted(request: Request, response: Response | None) -> Iterator[Facts]:
    """A password field in a form's body, in a JSON object, in XML or in the address."""
    for scheme, fields in submitted(request):
        # A single digit or a word for yes or no is a setting, whatever its name.
        secret = next(
            (k for k, v in fields if v and _PASSWORD.match(k) and not _SWITCH.fullmatch(v)), None
        )
        if secret is None:
            continue
        found: Facts = {
            "scheme": scheme,
            "password_seen": True,
            "outcome": "refused" if response and response.status in (401, 403) else "unclear",
            "path": clean(request.target.partition("?")[0]),
            "field": clean(secret, 64),
        }
        user = next((value for key, value in fields if value and _USERNAME.match(key)), None)
        yield found | ({"username": clean(user, 64)} if user else {})


def firmware_facts(request: Request, response: Response) -> Facts | None:
    """A firmware image or a program of a device that was fetched, by its content and its path."""
    if response.status not in (200, 206):
        return None
    body = response.body
    path = request.target.partition("?")[0]
    image, archive, named = image_in(body), archive_in(body), is_named_so(path)
    if not image and not (archive and named):
        return None
    length = response.header("content-length")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else len(body)
    return {
        "path": clean(path),
        "host": clean(request.header("host")),
        "format": image or archive,
        "named_so": named,
        "bytes": size,
    }


def values(headers: Headers, name: str) -> list[str]:
    """All values of a header, as text."""
    return [value.decode("utf-8", "backslashreplace") for key, value in headers if key == name]


def _first_value(headers: Headers, name: str) -> str:
    """The first value of a header, "" without one."""
    return next(iter(values(headers, name)), "")


def _lasts(field: str) -> bool:
    found = re.search(r"max-age\s*=\s*\"?(\d{1,12})", field, re.IGNORECASE)
    return found is not None and int(found[1]) > 0


def _outcome(response: Response | None) -> str:
    if response is None:
        return "unknown"
    if response.status in (401, 407):
        return "refused"
    return "accepted" if response.status < 400 else "unclear"
