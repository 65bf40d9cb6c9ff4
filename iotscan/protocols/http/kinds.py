"""The words that the reader of HTTP uses."""

from __future__ import annotations

from iotscan.model import Kind
from iotscan.protocols.common.identifiers import DISCOVERY_IDENTIFIERS

KINDS: tuple[Kind, ...] = (
    DISCOVERY_IDENTIFIERS,
    Kind(
        "http.service",
        {
            "encrypted": bool,
            "cleartext_content": bool,
            "redirects_to_https": bool,
            "tls_required": bool,
            "login_asked": bool,
            "server": str,
            "title": str,
            "realm": str,
            "client_certificate_requested": bool,
        },
        "Once for a web server we talked to. cleartext_content: it gives more in clear than a"
        " pointer to HTTPS; tls_required: it said that its port is for TLS.",
    ),
    Kind(
        "http.response",
        {
            "path": str,
            "status": int,
            "encrypted": bool,
            "server": str,
            "powered_by": str,
            "content_type": str,
            "location": str,
            "title": str,
            "realm": str,
            "auth_schemes": tuple,
            "digest_algorithms": tuple,
            "redirects_to_https": bool,
            "tls_required": bool,
            "login_form": bool,
            "login_form_cleartext": bool,
            "setup_open": bool,
            "settings_shown": bool,
            "settings_words": tuple,
            "body_sha256": str,
        },
        "For every page we asked for. login_form: it has a password field; settings_shown: words"
        " of administration, and no login; setup_open: it asks whoever comes to set it up.",
    ),
    Kind(
        "http.headers",
        {
            "path": str,
            "encrypted": bool,
            "content_security_policy": bool,
            "frame_protection": bool,
            "content_type_options": bool,
            "referrer_policy": bool,
            "strict_transport_security": bool,
            "missing": tuple,
        },
        "Protective headers of a page. missing: those of policy, framing and type that are not"
        " there; strict_transport_security only where it counts, over TLS.",
    ),
    Kind(
        "http.cookie",
        {
            "name": str,
            "session": bool,
            "secure": bool,
            "http_only": bool,
            "same_site": str,
            "encrypted": bool,
        },
        "For every cookie that a server sets. session: its name is that of a session or login.",
    ),
    Kind(
        "http.cors",
        {"any_origin": bool, "reflects_origin": bool, "credentials": bool, "allow_origin": str},
        "The answer to a request that named a foreign web page as its origin.",
    ),
    Kind(
        "http.host",
        {"foreign_host_accepted": bool, "status": int},
        "Whether the same page came under a host name that the device cannot have.",
    ),
    Kind(
        "http.favicon",
        {"sha256": str, "murmur3": int, "bytes": int},
        "The icon of the web interface.",
    ),
    Kind(
        "http.directory",
        {"path": str, "listing": bool, "status": int},
        "Whether a directory that a page loads from is listed.",
    ),
    Kind(
        "http.known",
        {
            "id": str,
            "product": str,
            "kind": str,
            "path": str,
            "status": int,
            "open": bool,
            "encrypted": bool,
            "model": str,
            "firmware": str,
        },
        "For an address that a product is known to answer at. product: what it is, where its answer"
        " proves that; kind: api (control), admin, setup, config (a file of settings) or about;"
        " open: its answer proves that no login is wanted, and for setup that nobody has set it"
        " up.",
    ),
    Kind(
        "http.picture",
        {"path": str, "status": int, "open": bool, "content_type": str, "encrypted": bool},
        "For a camera's picture that a page loads. open: it came without a login; only its first"
        " bytes were read.",
    ),
    Kind(
        "http.cwmp",
        {"by": str, "login_asked": bool, "encrypted": bool},
        "A router's entrance for its provider (TR-069). by: words of its own, or its port.",
    ),
    Kind(
        "http.proxy",
        {"relays": bool, "status": int},
        "The answer to a wish to fetch from a closed port of the device itself. relays: it tried.",
    ),
    Kind(
        "http.login",
        {
            "accepted": bool,
            "login": str,
            "username": str,
            "scheme": str,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "refused": int,
            "locked_out": bool,
            "encrypted": bool,
        },
        "We tried publicly known logins. accepted: a page came that is withheld without a login;"
        " control_accepted: a random pair got it too.",
    ),
    Kind(
        "http.exchange",
        {
            "cleartext": bool,
            "exchanges": int,
            "status": int,
            "server": str,
            "title": str,
            "realm": str,
            "host": str,
            "user_agent": str,
        },
        "Somebody else's HTTP was overheard: the first answer of a connection.",
    ),
    Kind(
        "http.settings",
        {"vendor": str, "model": str, "firmware": str, "name": str},
        "A device was overheard telling the app that sets it up what it is, by HNAP.",
    ),
    Kind(
        "http.client",
        {"agent": str},
        "A client of HTTP was overheard saying what it is (User-Agent).",
    ),
    Kind(
        "http.credentials",
        {
            "scheme": str,
            "username": str,
            "realm": str,
            "field": str,
            "path": str,
            "outcome": str,
            "password_seen": bool,
            "cleartext": bool,
        },
        "A login was overheard. scheme: basic, digest, form, json or query; outcome: accepted,"
        " refused, unclear or unknown, from the answer.",
    ),
    Kind(
        "http.personal",
        {"kind": str, "path": str, "cleartext": bool},
        "A client was overheard sending personal data, by patterns. kind: of data, not its value.",
    ),
    Kind(
        "http.firmware",
        {
            "path": str,
            "host": str,
            "format": str,
            "named_so": bool,
            "bytes": int,
            "cleartext": bool,
        },
        "A firmware image or device program was overheard, by its first bytes. named_so: the path"
        " says so too.",
    ),
)
