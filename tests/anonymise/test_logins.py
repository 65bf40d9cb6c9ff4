"""Logins of protocols that carry them each in its own form: replaced, and found all the same."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest
from conversing import Said, tcp

from iotscan.protocols.encodings.ber import encode, encode_integer
from iotscan.protocols.snmp import codec as snmp

Share = Callable[..., Any]
USER, SECRET = b"hallway", b"hunter2hunter"
PLAIN = b"\0" + USER + b"\0" + SECRET
_FIELDS = b"user\0" + USER + b"\0database\0d\0\0"
_PROOF = encode(4, b"PLAIN") + encode(4, PLAIN)
_BIND = encode_integer(3) + encode(4, b"") + encode(0xA3, _PROOF)
_SIZES = bytes([len(USER)]), bytes([len(SECRET)])
LOGINS: dict[str, tuple[int, list[Said]]] = {
    "ldap": (389, [("c", encode(0x30, encode_integer(1) + encode(0x60, _BIND)))]),
    "snmp over tcp": (161, [("c", snmp.get("2c", SECRET, 7, ["1.3.6.1.2.1.1.1.0"]))]),
    "redis": (
        6379,
        [("c", b"*3\r\n$4\r\nAUTH\r\n$7\r\n" + USER + b"\r\n$13\r\n" + SECRET + b"\r\n")],
    ),
    "postgresql": (
        5432,
        [
            ("c", struct.pack("!II", 8 + len(_FIELDS), 3 << 16) + _FIELDS),
            ("s", b"R\0\0\0\x08\0\0\0\3"),
            ("c", b"p" + struct.pack("!I", 5 + len(SECRET)) + SECRET + b"\0"),
        ],
    ),
    "nats": (
        4222,
        [
            ("s", b'INFO {"server_id":"x"}\r\n'),
            ("c", b'CONNECT {"user":"' + USER + b'","pass":"' + SECRET + b'"}\r\n'),
        ],
    ),
    "socks": (
        1080,
        [
            ("c", b"\5\1\2"),
            ("s", b"\5\2"),
            ("c", b"\1" + _SIZES[0] + USER + _SIZES[1] + SECRET),
            ("s", b"\1\0"),
        ],
    ),
    "stomp": (61_613, [("c", b"CONNECT\nlogin:" + USER + b"\npasscode:" + SECRET + b"\n\n\0")]),
    "xmpp": (
        5222,
        [
            ("c", b"<stream:stream to='x'>"),
            ("c", b"<auth mechanism='PLAIN'>" + base64.b64encode(PLAIN) + b"</auth>"),
        ],
    ),
}


@pytest.mark.parametrize(("port", "said"), LOGINS.values(), ids=LOGINS)
def test_a_login_is_replaced_and_stays_one(port: int, said: list[Said], share: Share) -> None:
    shared = share(tcp(port, *said))
    for old in (USER, SECRET, base64.b64encode(PLAIN)):
        assert old not in shared.raw
    before, after = ({one.rule for one in report.findings} for report in shared.reports())
    assert before == after
    assert {"capture-cleartext-credentials", "ldap-credentials-seen", "snmp-community-seen"} & after
