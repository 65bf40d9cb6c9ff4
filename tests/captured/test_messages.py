"""MQTT, CoAP and AMQP, as clients and servers really say it."""

from __future__ import annotations

import pytest
from conversing import found, octets, tcp, udp

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
    "mqtt bridge level 0x84": (
        tcp(1883, ("c", connect(132, 2, mstr("c"))), ("s", ACCEPTED)),
        "mqtt-anonymous-accepted mqtt-cleartext",
    ),
    "mqtt31 bridge 0x83": (
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
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
