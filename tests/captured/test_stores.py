"""Logins at data stores, brokers and proxies, which have one kind of finding together."""

from __future__ import annotations

import base64
import struct

import pytest
from conversing import Said, tcp, told

RULE = "capture-cleartext-credentials"


def resp(*words: str) -> str:
    return f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)


def start(user: str = "ann", version: int = 3 << 16) -> bytes:
    fields = f"user\0{user}\0database\0d\0\0".encode()
    return struct.pack("!II", 8 + len(fields), version) + fields


SSL = struct.pack("!II", 8, 80_877_103)
ASKS, SECRET = b"R\0\0\0\x08\0\0\0\3", b"p\0\0\0\x0bs3cret\0"
TAKEN, DENIED = b"R\0\0\0\x08\0\0\0\0", b"E\0\0\0\x13SFATAL\0C28P01\0\0"
INFO = 'INFO {"server_id":"x","version":"2","auth_required":true}\r\n'
METHODS, CHOSEN = b"\5\2\0\2", b"\5\2"
STREAM = (
    "<?xml version='1.0'?><stream:stream to='x' xmlns:stream='http://etherx.jabber.org/streams'>"
)
CONNECT = "CONNECT\naccept-version:1.2\nhost:/\nlogin:ann\npasscode:s3cret\n\n\0"
ANN = b"\1\3ann\6s3cret"


def auth(mechanism: str, said: bytes = b"\0ann\0s3cret") -> str:
    text = base64.b64encode(said).decode()
    return f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{text}</auth>"


# (port, what was said, user name or None, outcome)
LOGINS: dict[str, tuple[int, list[Said], str | None, str]] = {
    "redis": (6379, [("c", resp("AUTH", "s3cret")), ("s", "+OK\r\n")], None, "accepted"),
    "redis with a name": (
        6379,
        [("c", resp("auth", "ann", "s3cret")), ("s", "-WRONGPASS no\r\n")],
        "ann",
        "refused",
    ),
    "redis later": (
        16_379,
        [
            ("c", resp("CLIENT", "SETNAME", "x") + resp("INFO") + resp("AUTH", "s3cret")),
            ("s", "+OK\r\n$10\r\na:1\r\nb:2\r\n\r\n+OK\r\n"),
        ],
        None,
        "accepted",
    ),
    "redis in hello": (
        6379,
        [
            ("c", resp("HELLO", "3", "AUTH", "ann", "s3cret", "SETNAME", "x")),
            ("s", "%1\r\n+a\r\n+b\r\n"),
        ],
        "ann",
        "accepted",
    ),
    "redis without an answer": (6379, [("c", resp("AUTH", "s3cret"))], None, "unknown"),
    "postgresql": (
        5432,
        [("c", start()), ("s", ASKS), ("c", SECRET), ("s", TAKEN)],
        "ann",
        "accepted",
    ),
    "postgresql without tls": (
        5432,
        [("c", SSL), ("s", "N"), ("c", start()), ("s", ASKS), ("c", SECRET), ("s", DENIED)],
        "ann",
        "refused",
    ),
    "nats": (
        4222,
        [
            ("s", INFO),
            ("c", 'CONNECT {"verbose":true,"user":"ann","pass":"s3cret"}\r\n'),
            ("s", "+OK\r\n"),
        ],
        "ann",
        "accepted",
    ),
    "nats token": (
        4222,
        [
            ("s", INFO),
            ("c", 'CONNECT {"auth_token":"s3cret"}\r\nPING\r\n'),
            ("s", "-ERR 'Authorization Violation'\r\n"),
        ],
        None,
        "refused",
    ),
    "socks": (
        1080,
        [("c", METHODS), ("s", CHOSEN), ("c", ANN), ("s", b"\1\0\5\0")],
        "ann",
        "accepted",
    ),
    "stomp": (61_613, [("c", CONNECT), ("s", "CONNECTED\nversion:1.2\n\n\0")], "ann", "accepted"),
    "stomp refused": (
        61_613,
        [
            ("c", CONNECT.replace("CONNECT", "STOMP").replace("\n", "\r\n")),
            ("s", "ERROR\nmessage:no\n\n\0"),
        ],
        "ann",
        "refused",
    ),
    "xmpp": (
        5222,
        [
            ("c", STREAM),
            ("s", f"{STREAM}<stream:features/>"),
            ("c", auth("SCRAM-SHA-1", b"n,,n=ann,r=1")),
            ("s", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>"),
            ("c", auth("PLAIN")),
            ("s", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
        ],
        "ann",
        "accepted",
    ),
    "socks refused": (
        1080,
        [("c", METHODS), ("s", CHOSEN), ("c", ANN), ("s", b"\1\1")],
        "ann",
        "refused",
    ),
}


@pytest.mark.parametrize(("port", "said", "user", "outcome"), LOGINS.values(), ids=LOGINS)
def test_a_login_is_told_with_its_outcome(
    port: int, said: list[Said], user: str | None, outcome: str
) -> None:
    bytewise = [(who, bytes([byte])) for who, data in said for byte in _octets(data)]
    for way in (said, bytewise):
        (seen,) = told(tcp(port, *way), RULE)
        assert (seen.get("username"), seen["outcome"], seen["peer"]) == (
            user,
            outcome,
            "192.168.1.5",
        )
        assert "s3cret" not in repr(seen)


def _octets(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


PLAIN = base64.b64encode(b"\0ann\0s3cret").decode()
NONE: dict[str, tuple[int, list[Said]]] = {
    "redis asks": (6379, [("c", resp("GET", "auth")), ("s", "+OK\r\n")]),
    "redis empty": (6379, [("c", resp("AUTH", "")), ("s", "+OK\r\n")]),
    "redis cut": (6379, [("c", resp("AUTH", "s3cret")[:-4])]),
    "mail": (110, [("s", "+OK hi\r\n"), ("c", "AUTH CRAM-MD5\r\n"), ("s", "+ x\r\n")]),
    "mail from the middle": (1110, [("c", f"AUTH PLAIN {PLAIN}x\r\n"), ("s", "+OK\r\n")]),
    "postgresql md5": (
        5432,
        [("c", start()), ("s", b"R\0\0\0\x0c\0\0\0\5salt"), ("c", b"p\0\0\0\x28md5" + bytes(33))],
    ),
    "postgresql tls": (5432, [("c", SSL), ("s", "S"), ("c", b"\x16\3\1\0\5hello")]),
    "postgresql trusts": (5432, [("c", start()), ("s", TAKEN)]),
    "postgresql old": (5432, [("c", start(version=2 << 16)), ("s", ASKS), ("c", SECRET)]),
    "nats open": (4222, [("s", INFO), ("c", 'CONNECT {"verbose":true}\r\n'), ("s", "+OK\r\n")]),
    "nats key": (4222, [("s", INFO), ("c", 'CONNECT {"nkey":"U","sig":"x"}\r\n')]),
    "nats json": (4222, [("s", INFO), ("c", 'CONNECT {"user":[[\r\n')]),
    "stomp without a login": (61_613, [("c", "CONNECT\nhost:/\n\n\0"), ("s", "CONNECTED\n\n\0")]),
    "stomp cut": (61_613, [("c", CONNECT[:-1])]),
    "http connect": (3128, [("c", "CONNECT a:443 HTTP/1.1\r\npasscode:x\r\n\r\n\0")]),
    "xmpp external": (5222, [("c", STREAM + auth("EXTERNAL"))]),
    "xmpp without a password": (5222, [("c", STREAM + auth("PLAIN", b"\0ann\0"))]),
    "xml": (8080, [("c", "<x>" + auth("PLAIN") + "</x>")]),
    "socks open": (1080, [("c", METHODS), ("s", b"\5\0"), ("c", b"\5\1\0\1" + bytes(6))]),
    "socks cut": (1080, [("c", METHODS), ("s", CHOSEN), ("c", ANN[:-1])]),
    "socks not offered": (1080, [("c", b"\5\1\0"), ("s", CHOSEN), ("c", ANN)]),
}


@pytest.mark.parametrize(("port", "said"), NONE.values(), ids=NONE)
def test_what_holds_no_readable_password_is_left_alone(port: int, said: list[Said]) -> None:
    assert told(tcp(port, *said), RULE) == []
