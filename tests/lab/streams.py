"""A GStreamer RTSP server with a test picture: ``streams.py KIND PORT [CERT KEY]``.

Run by the system's Python, whose GObject bindings come from Debian. KIND: ``open`` gives the stream
/test to all; ``basic`` and ``digest`` ask for a login (admin/12345, which is publicly known);
``sound`` asks for a login nobody knows, over TLS with the given certificate.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-not-found]  # of the system, not of our environment

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402
    Gio,
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

LOGINS = {"basic": ("admin", "12345"), "digest": ("admin", "12345"), "sound": ("eve", "v9kQ2-m1Zt")}
PICTURE = (
    "( videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,"
    "framerate=5/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)


def _auth(kind: str, files: list[str]) -> Any:
    """What the server asks for."""
    auth = GstRtspServer.RTSPAuth()
    user, password = LOGINS[kind]
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if kind == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    if files:
        pem = "".join(Path(name).read_text(encoding="ascii") for name in files)
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_pem(pem, -1))
    return auth


def main() -> None:
    kind, port, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("0.0.0.0")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PICTURE)
    factory.set_shared(True)
    if kind != "open":
        server.set_auth(_auth(kind, files))
        rights = GstRtspServer.RTSPPermissions()
        for right in ("media.factory.access", "media.factory.construct"):
            rights.add_permission_for_role("viewer", right, True)
        factory.set_permissions(rights)
    server.get_mount_points().add_factory("/test", factory)
    server.attach(None)
    GLib.MainLoop().run()


main()
