"""Debug bridges, TFTP, DNS and SSH, as clients and servers really say it."""

from __future__ import annotations

import struct

import pytest
from conversing import found, octets, tcp, udp


def adb(name: bytes, first: int, second: int, data: bytes = b"") -> bytes:
    head = struct.pack("<III", first, second, len(data)) + struct.pack("<I", sum(data))
    return name + head + struct.pack("<I", int.from_bytes(name, "little") ^ 0xFFFFFFFF) + data


def unsummed(data: bytes) -> bytes:
    """CNXN of newer hosts, whose sums are left out."""
    sizes = bytes([len(data)]) + bytes(7)
    return b"CNXN\1\0\0\1\0\0\x10\0" + sizes + b"\xbc\xb1\xa7\xb1" + data


def rrq(code: int, name: str, *more: str) -> bytes:
    return (
        bytes([0, code])
        + b"\0".join(octets(text) for text in (name, *(more or ("octet",))))
        + b"\0"
    )


IMAGE = b"\x27\x05\x19\x56" + bytes(508)


def question(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


ASKED = question("a.example.com")
GIVEN = ASKED[:2] + b"\x81\x80" + ASKED[4:]


CASES: dict[str, tuple[list[bytes], str]] = {
    "adb open": (
        tcp(
            5555,
            ("c", adb(b"CNXN", 16777216, 4096, b"host::\x00")),
            ("s", adb(b"CNXN", 16777216, 4096, b"device::ro.product.name=x;\x00")),
        ),
        "adb-unauthenticated",
    ),
    "adb auth": (
        tcp(
            5555,
            ("c", adb(b"CNXN", 16777216, 4096, b"host::\x00")),
            ("s", adb(b"AUTH", 1, 0, bytes(20))),
            ("c", adb(b"AUTH", 2, 0, bytes(256))),
            ("s", adb(b"CNXN", 16777216, 4096, b"device::\x00")),
        ),
        "",
    ),
    "adb zero checksum": (
        tcp(
            5555,
            (
                "c",
                unsummed(b"host::\0"),
            ),
            (
                "s",
                unsummed(b"device::\0"),
            ),
        ),
        "adb-unauthenticated",
    ),
    "tftp rrq opts": (
        udp(69, ("c", rrq(1, "boot.cfg", "octet", "tsize", "0", "blksize", "1428")))
        + udp(
            50001,
            ("s", b"\x00\x06tsize\x00100\x00"),
            ("c", b"\x00\x04\x00\x00"),
            ("s", b"\x00\x03\x00\x01abc"),
        ),
        "tftp-cleartext-transfer",
    ),
    "tftp rrq unanswered": (udp(69, ("c", rrq(1, "boot.cfg"))), "tftp-cleartext-transfer"),
    "tftp error": (
        udp(69, ("c", rrq(1, "boot.cfg")))
        + udp(50001, ("s", b"\x00\x05\x00\x01File not found\x00")),
        "tftp-cleartext-transfer",
    ),
    "tftp wrq netascii": (
        udp(69, ("c", rrq(2, "cfg", "NetAscii")))
        + udp(50001, ("s", b"\x00\x04\x00\x00"), ("c", b"\x00\x03\x00\x01abc")),
        "tftp-cleartext-transfer",
    ),
    "tftp firmware": (
        udp(69, ("c", rrq(1, "openwrt-sysupgrade.bin")))
        + udp(50001, ("s", b"\x00\x03\x00\x01" + IMAGE), ("c", b"\x00\x04\x00\x01")),
        "firmware-download-cleartext tftp-cleartext-transfer",
    ),
    "dns udp": (udp(53, ("c", ASKED), ("s", GIVEN)), "dns-cleartext"),
    "dns tcp": (
        tcp(
            53,
            ("c", len(question("a.b")).to_bytes(2, "big") + question("a.b")),
            ("s", len(question("a.b")).to_bytes(2, "big") + b"\x124\x81\x80" + question("a.b")[4:]),
        ),
        "dns-cleartext",
    ),
    "dns query only": (udp(53, ("c", ASKED)), "dns-cleartext"),
    "llmnr": (udp(5355, ("c", question("host")), server="224.0.0.252"), ""),
    "ssh1": (tcp(22, ("s", "SSH-1.5-Cisco-1.25\n"), ("c", "SSH-1.5-PuTTY\n")), "ssh-protocol-1"),
    "ssh2": (tcp(22, ("s", "SSH-2.0-OpenSSH_9\r\n"), ("c", "SSH-2.0-x\r\n")), ""),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
