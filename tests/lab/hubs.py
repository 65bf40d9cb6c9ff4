"""Players, plugs and bridges that no package ships, each as its maker's protocol is published.

Run as ``python hubs.py KIND ADDRESS LOG [CERTIFICATE KEY]``. Every request is a line of LOG, and so
is every byte that begins an update of firmware. Nothing here is taken from iotscan: web servers are
the standard library's, announcements zeroconf's, and the frames of the rest are written by hand.
"""

from __future__ import annotations

import base64
import json
import plistlib
import socket
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from hubpages import (
    AIRPLAY,
    CAST_STATUS,
    EMULATED,
    EUREKA,
    HTML,
    HUE,
    HUE_PAGE,
    JSON,
    RECEIVER,
    ROKU,
    ROKU_INFO,
    SHELLY,
    SHELLY_WISH,
    SONOS,
    SONOS_STATUS,
    TASMOTA,
    XML,
    Page,
)


class Log:
    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.Lock()

    def note(self, line: str) -> None:
        with self.lock, self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def web(port: int, log: Log, server: str, pages: Mapping[str, Page], *tls: str) -> None:
    """A web server of these pages; all others are 404, or what is under "*"."""

    class Handler(BaseHTTPRequestHandler):
        def version_string(self) -> str:
            return server

        def log_message(self, *_: object) -> None:
            return

        def do_GET(self) -> None:
            log.note(f"{self.command} {self.path}")
            missing: Page = (404, "text/plain", {}, "no such page")
            status, media, fields, body = pages.get(self.path, pages.get("*", missing))
            data = body.encode()
            self.send_response(status)
            for name, value in {"Content-Type": media, **fields}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

    httpd = ThreadingHTTPServer(("0.0.0.0", port), Handler)
    if tls:
        httpd.socket = _context(*tls).wrap_socket(httpd.socket, server_side=True)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM")
    context.load_cert_chain(certificate, key)
    return context


class Sockets(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def talk(port: int, handler: type[socketserver.BaseRequestHandler], *tls: str) -> None:
    server = Sockets(("0.0.0.0", port), handler)
    if tls:
        context = _context(*tls)
        # socketserver has no other place for a handshake.
        server.get_request = lambda: _secured(server.socket, context)  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _secured(listener: socket.socket, context: ssl.SSLContext) -> tuple[socket.socket, object]:
    plain, address = listener.accept()
    plain.settimeout(5)
    return context.wrap_socket(plain, server_side=True), address


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def cast(log: Log) -> type[socketserver.BaseRequestHandler]:
    def message(text: str) -> bytes:
        fields = ((2, b"receiver-0"), (3, b"*"), (4, RECEIVER.encode()), (6, text.encode()))
        body = b"\x08\x00\x28\x00" + b"".join(
            bytes([number << 3 | 2]) + _varint(len(value)) + value for number, value in fields
        )
        return struct.pack("!I", len(body)) + body

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connected = False
            while True:
                (size,) = struct.unpack("!I", _exactly(self.request, 4))
                said = _exactly(self.request, size)
                kind = next((k for k in (b"CONNECT", b"GET_STATUS", b"PING") if k in said), b"?")
                log.note(kind.decode())
                connected = connected or kind == b"CONNECT"
                # A receiver hears no sender that has not connected.
                if kind == b"GET_STATUS" and connected:
                    self.request.sendall(message(json.dumps(CAST_STATUS)))

    return Handler


def esphome(log: Log, encrypted: bool) -> type[socketserver.BaseRequestHandler]:
    def frame(kind: int, body: bytes) -> bytes:
        return b"\0" + _varint(len(body)) + _varint(kind) + body

    def text(number: int, value: str) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value.encode()

    hello = b"\x08\x01\x10\x0a" + text(3, "desk (esphome v2024.6.1)") + text(4, "desk")
    device = (
        text(2, "desk") + text(3, "A4:CF:12:00:02:13") + text(4, "2024.6.1") + text(6, "esp32dev")
        + text(12, "Espressif") + text(13, "Desk lamp")
    )  # fmt: skip

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while True:
                marker = _exactly(self.request, 1)
                if encrypted and marker != b"\x01":
                    self.request.sendall(b"\x01\x00\x13\x01Bad indicator byte")
                    return
                if marker != b"\0":
                    return
                size, kind = self._number(), self._number()
                _exactly(self.request, size)
                log.note(f"message {kind}")
                answers = {1: frame(2, hello), 3: frame(4, b""), 5: frame(6, b""),
                           9: frame(10, device)}  # fmt: skip
                self.request.sendall(answers.get(kind, b""))
                if kind == 5:
                    return

        def _number(self) -> int:
            number = shift = 0
            while (byte := _exactly(self.request, 1)[0]) > 127:
                number |= (byte & 127) << shift
                shift += 7
            return number | byte << shift

    return Handler


def updates(log: Log) -> type[socketserver.BaseRequestHandler]:
    """Where ESPHome takes firmware: it says nothing, and what it hears begins an update."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if heard := self.request.recv(64):
                log.note(f"update begun by {heard!r}")

    return Handler


def airplay(log: Log, flags: int) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline(512).decode("latin-1").strip():
                while self.rfile.readline(512).strip():
                    pass
                log.note(line)
                asked = line.startswith("GET /info ")
                body = plistlib.dumps(AIRPLAY | {"statusFlags": flags}, fmt=plistlib.FMT_BINARY)
                body = body if asked else b""
                status = "200 OK" if asked else "404 Not Found"
                self.wfile.write(
                    f"RTSP/1.0 {status}\r\nServer: AirTunes/366.0\r\nCSeq: 0\r\n"
                    f"Content-Type: application/x-apple-binary-plist\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )

    return Handler


def ubiquiti(log: Log, version: int, default: bool) -> None:
    def field(number: int, value: bytes) -> bytes:
        return struct.pack("!BH", number, len(value)) + value

    mac = bytes.fromhex("0418d6000219")
    fields = [
        field(0x01, mac),
        field(0x02, mac + ip_address("10.77.0.219").packed),
        field(0x0A, struct.pack("!I", 86_400)),
        field(0x0B, b"UBNT"),
        field(0x0C, b"U7LT"),
        field(0x03, b"BZ.qca956x.v4.3.28.11361.210128.1512"),
    ]
    if version == 2:
        fields += [field(0x15, b"UAP-AC-Lite"), field(0x16, b"4.3.28.11361")]
        fields += [field(0x17, bytes([default]))]
    body = b"".join(fields)
    answer = struct.pack("!BBH", version, 0 if version == 1 else 9, len(body)) + body
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", 10001))

    def serve() -> None:
        while True:
            data, sender = sock.recvfrom(2048)
            log.note(data.hex())
            if data == (b"\x01\0\0\0" if version == 1 else b"\x02\x08\0\0"):
                sock.sendto(answer, sender)

    threading.Thread(target=serve, daemon=True).start()


def announce(address: str, host: str, *services: tuple[str, str, int, Mapping[str, bytes]]) -> None:
    """Announce services by mDNS: type, instance, port, TXT."""
    from zeroconf import IPVersion, ServiceInfo, Zeroconf

    zeroconf = Zeroconf([address], ip_version=IPVersion.V4Only)
    for kind, name, port, text in services:
        zeroconf.register_service(
            ServiceInfo(
                f"{kind}.local.",
                f"{name}.{kind}.local.",
                port,
                properties=dict(text),
                server=f"{host}.local.",
                parsed_addresses=[address],
            )
        )


def run(kind: str, address: str, log: Log, tls: Sequence[str]) -> None:
    page: dict[str, Page]
    match kind:
        case "roku-open" | "roku-limited":
            mode = "enabled" if kind == "roku-open" else "limited"
            info = ROKU_INFO.format(mac="80:c5:f2:00:02:06", mode=mode)
            page = {"/": (200, XML, {}, ROKU), "/query/device-info": (200, XML, {}, info)}
            web(8060, log, "Roku/14.1.4 UPnP/1.0 Roku/14.1.4", page)
        case "cast-player":
            web(8008, log, "", {"/setup/eureka_info": (200, JSON, {}, json.dumps(EUREKA))})
            talk(8009, cast(log), *tls)
        case "sonos":
            page = {
                "/xml/device_description.xml": (200, XML, {}, SONOS),
                "/status/zp": (200, XML, {}, SONOS_STATUS),
            }
            web(1400, log, "Linux UPnP/1.0 Sonos/70.3-35220 (ZPS18)", page)
        case "shelly-locked":
            wish = {"WWW-Authenticate": SHELLY_WISH}
            page = {"/shelly": (200, JSON, {}, json.dumps(SHELLY)), "*": (401, HTML, wish, "")}
            web(80, log, "ShellyHTTP/1.0.0", page)
        case "tasmota-open":
            web(80, log, "Tasmota/12.4.0 (ESP8266EX)", {"/": (200, HTML, {}, TASMOTA)})
        case "tasmota-locked":
            wish = {"WWW-Authenticate": 'Basic realm=""'}
            web(80, log, "Tasmota/12.4.0 (ESP8266EX)", {"*": (401, HTML, wish, "401")})
        case "esphome-open" | "esphome-sound":
            talk(6053, esphome(log, kind == "esphome-sound"))
            if kind == "esphome-open":
                talk(3232, updates(log))
        case "hue-bridge" | "hue-emulated":
            said = HUE if kind == "hue-bridge" else EMULATED
            page = {
                "/": (200, HTML, {}, HUE_PAGE), "/api/config": (200, JSON, {}, json.dumps(said)),
            }  # fmt: skip
            web(80, log, "nginx", page)
        case "airplay-open" | "airplay-paired":
            flags = 0x4 if kind == "airplay-open" else 0x244
            talk(7000, airplay(log, flags))
            text = {"flags": hex(flags).encode(), "model": b"AppleTV6,2", "acl": b"0"}
            announce(address, kind, ("_airplay._tcp", kind.title(), 7000, text))
        case "unifi-new" | "unifi-adopted":
            ubiquiti(log, 2 if kind == "unifi-new" else 1, kind == "unifi-new")
        case "thread-hub":
            common = {"nn": b"MyHome", "vn": b"Acme", "mn": b"Hub 2", "tv": b"1.4.0"}
            state = {"sb": bytes.fromhex("00000fb1"), "xp": base64.b16decode("0011223344556677")}
            announce(
                address, "hub",
                ("_meshcop._udp", "Acme Hub", 49_154, common | state),
                ("_meshcop-e._udp", "Acme Hub", 49_155, {}),
                ("_matterc._udp", "0AF0", 5540, {"CM": b"0", "D": b"3840", "VP": b"4874+77"}),
                ("_matter._tcp", "87E1B004E235A130-8FC7772401CD0696", 5540, {}),
                ("_hap._tcp", "Acme Hub", 51_826, {"sf": b"0", "md": b"Hub 2", "ci": b"2"}),
            )  # fmt: skip
        case _:
            raise SystemExit(f"no device is called {kind}")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], Log(Path(sys.argv[3])), sys.argv[4:])
    ready = Path(sys.argv[3]).with_name("ready")
    ready.touch()
    threading.Event().wait()
