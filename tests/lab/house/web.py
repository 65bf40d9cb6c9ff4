"""Web interfaces: nginx and lighttpd, well and badly set up, a proxy for anyone, a recorder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from certificates import self_signed
from lan import Device, Host

HERE = Path(__file__).resolve().parent.parent
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(600)
HEADERS = (
    "add_header Content-Security-Policy \"default-src 'self'; frame-ancestors 'none'\" always;"
    "add_header X-Content-Type-Options nosniff always;"
)


def _site(host: Host, **files: str | bytes) -> Path:
    """A folder of pages; "__" in a name is a dot."""
    folder = host.folder / "site"
    folder.mkdir()
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / name.replace("__", ".")).write_bytes(data)
    folder.chmod(0o755)
    return folder


def _nginx(host: Host, servers: str, *ports: int) -> None:
    conf = host.file(
        "nginx.conf",
        f"daemon off; user root; pid {host.folder}/pid; error_log stderr;"
        "events { worker_connections 64; }\n"
        "http { server_tokens off; access_log off; default_type text/plain;"
        f"types {{ text/html html; application/json json; }} {servers} }}\n",
    )
    host.start("nginx", "-c", conf, "-e", "stderr")
    for port in ports:
        host.await_port(port)


def _lighttpd(host: Host, text: str, port: int, *modules: str) -> None:
    listed = ", ".join(f'"{name}"' for name in modules)
    conf = host.file(
        "lighttpd.conf",
        f'server.modules = ({listed})\nserver.port = {port}\nserver.bind = "0.0.0.0"\n'
        f'server.document-root = "{host.folder}/site"\nindex-file.names = ("index.html")\n'
        'mimetype.assign = (".html" => "text/html", ".jpg" => "image/jpeg")\n' + text,
    )
    host.start("lighttpd", "-D", "-f", conf)
    host.await_port(port)


def web_sound(host: Host) -> None:
    """nginx: HTTP only points to HTTPS, which has TLS 1.2 and protective headers."""
    cert, key = self_signed(host.folder, host.address)
    site = _site(host, index__html="<!doctype html><title>Hub</title><p>Welcome</p>")
    tls = (
        f"listen 443 ssl; ssl_certificate {cert}; ssl_certificate_key {key};"
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM; ssl_session_tickets off;"
    )
    _nginx(
        host,
        # Whoever calls it by another name gets nothing: no page can reach it by a rebound name.
        f"server {{ {tls} server_name _; return 421; }}"
        f"server {{ {tls} server_name {host.address}; root {site}; {HEADERS}"
        'add_header Strict-Transport-Security "max-age=31536000" always; }'
        "server { listen 80; return 301 https://$host$request_uri; }",
        80,
        443,
    )


def web_basic(host: Host) -> None:
    """nginx: Basic in clear; admin/admin opens it."""
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "admin"], capture_output=True, text=True, check=True
    ).stdout
    accounts = host.file("accounts", f"admin:{hashed}")
    site = _site(host, index__html="<!doctype html><title>Router</title><p>Inside</p>")
    _nginx(
        host,
        f"server {{ listen 80; server_name {host.address}; root {site}; {HEADERS}"
        f"auth_basic Router; auth_basic_user_file {accounts}; }}",
        80,
    )


def web_digest(host: Host) -> None:
    """lighttpd: Digest with MD5 in clear, a password nobody knows."""
    _site(host, index__html="<!doctype html><title>Gate</title>")
    accounts = host.file("accounts", "eve:v9kQ2-m1Zt-88ab\n")
    _lighttpd(
        host,
        f'auth.backend = "plain"\nauth.backend.plain.userfile = "{accounts}"\n'
        'auth.require = ("" => ("method" => "digest", "realm" => "Gate",'
        ' "require" => "valid-user", "algorithm" => "MD5"))\n'
        'server.tag = "gate"\n',
        8080,
        "mod_auth",
        "mod_authn_file",
    )


def web_careless(host: Host) -> None:
    """lighttpd as an old router: settings, pictures and its settings' file for everybody."""
    page = (
        "<html><title>Router setup</title><a href=w.html>Wireless</a><a href=f.html>Firmware</a>"
        "<button>Reboot</button><img src=/media/snapshot.jpg></html>"
    )
    site = _site(host, index__html=page, **{"rom-0": b"\x01\x01\x00\x01dbgarea\x00" + bytes(900)})
    (site / "media").mkdir()
    (site / "media" / "snapshot.jpg").write_bytes(JPEG)
    _lighttpd(
        host,
        'dir-listing.activate = "enable"\nserver.tag = "RomPager/4.07 UPnP/1.0"\n'
        'setenv.set-response-header = ("Set-Cookie" => "SESSIONID=4711; path=/")\n',
        80,
        "mod_dirlisting",
        "mod_setenv",
    )


def web_plug(host: Host) -> None:
    """nginx as a Shelly plug without a login."""
    said = '{"type":"SHPLG-S","mac":"A4CF12000161","auth":false,"fw":"20230913-114010/v1.14.0"}'
    site = _site(host, index__html="<!doctype html><title>Shelly Plug S</title>", shelly=said)
    _nginx(
        host,
        f"server {{ listen 80 default_server; return 421; }} server {{ listen 80;"
        f"server_name {host.address}; root {site}; {HEADERS} }}",
        80,
    )


def web_provider(host: Host) -> None:
    """nginx as the entrance through which a provider calls a router."""
    challenge = 'Digest realm=\\"IGD\\", nonce=\\"7f3a\\", qop=\\"auth\\", algorithm=SHA-256'
    _nginx(
        host,
        f'server {{ listen 7547; add_header WWW-Authenticate "{challenge}" always; return 401; }}',
        7547,
    )


def web_proxy(host: Host) -> None:
    """tinyproxy for anyone who comes."""
    conf = host.file(
        "tinyproxy.conf", "Port 8888\nTimeout 20\nMaxClients 10\nDisableViaHeader Yes\n"
    )
    host.start("tinyproxy", "-d", "-c", conf)
    host.await_port(8888)


def web_form(host: Host) -> None:
    """A web interface whose login is not HTTP's own; admin/admin opens it."""
    log = str(host.folder / "events")
    host.start(sys.executable, str(HERE / "webpeer.py"), "panel", "3000", log)
    host.await_port(3000)


def recorder(host: Host) -> None:
    """A recorder with its maker's own protocol."""
    log = str(host.folder / "events")
    host.start(sys.executable, str(HERE / "webpeer.py"), "recorder", "34567", log)
    host.await_port(34567)


DEVICES: tuple[Device, ...] = (
    ("web-sound", "10.77.0.155", "00:40:8c:00:00:55", web_sound),
    ("web-basic", "10.77.0.156", "00:14:6c:00:00:56", web_basic),
    ("web-digest", "10.77.0.157", "00:1d:aa:00:00:57", web_digest),
    ("web-careless", "10.77.0.158", "00:13:49:00:00:58", web_careless),
    ("web-plug", "10.77.0.159", "a4:cf:12:00:01:61", web_plug),
    ("web-provider", "10.77.0.160", "00:1e:10:00:00:60", web_provider),
    ("web-proxy", "10.77.0.161", "b8:27:eb:00:00:61", web_proxy),
    ("web-form", "10.77.0.162", "dc:a6:32:00:00:62", web_form),
    ("recorder", "10.77.0.163", "00:12:16:00:00:63", recorder),
)
