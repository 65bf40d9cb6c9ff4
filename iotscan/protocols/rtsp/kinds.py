"""The words that the reader of RTSP uses."""

from __future__ import annotations

from iotscan.model import Kind

KINDS: tuple[Kind, ...] = (
    Kind(
        "rtsp.service",
        {
            "encrypted": bool,
            "server": str,
            "realm": str,
            "methods": tuple,
            "login_asked": bool,
            "auth_schemes": tuple,
            "digest_algorithms": tuple,
            "any_route": bool,
            "cleartext_streams": bool,
        },
        "Once for an RTSP server we talked to. any_route: it describes a stream under a name that"
        " nobody uses; cleartext_streams: it holds streams, and neither they nor the connection are"
        " encrypted.",
    ),
    Kind(
        "rtsp.stream",
        {
            "path": str,
            "described": bool,
            "any_route": bool,
            "encrypted": bool,
            "media": tuple,
            "multicast": bool,
            "login_inside": bool,
        },
        "For a route that answered without a login. described: with a session description;"
        " login_inside: a URL in it holds a user name and a password.",
    ),
    Kind(
        "rtsp.login",
        {
            "accepted": bool,
            "login": str,
            "scheme": str,
            "path": str,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "refused": int,
            "locked_out": bool,
            "encrypted": bool,
        },
        "We tried publicly known logins. accepted: a stream was described that is withheld without"
        " a login; control_accepted: a random pair got it too.",
    ),
    Kind(
        "rtsp.played",
        {"peer": str, "method": str, "path": str, "unauthenticated": bool, "server": str},
        "Somebody else's stream was overheard as it began. unauthenticated: nothing in the"
        " connection carried a login.",
    ),
    Kind(
        "rtsp.credentials",
        {
            "peer": str,
            "scheme": str,
            "username": str,
            "realm": str,
            "outcome": str,
            "password_seen": bool,
            "cleartext": bool,
        },
        "Somebody else's RTSP login was overheard. outcome: accepted, refused or unknown.",
    ),
)
