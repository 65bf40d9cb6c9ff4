"""Protocols known by what is said, at ports that tell nothing; and what only looks alike."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from conversing import CLIENT, found, tcp, udp

from iotscan.protocols.dns.message import frame, query

ODD = 23_456
LOOKUP = query(0x1234, "cam.vendor.example")
RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x34\1\2\3"
CERTIFICATE = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\x09\x08DNSC\0\1\0\0"


def answered(asked: bytes, flags: int = 0x8180, record: bytes = b"") -> bytes:
    count = b"\0\1" if record else b"\0\0"
    head = asked[:2] + flags.to_bytes(2, "big") + asked[4:6] + count + bytes(4)
    return head + asked[12:] + record


def lookup(name: str, kind: int = 1, group: int = 1) -> list[bytes]:
    asked = query(0x4321, name, kind, group)
    return udp(ODD, ("c", asked), ("s", answered(asked)))


MULTICAST = query(0, "printer.local")
NETBIOS = query(0x77, "EB" * 15 + "AA", 0x20)

DOOR = b"\0\2\0\0\0\x50\x1f\x90\0\0\x0e\x10"
DOOR_GIVEN = b"\0\x82\0\0\0\0\x0a\x1b\0\x50\x1f\x90\0\0\x0e\x10"
NONCE = b"twelve bytes"


def pcp(asker: str) -> bytes:
    owner = b"\2\1\0\0\0\0\x1c\x20" + bytes(10) + b"\xff\xff" + ip_address(asker).packed
    return owner + NONCE + b"\6\0\0\0\0\x50\0\x50" + bytes(16)


PCP_GIVEN = b"\2\x81\0\0\0\0\x1c\x20\0\0\x0a\x1b" + bytes(12) + NONCE
PCP_GIVEN += b"\6\0\0\0\0\x50\0\x50" + bytes(16)

START, STARTED = b"\x68\4\7\0\0\0", b"\x68\4\x0b\0\0\0"
TEST, TESTED = b"\x68\4\x43\0\0\0", b"\x68\4\x83\0\0\0"
SEEN = b"\x68\4\1\0\4\0"


def value(number: int, kind: int = 1, objects: int = 1, more: bytes = b"") -> bytes:
    """A single point, or what pretends to be one."""
    body = bytes([kind, objects, 3, 0, 1, 0, 1, 0, 0, 1]) + more
    control = (number << 1).to_bytes(2, "little") + b"\0\0"
    return b"\x68" + bytes([4 + len(body)]) + control + body


READ, IMAGE = b"\0\1fw/lamp.bin\0octet\0", b"\0\3\0\1\x27\x05\x19\x56" + bytes(508)
STUN = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)

KNOWN: dict[str, tuple[list[bytes], str]] = {
    "dns": (udp(ODD, ("c", LOOKUP), ("s", answered(LOOKUP, record=RECORD))), "capture-plain-dns"),
    "dns, no such name": (
        udp(ODD, ("c", LOOKUP), ("s", answered(LOOKUP, 0x8183))),
        "capture-plain-dns",
    ),
    "dns over tcp": (
        tcp(ODD, ("c", frame(LOOKUP)), ("s", frame(answered(LOOKUP)))),
        "capture-plain-dns",
    ),
    "dns over tcp, in the middle": (
        tcp(ODD, ("c", frame(LOOKUP)), ("s", frame(answered(LOOKUP))), late=True),
        "capture-plain-dns",
    ),
    "nat-pmp": (udp(ODD, ("c", DOOR), ("s", DOOR_GIVEN)), "natpmp-port-mapping-requested"),
    "pcp": (udp(ODD, ("c", pcp("192.168.9.9")), ("s", PCP_GIVEN)), "natpmp-port-mapping-requested"),
    "pcp, unanswered": (udp(ODD, ("c", pcp(CLIENT))), "natpmp-port-mapping-requested"),
    "iec 104, started": (tcp(ODD, ("c", START), ("s", STARTED)), "iec104-unauthenticated"),
    "iec 104, tested": (tcp(ODD, ("c", TEST), ("s", TESTED)), "iec104-unauthenticated"),
    "iec 104, in the middle": (
        tcp(ODD, ("s", value(7)), ("s", value(8)), ("c", SEEN), late=True),
        "iec104-unauthenticated",
    ),
    "tftp": (udp(ODD, ("c", READ)), "tftp-cleartext-transfer"),
    "tftp, one port": (
        udp(ODD, ("c", READ), ("s", IMAGE), ("c", b"\0\4\0\1")),
        "firmware-download-cleartext tftp-cleartext-transfer",
    ),
    "tftp, another port": (
        udp(ODD, ("c", READ)) + udp(ODD + 1, ("s", IMAGE), ("c", b"\0\4\0\1")),
        "firmware-download-cleartext tftp-cleartext-transfer",
    ),
}
ALIKE = {
    "dns, only asked": udp(ODD, ("c", LOOKUP)),
    "dns, only answered": udp(ODD, ("s", answered(LOOKUP))),
    "dns, another question answered": udp(ODD, ("c", LOOKUP), ("s", answered(query(1, "a.b")))),
    "dns, asked and echoed": udp(ODD, ("c", LOOKUP), ("s", LOOKUP)),
    "dns, more behind it": udp(ODD, ("c", LOOKUP + b"x"), ("s", answered(LOOKUP))),
    "dnscrypt": udp(ODD, ("c", LOOKUP), ("s", answered(LOOKUP, record=CERTIFICATE))),
    "dnscrypt, refused": lookup("2.dnscrypt-cert.resolver.example", 16),
    "mdns": udp(5353, ("c", LOOKUP), ("s", answered(LOOKUP))),
    "mdns elsewhere": udp(ODD, ("c", MULTICAST), ("s", answered(MULTICAST, 0x8400))),
    "mdns, to one host": lookup("_services._dns-sd._udp.local", 12),
    "mdns, wants one answer": lookup("printer.example", 12, 0x8001),
    "llmnr": udp(5355, ("c", LOOKUP), ("s", answered(LOOKUP))),
    "llmnr, to all": udp(ODD, ("c", LOOKUP), ("s", answered(LOOKUP)), server="224.0.0.252"),
    "netbios": udp(137, ("c", LOOKUP), ("s", answered(LOOKUP))),
    "netbios elsewhere": udp(ODD, ("c", NETBIOS), ("s", answered(NETBIOS))),
    "nat-pmp, unanswered": udp(ODD, ("c", DOOR)),
    "nat-pmp, another door": udp(
        ODD, ("c", DOOR), ("s", DOOR_GIVEN[:8] + b"\0\x51\0\0" + bytes(4))
    ),
    "nat-pmp, echoed": udp(ODD, ("c", DOOR), ("s", DOOR)),
    "pcp of somebody else": udp(ODD, ("c", pcp("192.168.9.9"))),
    "iec 104, unconfirmed": tcp(ODD, ("c", START), ("s", TEST)),
    "iec 104, echoed": tcp(ODD, ("c", TEST), ("s", TEST)),
    "iec 104, other words": tcp(ODD, ("c", START), ("s", STARTED), ("c", "hello\r\n")),
    "iec 104, not counted": tcp(ODD, ("s", value(7)), ("s", value(3)), ("c", SEEN)),
    "iec 104, too long": tcp(
        ODD, ("s", value(7, more=b"\0")), ("s", value(8, more=b"\0")), ("c", SEEN)
    ),
    "iec 104, who?": tcp(ODD, ("c", TEST), ("s", TESTED), late=True),
    "m-bus": tcp(
        ODD, ("c", b"\x10\x5b\x01\x5c\x16"), ("s", b"\x68\6\6\x68\x08\1\x72\1\2\3\x81\x16")
    ),
    "h": tcp(ODD, ("c", "help\r\n"), ("s", "hello, here is a list of what I know to do\r\n")),
    "stun": udp(ODD, ("c", STUN), ("s", b"\1\1" + STUN[2:])),
    "tftp, no mode": udp(ODD, ("c", b"\0\1fw/lamp.bin\0other\0"), ("s", b"\0\3\0\1abc")),
    "tftp, no end": udp(ODD, ("c", READ[:-1]), ("s", b"\0\3\0\1abc")),
}


@pytest.mark.parametrize(("frames", "expected"), KNOWN.values(), ids=KNOWN)
def test_what_is_said_proves_a_protocol_at_any_port(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()


@pytest.mark.parametrize("frames", ALIKE.values(), ids=ALIKE)
def test_what_only_looks_alike_is_not_taken_for_it(frames: list[bytes]) -> None:
    assert found(frames) == []
