"""The words that rules may use of FTP and of what was overheard of it."""

from __future__ import annotations

from iotscan.model import Kind

KINDS = (
    Kind(
        "ftp.service",
        {
            "greeting": str,
            "version": str,
            "cleartext": bool,
            "tls_offered": bool,
            "tls_required": bool,
            "features": tuple,
            "system": str,
        },
        "An FTP server answered. cleartext: it takes a user name outside of TLS; tls_required: it "
        "refuses to, in words; tls_offered: AUTH TLS was accepted, or the port is for TLS alone.",
    ),
    Kind(
        "ftp.anonymous",
        {
            "accepted": bool,
            "listed": bool,
            "entries": int,
            "writable": bool,
            "writable_names": tuple,
            "telling": tuple,
        },
        "What an anonymous login (RFC 1635) came to. listed: a listing was read; writable: the "
        "rights it shows, or the server's MLST, let strangers write; telling: names in it that "
        "sound like firmware, settings or recordings. Nothing was fetched or stored.",
    ),
    Kind(
        "ftp.login",
        {
            "accepted": bool,
            "login": str,
            "username": str,
            "empty_password": bool,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "refused": int,
            "locked_out": bool,
        },
        "We tried publicly known logins. accepted: code 230; control_accepted: a random pair too.",
    ),
    Kind(
        "ftp.overheard",
        {"cleartext": bool, "greeting": str, "version": str, "peer": str},
        "Somebody else's FTP control channel was overheard. cleartext: not protected by TLS before "
        "the login.",
    ),
    Kind(
        "ftp.overheard_login",
        {
            "username": str,
            "anonymous": bool,
            "password_seen": bool,
            "outcome": str,
            "peer": str,
        },
        "Somebody else's FTP login was overheard in clear. outcome: accepted, refused or unknown.",
    ),
    Kind(
        "ftp.firmware",
        {"path": str, "bytes": int, "cleartext": bool, "peer": str},
        "Somebody else fetched a file whose name is that of firmware over FTP. The content travels "
        "on another connection and was not looked at.",
    ),
)
