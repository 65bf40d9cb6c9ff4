"""Cameras and recorders: RTSP by GStreamer, the rest by the lab's own camera (camera.py)."""

from __future__ import annotations

import sys
from pathlib import Path

from certificates import self_signed
from lan import Device, Host

HERE = Path(__file__).resolve().parent.parent
# GStreamer's bindings belong to the Python of the system, whichever one runs the tests.
SYSTEM_PYTHON = "/usr/bin/python3"


def _streams(host: Host, kind: str, port: int, *files: str) -> None:
    # GStreamer takes TLS from GnuTLS, whose own choice on Debian is to let TLS 1.0 in.
    sound = "[overrides]\ndisabled-version = tls1.0\ndisabled-version = tls1.1\n"
    setting = f"GNUTLS_SYSTEM_PRIORITY_FILE={host.file('gnutls.conf', sound)}"
    host.start("env", setting, SYSTEM_PYTHON, str(HERE / "streams.py"), kind, str(port), *files)
    host.await_port(port)


def _camera(host: Host, kind: str, *ports: int) -> None:
    """The lab's own camera; what happened to it is written to ``events``."""
    log = str(host.folder / "events")
    host.start(sys.executable, str(HERE / "camera.py"), kind, host.address, log)
    for port in ports:
        host.await_port(port)


def rtsp_open(host: Host) -> None:
    """Gives its stream to everybody."""
    _streams(host, "open", 554)


def rtsp_digest(host: Host) -> None:
    """Digest with MD5; a publicly known login opens it."""
    _streams(host, "digest", 8554)


def rtsp_basic(host: Host) -> None:
    """Basic without encryption; a publicly known login opens it."""
    _streams(host, "basic", 554)


def rtsp_sound(host: Host) -> None:
    """RTSPS only, and a login nobody knows."""
    cert, key = self_signed(host.folder, host.address)
    _streams(host, "sound", 322, str(cert), str(key))


def rtsp_any_route(host: Host) -> None:
    """Describes a stream under any name: which of them exist cannot be told."""
    _camera(host, "any-route", 554)


def rtsp_lockout(host: Host) -> None:
    """Locks out for good after five wrong logins; the log shows whether that happened."""
    _camera(host, "lockout", 554)


def onvif_open(host: Host) -> None:
    """Answers every ONVIF call, and gives its picture, without a login."""
    _camera(host, "onvif-open", 8899, 554)


def onvif_default(host: Host) -> None:
    """Wants a login for ONVIF; a publicly known one will do."""
    _camera(host, "onvif-default", 8899)


def onvif_sound(host: Host) -> None:
    """Answers only the calls that ONVIF makes public."""
    _camera(host, "onvif-sound", 8899)


DEVICES: tuple[Device, ...] = (
    ("rtsp-open", "10.77.0.145", "44:19:b6:00:00:45", rtsp_open),
    ("rtsp-digest", "10.77.0.146", "3c:ef:8c:00:00:46", rtsp_digest),
    ("rtsp-basic", "10.77.0.147", "00:62:6e:00:00:47", rtsp_basic),
    ("rtsp-sound", "10.77.0.148", "00:40:8c:00:00:48", rtsp_sound),
    ("rtsp-any-route", "10.77.0.149", "9c:8e:cd:00:00:49", rtsp_any_route),
    ("rtsp-lockout", "10.77.0.150", "28:57:be:00:00:50", rtsp_lockout),
    ("onvif-open", "10.77.0.151", "9c:8e:cd:00:00:51", onvif_open),
    ("onvif-default", "10.77.0.152", "3c:ef:8c:00:00:52", onvif_default),
    ("onvif-sound", "10.77.0.153", "00:40:8c:00:00:53", onvif_sound),
)
