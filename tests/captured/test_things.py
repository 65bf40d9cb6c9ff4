"""MQTT, CoAP, SNMP, RTSP, SIP, LDAP, AMQP and RFB, as clients and servers really say it."""

from __future__ import annotations

import pytest
from conversing import base64_of, found, octets, tcp, udp

ACCEPTED = b"\x20\2\0\0"
UPGRADE = (
    "GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n"
)
UPGRADED = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)


def mstr(text: bytes | str) -> bytes:
    raw = octets(text)
    return len(raw).to_bytes(2, "big") + raw


def connect(level: int = 4, flags: int = 2, payload: bytes = b"", props: bytes = b"") -> bytes:
    name = b"MQIsdp" if level & 0x7F == 3 else b"MQTT"
    body = mstr(name) + bytes([level, flags]) + b"\0\x3c" + props + payload
    return b"\x10" + bytes([len(body)]) + body


def ws(data: bytes, mask: bool = False) -> bytes:
    """One binary frame of a WebSocket; the mask is nought."""
    return b"\x82" + bytes([0x80 * mask | len(data)]) + bytes(4 * mask) + data


def ber(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)])
    return bytes([tag]) + length + body


def pdu(tag: int) -> bytes:
    value = ber(5) if tag == 0xA0 else ber(4, b"dev")
    bound = ber(0x30, ber(0x30, ber(6, bytes.fromhex("2b06010201010100")), value))
    return ber(tag, ber(2, b"\1"), ber(2, b"\0"), ber(2, b"\0"), bound)


def snmp(version: int, community: str, tag: int) -> bytes:
    return ber(0x30, ber(2, bytes([version])), ber(4, octets(community)), pdu(tag))


def rq(method: str, number: int, fields: str = "") -> str:
    return f"{method} rtsp://192.168.1.9/s RTSP/1.0\r\nCSeq: {number}\r\n{fields}\r\n"


def rs(code: int, number: int, fields: str = "") -> str:
    return f"RTSP/1.0 {code} X\r\nCSeq: {number}\r\n{fields}\r\n"


LONG = "Via: SIP/2.0/UDP 192.168.1.5\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\n"
DIGEST = 'Authorization: Digest username="a",realm="x",nonce="n",uri="sip:x",response="00"\r\n'


DONE = "SIP/2.0 200 OK\r\nVia: x\r\nCall-ID: 1\r\nCSeq: 2 REGISTER\r\nContent-Length: 0\r\n\r\n"
DENIED = DONE.replace(
    "200 OK\r\n", '401 Unauthorized\r\nWWW-Authenticate: Digest realm="x",nonce="n"\r\n'
)


def sip(method: str, fields: str, head: str = LONG) -> str:
    return f"{method} sip:x SIP/2.0\r\n{head}CSeq: 2 {method}\r\n{fields}Content-Length: 0\r\n\r\n"


def bind(version: int, name: str, password: str) -> bytes:
    login = ber(2, bytes([version])), ber(4, octets(name)), ber(0x80, octets(password))
    return ber(0x30, ber(2, b"\1"), ber(0x60, *login))


BOUND = ber(0x30, ber(2, b"\1"), ber(0x61, ber(10, b"\0"), ber(4), ber(4)))


def fr(payload: bytes) -> bytes:
    """A method frame of AMQP 0-9-1 on channel 0."""
    return b"\1\0\0" + len(payload).to_bytes(4, "big") + payload + b"\xce"


PREAMBLE = b"AMQP\0\0\x09\1"
START = fr(b"\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x0ePLAIN AMQPLAIN\0\0\0\5en_US")
TUNE = fr(b"\0\x0a\0\x1e\7\xff\0\2\0\0\0\x3c")
TABLE = b"\5LOGINS\0\0\0\5guest\x08PASSWORDS\0\0\0\5guest"
PLAIN = fr(b"\0\x0a\0\x0b\0\0\0\0\5PLAIN\0\0\0\x08\0guest\0g\5en_US")
AMQPLAIN = b"\0\x0a\0\x0b\0\0\0\0\x08AMQPLAIN" + len(TABLE).to_bytes(4, "big") + TABLE
AMQPLAIN = fr(AMQPLAIN + b"\5en_US")
SPNEGO = ber(0xA3, ber(4, b"GSS-SPNEGO"), ber(4, b"NTLMSSP"))
SPNEGO = ber(0x30, ber(2, b"\1"), ber(0x60, ber(2, b"\3"), ber(4), SPNEGO))

CASES: dict[str, tuple[list[bytes], str]] = {
    "mqtt anon": (
        tcp(1883, ("c", connect(payload=mstr("c"))), ("s", ACCEPTED)),
        "mqtt-anonymous-accepted mqtt-cleartext",
    ),
    "mqtt user": (
        tcp(
            1883,
            ("c", connect(flags=194, payload=mstr("c") + mstr("u") + mstr("p"))),
            ("s", ACCEPTED),
        ),
        "mqtt-cleartext mqtt-credentials-seen",
    ),
    "mqtt user nopw": (
        tcp(1883, ("c", connect(flags=130, payload=mstr("c") + mstr("token")))),
        "mqtt-cleartext mqtt-credentials-seen",
    ),
    "mqtt31 user refused": (
        tcp(
            1883, ("c", connect(3, 194, mstr("c") + mstr("u") + mstr("p"))), ("s", b" \x02\x00\x04")
        ),
        "mqtt-cleartext mqtt-credentials-seen",
    ),
    "mqtt5 user": (
        tcp(
            1884,
            ("c", connect(5, 194, mstr("c") + mstr("u") + mstr("p"), b"\x00")),
            ("s", b" \x03\x00\x00\x00"),
        ),
        "mqtt-cleartext mqtt-credentials-seen",
    ),
    "mqtt briDIGESTe level 0x84": (
        tcp(1883, ("c", connect(132, 2, mstr("c"))), ("s", ACCEPTED)),
        "mqtt-anonymous-accepted mqtt-cleartext",
    ),
    "mqtt31 briDIGESTe 0x83": (
        tcp(
            1883,
            (
                "c",
                b"\x10"
                + bytes([len(mstr("MQIsdp")) + 4 + len(mstr("c"))])
                + mstr("MQIsdp")
                + b"\x83\x02\x00<"
                + mstr("c"),
            ),
            ("s", ACCEPTED),
        ),
        "mqtt-anonymous-accepted mqtt-cleartext",
    ),
    "mqtt ws user": (
        tcp(
            9001,
            ("c", UPGRADE),
            ("s", UPGRADED),
            ("c", ws(connect(flags=194, payload=mstr("c") + mstr("u") + mstr("p")), True)),
            ("s", ws(ACCEPTED)),
        ),
        "http-cleartext mqtt-cleartext mqtt-credentials-seen",
    ),
    "mqtt no answer": (tcp(1883, ("c", connect(payload=mstr("c")))), "mqtt-cleartext"),
    "mqtt midstream pub": (
        tcp(
            1883,
            ("c", b"0\n" + mstr("a/b") + b"hello"),
            ("c", b"\xc0\x00"),
            ("s", b"\xd0\x00"),
            late=True,
        ),
        "mqtt-cleartext",
    ),
    "mqtt pingpong": (
        tcp(1883, ("c", b"\xc0\x00"), ("s", b"\xd0\x00"), late=True),
        "mqtt-cleartext",
    ),
    "coap get": (
        udp(5683, ("c", b"@\x01\x00\x01\xb4test"), ("s", b"`E\x00\x01\xffhi")),
        "coap-cleartext",
    ),
    "coap answer only": (
        udp(5683, ("s", b"`E\x00\x01\xffhi"), ("s", b"`E\x00\x02\xffhi")),
        "coap-cleartext",
    ),
    "coap con notification": (
        udp(5683, ("s", b"AE\x00\x01\x10a\x05\xffhi"), ("c", b"`\x00\x00\x01")),
        "coap-cleartext",
    ),
    "coap tcp": (
        tcp(
            5683,
            ("c", b"\x00\xe1"),
            ("c", b"Q\x01\x07\xb4test"),
            ("s", b"\x00\xe1"),
            ("s", b"1E\x07\xffhi"),
        ),
        "coap-cleartext",
    ),
    "coap multicast": (
        udp(5683, ("c", b"P\x01\x00\x01\xbb.well-known\x04core"), server="224.0.1.187"),
        "",
    ),
    "snmp v1": (
        udp(161, ("c", snmp(0, "public", 160)), ("s", snmp(0, "public", 162))),
        "snmp-community-seen",
    ),
    "snmp v2 set": (
        udp(161, ("c", snmp(1, "private", 163)), ("s", snmp(1, "private", 162))),
        "snmp-community-seen",
    ),
    "snmp v2 trap": (udp(162, ("c", snmp(1, "public", 167))), "snmp-community-seen"),
    "snmp v2 inform": (
        udp(162, ("c", snmp(1, "public", 166)), ("s", snmp(1, "public", 162))),
        "snmp-community-seen",
    ),
    "snmp bulk port": (
        udp(1161, ("c", snmp(1, "public", 165)), ("s", snmp(1, "public", 162))),
        "snmp-community-seen",
    ),
    "snmp empty community": (
        udp(161, ("c", snmp(0, "", 160)), ("s", snmp(0, "", 162))),
        "snmp-community-seen",
    ),
    "rtsp play": (
        tcp(
            554,
            ("c", rq("DESCRIBE", 1)),
            ("s", rs(200, 1)),
            ("c", rq("SETUP", 2)),
            ("s", rs(200, 2, "Session: 1\r\n")),
            ("c", rq("PLAY", 3, "Session: 1\r\n")),
            ("s", rs(200, 3)),
        ),
        "rtsp-unauthenticated-stream",
    ),
    "rtsp play basic": (
        tcp(
            554,
            ("c", rq("DESCRIBE", 1, "Authorization: Basic " + base64_of("a:b") + "\r\n")),
            ("s", rs(200, 1)),
            ("c", rq("PLAY", 3)),
            ("s", rs(200, 3)),
        ),
        "rtsp-credentials-seen",
    ),
    "rtsp digest": (
        tcp(
            554,
            (
                "c",
                rq(
                    "DESCRIBE",
                    1,
                    DIGEST,
                ),
            ),
            ("s", rs(200, 1)),
        ),
        "rtsp-digest-over-cleartext",
    ),
    "rtsp record": (
        tcp(
            554,
            ("c", rq("ANNOUNCE", 1)),
            ("s", rs(200, 1)),
            ("c", rq("RECORD", 3)),
            ("s", rs(200, 3)),
        ),
        "rtsp-unauthenticated-stream",
    ),
    "rtsp describe only": (tcp(554, ("c", rq("DESCRIBE", 1)), ("s", rs(200, 1))), ""),
    "rtsp play 401": (tcp(554, ("c", rq("PLAY", 1)), ("s", rs(401, 1))), ""),
    "rtsp url creds": (
        tcp(
            554,
            ("c", "DESCRIBE rtsp://admin:pw@192.168.1.9/s RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
            ("s", rs(200, 1)),
        ),
        "",
    ),
    "rtsp play no cseq blank": (
        tcp(
            554,
            ("c", "PLAY rtsp://x/s RTSP/1.0\r\nCseq: 4\r\nSession: 1\r\n\r\n"),
            (
                "s",
                "RTSP/1.0 200 OK\r\nCSeq: 4\r\nRTP-Info: url=x\r\n\r\n$\x00\x00\x04abcd",
            ),
        ),
        "rtsp-unauthenticated-stream",
    ),
    "sip udp": (
        udp(
            5060,
            ("c", sip("REGISTER", DIGEST)),
            ("s", "SIP/2.0 200 OK\r\nVia: x\r\nCall-ID: 1\r\nCSeq: 2 REGISTER\r\n\r\n"),
        ),
        "sip-cleartext-auth",
    ),
    "sip tcp": (
        tcp(
            5060,
            ("c", sip("REGISTER", DIGEST)),
            (
                "s",
                DONE,
            ),
        ),
        "sip-cleartext-auth",
    ),
    "sip compact": (
        udp(
            5060,
            (
                "c",
                sip(
                    "REGISTER",
                    DIGEST,
                    "v: SIP/2.0/UDP 192.168.1.5\r\nf: <sip:a@x>;tag=1\r\nt: <sip:a@x>\r\ni: 1\r\n",
                ),
            ),
        ),
        "sip-cleartext-auth",
    ),
    "sip proxy auth": (udp(5060, ("c", sip("INVITE", "Proxy-" + DIGEST))), "sip-cleartext-auth"),
    "sip odd port": (udp(5062, ("c", sip("REGISTER", DIGEST))), "sip-cleartext-auth"),
    "sip no auth": (
        udp(
            5060,
            ("c", sip("REGISTER", "")),
            (
                "s",
                DENIED,
            ),
        ),
        "",
    ),
    "sip from 5060 both": (
        udp(5060, ("c", sip("REGISTER", DIGEST)), client_port=5060),
        "sip-cleartext-auth",
    ),
    "sip message auth": (udp(5060, ("c", sip("MESSAGE", DIGEST))), "sip-cleartext-auth"),
    "ldap simple": (tcp(389, ("c", bind(3, "cn=a", "pw")), ("s", BOUND)), "ldap-credentials-seen"),
    "ldap anon": (tcp(389, ("c", bind(3, "", "")), ("s", BOUND)), ""),
    "ldap dn no pw": (tcp(389, ("c", bind(3, "cn=a", "")), ("s", BOUND)), ""),
    "ldap v2": (tcp(3268, ("c", bind(2, "cn=a", "pw")), ("s", BOUND)), "ldap-credentials-seen"),
    "ldap sasl": (tcp(389, ("c", SPNEGO), ("s", BOUND)), ""),
    "amqp plain": (
        tcp(5672, ("c", PREAMBLE), ("s", START), ("c", PLAIN), ("s", TUNE)),
        "amqp-cleartext amqp-credentials-seen",
    ),
    "amqp amqplain": (
        tcp(5672, ("c", PREAMBLE), ("s", START), ("c", AMQPLAIN), ("s", TUNE)),
        "amqp-cleartext amqp-credentials-seen",
    ),
    "amqp external": (
        tcp(
            5672,
            ("c", PREAMBLE),
            ("s", START),
            ("c", fr(b"\x00\n\x00\x0b\x00\x00\x00\x00\x08EXTERNAL\x00\x00\x00\x00\x05en_US")),
            ("s", TUNE),
        ),
        "amqp-cleartext",
    ),
    "amqp10 sasl plain": (
        tcp(
            5672,
            ("c", b"AMQP\x03\x01\x00\x00"),
            ("s", b"AMQP\x03\x01\x00\x00"),
            ("s", bytes.fromhex("0000001a02010000005340c00d01e00a01b300000005") + b"PLAIN"),
            (
                "c",
                bytes.fromhex("0000001f02010000005341c01202a305")
                + b"PLAIN"
                + b"\xa0\x08\x00guest\x00g",
            ),
        ),
        "amqp-cleartext amqp-credentials-seen",
    ),
    "vnc none 3.8": (
        tcp(
            5900,
            ("s", "RFB 003.008\n"),
            ("c", "RFB 003.008\n"),
            ("s", b"\x01\x01"),
            ("c", b"\x01"),
            ("s", b"\x00\x00\x00\x00"),
        ),
        "vnc-unauthenticated",
    ),
    "vnc 3.3 none": (
        tcp(
            5900,
            ("s", "RFB 003.003\n"),
            ("c", "RFB 003.003\n"),
            ("s", b"\x00\x00\x00\x01"),
            ("c", b"\x01"),
        ),
        "vnc-unauthenticated",
    ),
    "vnc auth": (
        tcp(
            5900,
            ("s", "RFB 003.008\n"),
            ("c", "RFB 003.008\n"),
            ("s", b"\x02\x01\x02"),
            ("c", b"\x02"),
            ("s", bytes(16)),
            ("c", bytes(16)),
            ("s", b"\x00\x00\x00\x00"),
        ),
        "",
    ),
    "vnc 3.7 none": (
        tcp(
            5901, ("s", "RFB 003.007\n"), ("c", "RFB 003.007\n"), ("s", b"\x01\x01"), ("c", b"\x01")
        ),
        "vnc-unauthenticated",
    ),
    "vnc apple 3.889": (
        tcp(
            5900, ("s", "RFB 003.889\n"), ("c", "RFB 003.008\n"), ("s", b"\x01\x1e"), ("c", b"\x1e")
        ),
        "",
    ),
    "vnc vencrypt plain": (
        tcp(
            5900,
            ("s", "RFB 003.008\n"),
            ("c", "RFB 003.008\n"),
            ("s", b"\x01\x13"),
            ("c", b"\x13"),
            ("s", b"\x00\x02"),
            ("c", b"\x00\x02"),
            ("s", b"\x00\x01\x00\x00\x01\x03"),
            ("c", b"\x00\x00\x01\x03"),
        ),
        "",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
