"""What we say: a ClientHello that offers what devices have, and leave-taking."""

from __future__ import annotations

from iotscan.protocols.dtls.handshake import HELLO
from iotscan.protocols.dtls.records import Record, encode_record
from iotscan.protocols.tls.codec import ALERT, HANDSHAKE
from iotscan.protocols.tls.hello import (
    DTLS10,
    DTLS12,
    MASTER_SECRET,
    RENEGOTIATION,
    ClientHello,
)
from iotscan.protocols.tls.offers import RANDOM
from iotscan.protocols.tls.suites import suite

# What devices with DTLS are built with: pre-shared keys (LwM2M, IKEA), then raw keys and
# certificates, then what is old (CBC), then what should not be taken (NULL, anonymous).
_PSK_SUITES = (0xC0A8, 0xC0A4, 0xC0A9, 0x00A8, 0x00AE, 0xC037, 0xD005, 0xD001, 0xCCAC, 0xCCAB)
_SUITES = (
    0xC0AE, 0xC0AC, 0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA9, 0xCCA8, 0xC023, 0xC027, 0x009E,
    0xC09C, 0xC0A0, 0x009C, 0x009D, 0x003C,
)  # fmt: skip
_OLD_SUITES = (
    0xC035, 0x008C, 0x008D, 0xC009, 0xC00A, 0xC013, 0xC014, 0x0033, 0x0039, 0x002F, 0x0035,
    0x000A, 0xC012, 0xC018, 0x0034, 0x00B0, 0x002C, 0x0002,
)  # fmt: skip
_CURVES = (23, 29, 24, 25)
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)


def client_hello(version: int, cookie: bytes = b"", *, number: int = 0, psk: bool = True) -> bytes:
    """A datagram that offers nothing above ``version``. ``number`` is 1 for the second hello of a
    handshake, the one that carries the cookie. Without ``psk``, no suite with a pre-shared key.
    """
    modern = version == DTLS12
    suites = (*_PSK_SUITES, *_SUITES, *_OLD_SUITES) if modern else _OLD_SUITES
    hello = ClientHello(
        version,
        tuple(number for number in suites if psk or "PSK" not in suite(number).key_exchange),
        groups=_CURVES,
        signatures=_SIGNATURES if modern else (),
        random=RANDOM,
        extensions=(MASTER_SECRET, RENEGOTIATION),
        cookie=cookie,
    )
    body = hello.body()
    size = len(body).to_bytes(3, "big")
    head = bytes([HELLO]) + size + number.to_bytes(2, "big") + bytes(3) + size
    # The first record says 1.0 whatever is offered, RFC 6347 section 4.2.1.
    return encode_record(Record(HANDSHAKE, DTLS10, 0, number, head + body))


def goodbye(version: int) -> bytes:
    """A datagram that ends a handshake early, so that the server frees what it holds for it:
    user_canceled and close_notify, RFC 5246 section 7.2.
    """
    alerts = (b"\x01\x5a", b"\x01\x00")
    return b"".join(
        encode_record(Record(ALERT, version, 0, 2 + i, alert)) for i, alert in enumerate(alerts)
    )
