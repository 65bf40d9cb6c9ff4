"""SNMP, LDAP and RFB: what devices are managed by, as clients and servers really say it."""

from __future__ import annotations

import pytest
from conversing import found, octets, tcp, udp


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


def bind(version: int, name: str, password: str) -> bytes:
    login = ber(2, bytes([version])), ber(4, octets(name)), ber(0x80, octets(password))
    return ber(0x30, ber(2, b"\1"), ber(0x60, *login))


BOUND = ber(0x30, ber(2, b"\1"), ber(0x61, ber(10, b"\0"), ber(4), ber(4)))
SPNEGO = ber(0xA3, ber(4, b"GSS-SPNEGO"), ber(4, b"NTLMSSP"))
SPNEGO = ber(0x30, ber(2, b"\1"), ber(0x60, ber(2, b"\3"), ber(4), SPNEGO))


CASES: dict[str, tuple[list[bytes], str]] = {
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
    "ldap simple": (tcp(389, ("c", bind(3, "cn=a", "pw")), ("s", BOUND)), "ldap-credentials-seen"),
    "ldap anon": (tcp(389, ("c", bind(3, "", "")), ("s", BOUND)), ""),
    "ldap dn no pw": (tcp(389, ("c", bind(3, "cn=a", "")), ("s", BOUND)), ""),
    "ldap v2": (tcp(3268, ("c", bind(2, "cn=a", "pw")), ("s", BOUND)), "ldap-credentials-seen"),
    "ldap sasl": (tcp(389, ("c", SPNEGO), ("s", BOUND)), ""),
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
