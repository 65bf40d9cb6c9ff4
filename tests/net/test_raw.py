"""Raw frames: no privilege, no Ethernet, an answerer's flood, a queue that is full.

Sweeps of a real LAN are in ``tests/discovery/test_arp.py``.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Any

import pytest

from iotscan.net import raw
from iotscan.net.raw import Frames
from iotscan.probe_api import Attachment
from iotscan.protocols.link import arp

MAC, PEER = "02:00:00:00:00:02", "a4:2b:b0:00:00:09"
LAN = Attachment("lan0", MAC, (IPv4Address("10.0.0.2"),), (29,))
ALL = [IPv4Address("10.0.0.0") + i for i in range(1, 7)]


class FakeSocket:
    """A packet socket on a link where ``answering`` hosts reply; ``full``: sends that block."""

    def __init__(self, answering: Sequence[IPv4Address] = (), full: int = 0) -> None:
        self.answering, self.full = answering, full
        self.sent: list[arp.Arp] = []
        self.inbox: list[bytes] = []
        self.closed = False

    def send(self, frame: bytes) -> int:
        if self.full:
            self.full -= 1
            raise BlockingIOError
        message = arp.parse(arp.message_in(frame))
        self.sent.append(message)
        if message.target in self.answering:
            reply = arp.Arp(arp.REPLY, PEER, message.target, MAC, message.sender)
            self.inbox.append(
                arp.mac_bytes(MAC) + arp.mac_bytes(PEER) + b"\x08\x06" + reply.encode()
            )
        return len(frame)

    def recv(self, size: int) -> bytes:
        if not self.inbox:
            raise BlockingIOError
        return self.inbox.pop(0)

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self.closed = True

    def setblocking(self, flag: bool) -> None: ...

    def bind(self, address: tuple[str, int]) -> None: ...


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that puts a fake link in place and gives (frames, its socket, what was heard)."""

    def make(fake: FakeSocket) -> tuple[Frames, list[arp.Arp]]:
        monkeypatch.setattr(socket, "AF_PACKET", 17, raising=False)
        monkeypatch.setattr(socket, "socket", lambda *_: fake)
        heard: list[arp.Arp] = []
        frames = Frames(LAN, lambda message, data, mac: heard.append(message))
        return frames, heard

    monkeypatch.setattr(raw, "_LAST_ANSWERS", 0.0)
    monkeypatch.setattr(raw, "_QUEUE_FULL", 0.0)
    return make


async def sweep(frames: Frames, fake: FakeSocket, addresses: Sequence[IPv4Address]) -> None:
    async def pace(address: IPv4Address) -> None:
        frames._readable()

    await frames.sweep(addresses, pace)
    frames._readable()


async def test_the_silent_are_asked_twice_and_the_others_once(link: Any) -> None:
    fake = FakeSocket(answering=ALL[2:4])
    frames, heard = link(fake)
    await sweep(frames, fake, ALL)
    targets = [message.target for message in fake.sent]
    silent = [address for address in ALL if address not in (*ALL[2:4], LAN.addresses[0])]
    assert sorted(targets) == sorted([*silent, *silent, *ALL[2:4]])
    assert [message.sender for message in heard] == ALL[2:4]


async def test_only_the_interfaces_own_network_is_asked(link: Any) -> None:
    fake = FakeSocket()
    frames, _ = link(fake)
    await sweep(frames, fake, [IPv4Address("10.0.1.1"), IPv4Address("10.0.0.2")])
    assert fake.sent == []


async def test_a_queue_that_is_full_for_a_moment_loses_nothing(link: Any) -> None:
    fake = FakeSocket(full=3)
    frames, _ = link(fake)
    await sweep(frames, fake, ALL[:1])
    assert [message.target for message in fake.sent] == [ALL[0], ALL[0]]


async def test_a_queue_that_stays_full_is_an_os_error(link: Any) -> None:
    fake = FakeSocket(full=10_000)
    frames, _ = link(fake)
    with pytest.raises(OSError, match="takes no more frames"):
        await sweep(frames, fake, ALL)


async def test_invented_answers_fill_no_memory_and_garbage_is_passed_over(link: Any) -> None:
    fake = FakeSocket()
    frames, heard = link(fake)
    head = arp.mac_bytes(MAC) + arp.mac_bytes(PEER) + b"\x08\x06"
    for i in range(2000):
        invented = arp.Arp(arp.REPLY, PEER, IPv4Address("10.9.0.0") + i, MAC, ALL[0])
        fake.inbox += [head + invented.encode(), head + b"junk", b""]
    while fake.inbox:
        frames._readable()
    assert len(heard) == 2000
    assert frames._answered == set()


@pytest.mark.skipif(not hasattr(socket, "AF_PACKET"), reason="no packet sockets here")
def test_without_the_privilege_it_is_a_permission_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise PermissionError("not permitted")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(PermissionError):
        Frames(LAN, lambda *_: None)


def test_where_there_are_no_packet_sockets_it_is_an_os_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(socket, "AF_PACKET", raising=False)
    with pytest.raises(OSError, match="no packet sockets"):
        Frames(LAN, lambda *_: None)


def test_an_interface_without_mac_is_no_ethernet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "AF_PACKET", 17, raising=False)
    with pytest.raises(OSError, match="no Ethernet"):
        Frames(Attachment("tun0", None, (), ()), lambda *_: None)


def test_an_interface_that_is_not_there_leaves_no_socket_open(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeSocket()

    def refuse(address: tuple[str, int]) -> None:
        raise OSError("no such device")

    monkeypatch.setattr(fake, "bind", refuse)
    with pytest.raises(OSError, match="no such device"):
        link(fake)
    assert fake.closed
