"""Which DNS servers this machine is told to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from iotscan.net.resolvers import resolvers


def told(folder: Path, settings: str, behind: str | None = None) -> list[str]:
    one, other = folder / "resolv.conf", folder / "behind"
    one.write_text(settings)
    if behind is not None:
        other.write_text(behind)
    return [str(address) for address in resolvers(one, other)]


@pytest.mark.parametrize(
    ("settings", "servers"),
    [
        ("nameserver 192.168.1.1\nsearch home\nnameserver fe80::1%eth0\n", 2),
        ("# nameserver 192.168.1.1\n;nameserver 192.168.1.1\noptions edns0\n", 0),
        ("nameserver\nnameserver router.home\n\x00\xff\n", 0),
        ("nameserver 10.0.0.1 10.0.0.2\n" * 2, 1),
        ("".join(f"nameserver 10.0.0.{i}\n" for i in range(9)), 3),
        ("", 0),
    ],
)
def test_servers_are_read_as_the_c_library_reads_them(
    tmp_path: Path, settings: str, servers: int
) -> None:
    assert len(told(tmp_path, settings)) == servers


def test_the_servers_behind_a_stub_are_told_in_its_place(tmp_path: Path) -> None:
    behind = "nameserver 192.168.1.1\n"
    assert told(tmp_path, "nameserver 127.0.0.53\n", behind) == ["192.168.1.1"]
    assert told(tmp_path, "nameserver 127.0.0.53\n", "") == ["127.0.0.53"]
    assert told(tmp_path, "nameserver 10.0.0.1\n", behind) == ["10.0.0.1"]


def test_without_the_file_nothing_is_told(tmp_path: Path) -> None:
    assert resolvers(tmp_path / "none", tmp_path / "neither") == []
