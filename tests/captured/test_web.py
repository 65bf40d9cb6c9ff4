"""Logins, files and port mappings by HTTP, NAT-PMP and PCP, as clients really ask for them."""

from __future__ import annotations

import pytest
from conversing import base64_of, found, tcp, udp

OKH = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"
NO = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
MULTIPART = (
    '--X\r\nContent-Disposition: form-data; name="user"\r\n\r\nadmin\r\n'
    '--X\r\nContent-Disposition: form-data; name="password"\r\n\r\npw\r\n--X--\r\n'
)
FILE = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\n"
MAPPING = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<u:AddPortMapping xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">'
    "<NewExternalPort>80</NewExternalPort><NewProtocol>TCP</NewProtocol>"
    "<NewInternalPort>80</NewInternalPort><NewInternalClient>192.168.1.5</NewInternalClient>"
    "</u:AddPortMapping></s:Body></s:Envelope>"
)
PCP = b"\2\1\0\0\0\0\x1c\x20" + bytes(10) + b"\xff\xff\xc0\xa8\1\5" + bytes(12)
PCP += b"\6\0\0\0\0\x50\0\x50" + bytes(10) + b"\xff\xff\0\0\0\0"

TOKEN = "<Username>a</Username><o:Password Type='http://x#%s'>%s</o:Password>"
WAN = "urn:schemas-upnp-org:service:WANIPConnection"
FORM = "POST /l HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def get(fields: str, path: str = "/") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: cam\r\n{fields}\r\n\r\n"


def post(kind: str, body: str, path: str = "/login") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: cam\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def call(service: str, action: str, body: str) -> str:
    head = f'POST /ctl HTTP/1.1\r\nHost: x\r\nSOAPAction: "{service}#{action}"\r\n'
    return f"{head}Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"


CASES: dict[str, tuple[list[bytes], str]] = {
    "http basic lowercase": (
        tcp(80, ("c", get("authorization: basic " + base64_of("admin:pw"))), ("s", OKH)),
        "http-basic-credentials-seen http-cleartext",
    ),
    "http proxy-auth basic": (
        tcp(
            3128,
            (
                "c",
                "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic "
                + base64_of("u:p")
                + "\r\n\r\n",
            ),
            ("s", OKH),
        ),
        "http-basic-credentials-seen http-cleartext",
    ),
    "http connect proxy basic": (
        tcp(
            8080,
            (
                "c",
                "CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic "
                + base64_of("u:p")
                + "\r\n\r\n",
            ),
            ("s", "HTTP/1.1 200 Connection established\r\n\r\n"),
        ),
        "http-basic-credentials-seen http-cleartext",
    ),
    "http digest": (
        tcp(
            80,
            (
                "c",
                get('Authorization: Digest username="a", realm="r", nonce="n", response="01"'),
            ),
            ("s", OKH),
        ),
        "http-cleartext http-digest-over-cleartext",
    ),
    "http ntlm": (
        tcp(
            80,
            (
                "c",
                get("Authorization: NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAF1YAAAADw=="),
            ),
            ("s", NO),
        ),
        "http-cleartext",
    ),
    "http negotiate": (
        tcp(80, ("c", get("Authorization: Negotiate YIIB")), ("s", OKH)),
        "http-cleartext",
    ),
    "http bearer": (
        tcp(80, ("c", get("Authorization: Bearer abc.def")), ("s", OKH)),
        "http-cleartext",
    ),
    "http basic no colon": (
        tcp(80, ("c", get("Authorization: Basic " + base64_of("justname"))), ("s", NO)),
        "http-cleartext",
    ),
    "form url": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded", "username=admin&password=pw")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form charset": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded; charset=UTF-8", "user=admin&pwd=pw")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form no ct": (
        tcp(
            80,
            ("c", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nuser=admin&passwd=pw"),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form json": (
        tcp(
            80, ("c", post("application/json", '{"username":"admin","password":"pw"}')), ("s", OKH)
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form json nested": (
        tcp(
            80,
            (
                "c",
                post(
                    "application/json", '{"method":"login","params":{"user":"admin","pass":"pw"}}'
                ),
            ),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form multipart": (
        tcp(80, ("c", post("multipart/form-data; boundary=X", MULTIPART)), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "form query": (
        tcp(80, ("c", get("A: b", "/cgi-bin/login?user=admin&password=pw")), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "form loginuse (ipcam)": (
        tcp(80, ("c", get("A: b", "/get_status.cgi?loginuse=admin&loginpas=888888")), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "form foscam usr pwd": (
        tcp(
            88,
            ("c", get("A: b", "/cgi-bin/CGIProxy.fcgi?cmd=getDevInfo&usr=admin&pwd=foo")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form xml soap password": (
        tcp(
            80,
            (
                "c",
                post(
                    "text/xml",
                    "<Login><UserName>admin</UserName><Password>pw</Password></Login>",
                ),
            ),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form hashed empty": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded", "username=admin&password=")),
            ("s", OKH),
        ),
        "http-cleartext",
    ),
    "form german": (
        tcp(
            80,
            ("c", post("application/x-www-form-urlencoded", "benutzer=admin&kennwort=x")),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "form chunked": (
        tcp(
            80,
            (
                "c",
                FORM + "Transfer-Encoding: chunked\r\n\r\n15\r\nuser=adm&password=foo\r\n0\r\n\r\n",
            ),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "expect 100": (
        tcp(
            80,
            (
                "c",
                FORM + "Expect: 100-continue\r\nContent-Length: 21\r\n\r\n",
            ),
            ("s", "HTTP/1.1 100 Continue\r\n\r\n"),
            ("c", "user=adm&password=foo"),
            ("s", OKH),
        ),
        "http-cleartext http-login-form-cleartext",
    ),
    "get http0.9": (tcp(80, ("c", "GET /\r\n"), ("s", "<html>x</html>")), ""),
    "http icy": (
        tcp(
            8000,
            ("c", "GET /stream HTTP/1.0\r\nIcy-MetaData:1\r\n\r\n"),
            ("s", "ICY 200 OK\r\nicy-name: x\r\n\r\n"),
        ),
        "",
    ),
    "http 304": (
        tcp(80, ("c", get("A: b")), ("s", "HTTP/1.1 304 Not Modified\r\n\r\n")),
        "http-cleartext",
    ),
    "http redirect https": (
        tcp(
            80,
            ("c", get("A: b")),
            ("s", "HTTP/1.1 301 Moved\r\nLocation: https://cam/\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "http2 prior": (
        tcp(
            80,
            ("c", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("s", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
        ),
        "",
    ),
    "websocket": (
        tcp(
            80,
            (
                "c",
                get("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"),
            ),
            ("s", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "fw bin uimage": (
        tcp(
            80,
            ("c", get("User-Agent: Wget", "/fw/update.bin")),
            ("s", FILE + b"'\x05\x19V" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw squashfs": (
        tcp(
            80,
            ("c", get("User-Agent: Wget", "/fw/rootfs.img")),
            ("s", FILE + b"hsqs" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw elf bot": (
        tcp(
            80,
            ("c", get("User-Agent: Wget", "/bins/mirai.arm7")),
            ("s", FILE + b"\x7fELF\x01\x01\x01" + bytes(9) + b"\x02\x00(\x00" + bytes(4076)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw esp8266": (
        tcp(
            80,
            (
                "c",
                get(
                    "User-Agent: ESP8266-http-Update\r\nx-ESP8266-mode: sketch",
                    "/ota.bin",
                ),
            ),
            ("s", FILE + b"\xe9\x01\x02@" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw trx": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/a/firmware_v1.2.trx")),
            ("s", FILE + b"HDR0" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw gz tar": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/firmware/dev_1.2.3.tar.gz")),
            ("s", FILE + b"\x1f\x8b\x08" + bytes(4093)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw image jpg no": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/img/a.jpg")),
            ("s", FILE + b"\xff\xd8\xff\xe0" + bytes(4092)),
        ),
        "http-cleartext",
    ),
    "fw zip page no": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/docs/manual.zip")),
            ("s", FILE + b"PK\x03\x04" + bytes(4092)),
        ),
        "http-cleartext",
    ),
    "fw hex": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/fw/update.hex")),
            (
                "s",
                b"HTTP/1.1 200 OK\r\nContent-Length: 440\r\n\r\n"
                + b":10010000214601360121470136007EFE09D2190140\r\n" * 10,
            ),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw 404": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/fw/update.bin")),
            ("s", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "fw head": (
        tcp(
            80,
            ("c", "HEAD /fw/update.bin HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("s", "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "fw range": (
        tcp(
            80,
            ("c", get("Range: bytes=0-1023", "/fw/update.bin")),
            (
                "s",
                b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1024\r\n\r\n"
                + b"'\x05\x19V"
                + bytes(1020),
            ),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "natpmp map": (
        udp(
            5351,
            ("c", b"\x00\x01\x00\x00\x00P\x00P\x00\x00\x0e\x10"),
            ("s", b"\x00\x81\x00\x00\x00\x00\x00\x01\x00P\x00P\x00\x00\x0e\x10"),
        ),
        "natpmp-port-mapping-requested",
    ),
    "natpmp map unanswered": (
        udp(5351, ("c", b"\x00\x02\x00\x00\x00P\x00P\x00\x00\x0e\x10")),
        "natpmp-port-mapping-requested",
    ),
    "natpmp addr only": (
        udp(5351, ("c", b"\x00\x00"), ("s", b"\x00\x80\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04")),
        "",
    ),
    "PCP map": (udp(5351, ("c", PCP)), "natpmp-port-mapping-requested"),
    "PCP announce": (
        udp(
            5351,
            ("c", b"\x02\x00\x00\x00\x00\x00\x00\x00" + bytes(10) + b"\xff\xff\xc0\xa8\x01\x05"),
        ),
        "",
    ),
    "PCP peer": (
        udp(
            5351,
            (
                "c",
                b"\x02\x02"
                + PCP[2:]
                + b"\x01\xbb\x00\x00"
                + bytes(10)
                + b"\xff\xff\x01\x02\x03\x04",
            ),
        ),
        "",
    ),
    "igd add": (
        tcp(5000, ("c", call(WAN + ":1", "AddPortMapping", MAPPING)), ("s", OKH)),
        "http-cleartext upnp-port-mapping-requested",
    ),
    "igd add any, refused": (
        tcp(
            49152,
            ("c", call(WAN + ":2", "AddAnyPortMapping", MAPPING.replace("AddP", "AddAnyP"))),
            ("s", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext upnp-port-mapping-requested",
    ),
    "igd delete": (
        tcp(49152, ("c", call(WAN + ":1", "DeletePortMapping", "ab")), ("s", OKH)),
        "http-cleartext",
    ),
    "ws-security digest": (
        tcp(
            80, ("c", post("application/soap+xml", TOKEN % ("PasswordDigest", "abc="))), ("s", OKH)
        ),
        "http-cleartext",
    ),
    "ws-security text": (
        tcp(80, ("c", post("application/soap+xml", TOKEN % ("PasswordText", "abc"))), ("s", OKH)),
        "http-cleartext http-login-form-cleartext",
    ),
    "hnap": (
        tcp(
            80,
            ("c", post("text/xml", f"<Login><LoginPassword>{'0A' * 16}</LoginPassword></Login>")),
            ("s", OKH),
        ),
        "http-cleartext",
    ),
    "xml without a password": (
        tcp(80, ("c", post("text/xml", "<a><Password></Password></a>")), ("s", OKH)),
        "http-cleartext",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
