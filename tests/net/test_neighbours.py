"""The neighbour table from netlink bytes, from arp programs, and from the kernel itself."""

from __future__ import annotations

import json
import socket
import struct
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.net.neighbours import neighbours, parse_dump, read_arp_program

REACHABLE, STALE, FAILED, NOARP = 0x02, 0x04, 0x20, 0x40


def message(address: str, mac: bytes, state: int = REACHABLE, index: int = 2) -> bytes:
    """One RTM_NEWNEIGH as the kernel sends it."""
    packed = ip_address(address).packed
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    body = struct.pack("=BxxxiHBB", family, index, state, 0, 1)
    for kind, value in ((1, packed), (2, mac)):
        body += struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    return struct.pack("=IHHII", 16 + len(body), 28, 2, 1, 0) + body


MAC = bytes.fromhex("a42bb0000009")
NAMES = {2: "eth0"}


def name_of(index: int) -> str:
    if index not in NAMES:
        raise OSError("no such interface")
    return NAMES[index]


def test_known_neighbours_are_read_and_unknown_ones_left_out() -> None:
    dump = b"".join(
        [
            message("10.0.0.9", MAC),
            message("10.0.0.10", MAC, STALE),
            message("10.0.0.11", MAC, FAILED),
            message("10.0.0.12", b""),
            message("10.0.0.13", bytes(6)),
            message("10.0.0.14", MAC, index=99),
            message("224.0.0.251", MAC),
            message("ff02::fb", MAC, NOARP),
            message("fe80::9", MAC),
            message("fd00::9", MAC),
        ]
    )
    assert list(parse_dump(dump, name_of)) == [
        (ip_address("10.0.0.9"), "a4:2b:b0:00:00:09", "eth0"),
        (ip_address("10.0.0.10"), "a4:2b:b0:00:00:09", "eth0"),
        (ip_address("fe80::9%eth0"), "a4:2b:b0:00:00:09", "eth0"),
        (ip_address("fd00::9"), "a4:2b:b0:00:00:09", "eth0"),
    ]


@given(st.binary(max_size=120))
def test_a_damaged_dump_gives_what_came_before(tail: bytes) -> None:
    first = next(parse_dump(message("10.0.0.9", MAC) + tail, name_of))
    assert first[0] == ip_address("10.0.0.9")
    list(parse_dump(message("10.0.0.9", MAC) + tail, name_of))


MACOS = """? (192.168.1.1) at a4:2b:b0:1:2:3 on en0 ifscope [ethernet]
? (192.168.1.7) at (incomplete) on en0 ifscope [ethernet]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
"""
WINDOWS = """
Schnittstelle: 192.168.1.5 --- 0x4
  Internetadresse       Physische Adresse     Typ
  192.168.1.1           a4-2b-b0-01-02-03     dynamisch
  224.0.0.22            01-00-5e-00-00-16     statisch
  255.255.255.255       ff-ff-ff-ff-ff-ff     statisch
"""


@pytest.mark.parametrize(("text", "interface"), [(MACOS, "en0"), (WINDOWS, "")])
def test_what_arp_programs_print_is_read(text: str, interface: str) -> None:
    known = [(ip_address("192.168.1.1"), "a4:2b:b0:01:02:03", interface)]
    assert read_arp_program(text) == known
    assert read_arp_program("") == []


@pytest.mark.lab
def test_the_kernel_tells_of_both_ip_versions(tmp_path: Path) -> None:
    from lan import lan

    script = (
        "import json; from iotscan.net.neighbours import neighbours; "
        "print(json.dumps([[str(a), m, i] for a, m, i in neighbours()]))"
    )
    with lan(tmp_path) as network:
        host = network.add("one", "10.77.0.2", "02:00:00:00:00:02")
        for address in ("10.77.0.9", "fe80::9"):
            host.run("ip", "neigh", "add", address, "lladdr", "a4:2b:b0:00:00:09", "dev", "lan0")
        told = json.loads(host.run(sys.executable, "-c", script).stdout)
    assert sorted(told) == [
        ["10.77.0.9", "a4:2b:b0:00:00:09", "lan0"],
        ["fe80::9%lan0", "a4:2b:b0:00:00:09", "lan0"],
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_no_netlink_is_an_empty_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise PermissionError("not here")

    monkeypatch.setattr(socket, "socket", refuse)
    assert neighbours() == []
