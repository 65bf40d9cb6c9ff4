"""Controllers and buildings: requests and answers as both sides really say them."""

from __future__ import annotations

import struct

import pytest
from conversing import found, tcp, udp

I_AM = b"\1\x20\xff\xff\0\xff\x10\0\xc4\2\0\4\xd2\x22\4\0\x91\0\x21\x05"


def mb(function: int, body: bytes = b"\0\0\0\1", number: int = 1) -> bytes:
    """A Modbus message to unit 1."""
    rest = bytes([1, function]) + body
    return number.to_bytes(2, "big") + b"\0\0" + len(rest).to_bytes(2, "big") + rest


def bac(body: bytes, function: int = 0x0A) -> bytes:
    return b"\x81" + bytes([function]) + (4 + len(body)).to_bytes(2, "big") + body


def tpkt(body: bytes) -> bytes:
    return b"\3\0" + (len(body) + 4).to_bytes(2, "big") + body


S7_CALL = tpkt(b"\x11\xe0\0\0\0\1\0\xc1\2\1\0\xc2\2\1\2\xc0\1\x0a")
S7_ACCEPT = tpkt(b"\x11\xd0\0\1\0\2\0\xc0\1\x0a\xc1\2\1\0\xc2\2\1\2")
S7_SETUP = tpkt(b"\2\xf0\x80\x32\1\0\0\0\0\0\x08\0\0\xf0\0\0\1\0\1\1\xe0")
S7_IS_UP = tpkt(b"\2\xf0\x80\x32\3\0\0\0\0\0\x08\0\0\0\0\xf0\0\0\1\0\1\0\xf0")


def checked(data: bytes) -> bytes:
    """With the CRC of DNP3 behind it: IEEE 1815 section 9.2.4."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA6BC if value & 1 else value >> 1
    return data + (~value & 0xFFFF).to_bytes(2, "little")


def dnp(control: int, to: int, source: int, user: bytes) -> bytes:
    head = bytes([5, 0x64, 5 + len(user), control])
    head += to.to_bytes(2, "little") + source.to_bytes(2, "little")
    blocks = (checked(user[at : at + 16]) for at in range(0, len(user), 16))
    return checked(head) + b"".join(blocks)


BEGIN, BEGUN = b"\x68\4\7\0\0\0", b"\x68\4\x0b\0\0\0"
ASK = b"\x68\x0e\0\0\0\0\x64\1\6\0\1\0\0\0\0\x14"
TOLD = b"\x68\x0e\0\0\2\0\x64\1\7\0\1\0\0\0\0\x14"


def enip(command: int, data: bytes = b"", session: int = 0) -> bytes:
    return struct.pack("<HHII8sI", command, len(data), session, 0, bytes(8), 0) + data


def hart(kind: int, number: int, body: bytes = b"") -> bytes:
    return b"\1" + bytes([kind, number, 0]) + b"\0\1" + (8 + len(body)).to_bytes(2, "big") + body


def fins(control: int, body: bytes) -> bytes:
    return bytes([control, 0, 2, 0, 1, 0, 0, 1, 0, 1]) + body


def ft(command: int, body: bytes) -> bytes:
    """A message of FINS over TCP."""
    size = (8 + len(body)).to_bytes(4, "big")
    return b"FINS" + size + command.to_bytes(4, "big") + bytes(4) + body


def knx(service: int, body: bytes) -> bytes:
    return b"\6\x10" + service.to_bytes(2, "big") + (6 + len(body)).to_bytes(2, "big") + body


PLACE = b"\x08\1\xc0\xa8\1\5\x9c\x40"


CASES: dict[str, tuple[list[bytes], str]] = {
    "modbus read": (
        tcp(502, ("c", mb(3)), ("s", mb(3, b"\x02\x00\x01"))),
        "modbus-unauthenticated",
    ),
    "modbus odd port": (
        tcp(
            1502,
            ("c", mb(3)),
            ("s", mb(3, b"\x02\x00\x01")),
            ("c", mb(3, number=2)),
            ("s", mb(3, b"\x02\x00\x01", 2)),
        ),
        "modbus-unauthenticated",
    ),
    "modbus exception": (tcp(502, ("c", mb(3)), ("s", mb(131, b"\x02"))), "modbus-unauthenticated"),
    "modbus udp": (udp(502, ("c", mb(3)), ("s", mb(3, b"\x02\x00\x01"))), "modbus-unauthenticated"),
    "modbus 2b": (
        tcp(
            502,
            ("c", mb(43, b"\x0e\x01\x00")),
            ("s", mb(43, b"\x0e\x01\x01\x00\x00\x01\x00\x03abc")),
        ),
        "modbus-unauthenticated",
    ),
    "bacnet i-am broadcast": (
        udp(
            47808,
            ("c", bac(I_AM, 11)),
            client="192.168.1.9",
            server="192.168.1.255",
            client_port=47808,
        ),
        "bacnet-unauthenticated",
    ),
    "bacnet who-is only": (
        udp(
            47808,
            ("c", bac(b"\x01 \xff\xff\x00\xff\x10\x08", 11)),
            server="192.168.1.255",
            client_port=47808,
        ),
        "",
    ),
    "bacnet readprop": (
        udp(
            47808,
            ("c", bac(b"\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x04\xd2\x19M")),
            ("s", bac(b"\x01\x000\x01\x0c\x0c\x02\x00\x04\xd2\x19M>u\x03\x00ab?")),
            client_port=47808,
        ),
        "bacnet-unauthenticated",
    ),
    "bacnet foreign reg": (
        udp(
            47808,
            ("c", b"\x81\x05\x00\x06\x00<"),
            ("s", b"\x81\x00\x00\x06\x00\x00"),
            client_port=50001,
        ),
        "",
    ),
    "s7 setup": (
        tcp(102, ("c", S7_CALL), ("s", S7_ACCEPT), ("c", S7_SETUP), ("s", S7_IS_UP)),
        "s7-unauthenticated",
    ),
    "s7 cotp only": (tcp(102, ("c", S7_CALL), ("s", S7_ACCEPT)), ""),
    "s7 plus": (
        tcp(
            102,
            ("c", S7_CALL),
            ("s", S7_ACCEPT),
            ("c", tpkt(b"\x02\xf0\x80r\x01\x00\x041\x00\x00\x04r\x01\x00\x00")),
            ("s", tpkt(b"\x02\xf0\x80r\x01\x00\x042\x00\x00\x04r\x01\x00\x00")),
        ),
        "",
    ),
    "dnp3 read": (
        tcp(
            20000,
            ("c", dnp(196, 10, 1, b"\xc0\xc0\x01<\x02\x06")),
            ("s", dnp(68, 1, 10, b"\xc0\xc0\x81\x00\x00")),
        ),
        "dnp3-unauthenticated",
    ),
    "dnp3 udp": (
        udp(
            20000,
            ("c", dnp(196, 10, 1, b"\xc0\xc0\x01<\x02\x06")),
            ("s", dnp(68, 1, 10, b"\xc0\xc0\x81\x00\x00")),
        ),
        "dnp3-unauthenticated",
    ),
    "dnp3 link only": (tcp(20000, ("c", dnp(201, 10, 1, b"")), ("s", dnp(11, 1, 10, b""))), ""),
    "dnp3 unsolicited": (
        tcp(
            20000,
            ("s", dnp(68, 1, 10, b"\xc0\xf0\x82\x80\x00")),
            ("c", dnp(196, 10, 1, b"\xc0\xd0\x00")),
        ),
        "dnp3-unauthenticated",
    ),
    "dnp3 auth req": (
        tcp(
            20000,
            ("c", dnp(196, 10, 1, b"\xc0\xc0 x\x01\x07\x01")),
            ("s", dnp(68, 1, 10, b"\xc0\xc0\x83\x00\x00x\x01\x07\x01")),
        ),
        "",
    ),
    "iec104": (
        tcp(2404, ("c", BEGIN), ("s", BEGUN), ("c", ASK), ("s", TOLD)),
        "iec104-unauthenticated",
    ),
    "iec104 odd": (
        tcp(12404, ("c", BEGIN), ("s", BEGUN), ("c", ASK), ("s", TOLD)),
        "iec104-unauthenticated",
    ),
    "iec104 testfr": (
        tcp(2404, ("c", b"h\x04C\x00\x00\x00"), ("s", b"h\x04\x83\x00\x00\x00")),
        "iec104-unauthenticated",
    ),
    "iec104 midstream": (
        tcp(
            2404,
            ("s", b"h\x0e\x02\x00\x02\x00\x01\x01\x03\x00\x01\x00\x01\x00\x00\x01"),
            ("c", b"h\x04\x01\x00\x04\x00"),
            late=True,
        ),
        "iec104-unauthenticated",
    ),
    "enip register": (
        tcp(44818, ("c", enip(101, b"\x01\x00\x00\x00")), ("s", enip(101, b"\x01\x00\x00\x00", 7))),
        "enip-unauthenticated",
    ),
    "enip listidentity udp": (
        udp(
            44818,
            ("c", enip(99)),
            (
                "s",
                enip(
                    99,
                    b"\x01\x00\x0c\x00'\x00\x01\x00"
                    + b"\x00\x02\xaf\x12\xc0\xa8\x01\t"
                    + bytes(8)
                    + b"\x01\x00\x0e\x006\x00\x01\x01\x00\x00\x01\x00\x00\x00\x05PLC01\x03",
                ),
            ),
        ),
        "enip-unauthenticated",
    ),
    "enip listservices": (
        tcp(
            44818,
            ("c", enip(4)),
            ("s", enip(4, b"\x01\x00\x00\x01\x14\x00\x01\x00 \x00Communications\x00\x00")),
        ),
        "enip-unauthenticated",
    ),
    "hartip udp": (
        udp(5094, ("c", hart(0, 0, b"\x01\x00\x00u0")), ("s", hart(1, 0, b"\x01\x00\x00u0"))),
        "hartip-unauthenticated",
    ),
    "hartip refused": (
        udp(
            5094,
            ("c", hart(0, 0, b"\x01\x00\x00u0")),
            ("s", hart(1, 0)[:3] + b"\x0f" + hart(1, 0)[4:]),
        ),
        "hartip-unauthenticated",
    ),
    "hartip audit log, in the middle": (
        tcp(5094, ("c", hart(0, 5, b"\0\xff")), ("s", hart(1, 5, bytes(80))), late=True),
        "hartip-unauthenticated",
    ),
    "hartip tcp pass": (
        tcp(
            5094,
            ("c", hart(0, 0, b"\x01\x00\x00u0")),
            ("s", hart(1, 0, b"\x01\x00\x00u0")),
            ("c", hart(0, 3, b"\x02\x80\x00\x00\x82")),
            (
                "s",
                hart(
                    1, 3, b"\x06\x80\x00\x0e\x00\x00\xfe\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b:"
                ),
            ),
        ),
        "hartip-unauthenticated",
    ),
    "fins tcp": (
        tcp(
            9600,
            ("c", ft(0, b"\x00\x00\x00\x00")),
            ("s", ft(1, b"\x00\x00\x00\x02\x00\x00\x00\x01")),
            ("c", ft(2, fins(128, b"\x01\x01\x82\x00\x00\x00\x00\x01"))),
            ("s", ft(2, fins(192, b"\x01\x01\x00\x00\x00\x01"))),
        ),
        "omron-fins-unauthenticated",
    ),
    "knx connect": (
        udp(
            3671,
            ("c", knx(517, PLACE + PLACE + b"\x04\x04\x02\x00")),
            ("s", knx(518, b"\x01\x00" + PLACE + b"\x04\x04\x11\x01")),
        ),
        "knxip-unauthenticated",
    ),
    "knx search resp": (
        udp(
            3671,
            ("c", knx(513, PLACE)),
            (
                "s",
                knx(
                    514,
                    PLACE
                    + b"6\x01\x02\x00\x11\x01\x00\x00"
                    + b"\x00\x01\x02\x03\x04\x05"
                    + b"\xe0\x00\x17\x0c"
                    + b"\x01\x02\x03\x04\x05\x06"
                    + b"Gateway".ljust(30, b"\x00")
                    + b"\x04\x02\x02\x01",
                ),
            ),
        ),
        "knxip-unauthenticated",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
