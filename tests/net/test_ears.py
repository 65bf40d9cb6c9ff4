"""Discovery's sockets: opened once, closed all, and honest about what fails."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from iotscan.net import multicast
from iotscan.net.ears import Ears
from iotscan.probe_api import Attachment

GROUP = ip_address("224.0.0.251")
BARE = Attachment("lan9", None, (), ())


def ears() -> tuple[Ears, list[str]]:
    notes: list[str] = []
    return Ears(lambda *_: None, notes.append), notes


async def test_one_socket_a_protocol_and_ip_version() -> None:
    made, notes = ears()
    for protocol in ("mdns", "ssdp", "mdns"):
        await made.send(protocol, b"?", ip_address("127.20.0.9"), 5353, None)
    await made.send("mdns", b"?", ip_address("::1"), 5353, None)
    assert set(made._askers) == {("mdns", "", 4), ("ssdp", "", 4), ("mdns", "", 6)}
    assert notes == []
    made.close()
    made.close()


async def test_an_interface_that_cannot_is_named_with_the_reason() -> None:
    made, notes = ears()
    await made.send("mdns", b"?", GROUP, 5353, BARE)
    made.listen("mdns", BARE, GROUP, 5353)
    made.listen("lamp", BARE, None, 5353)
    assert notes == [
        "mdns: cannot ask on lan9 (lan9 has no IPv4 address).",
        "mdns: cannot listen to 224.0.0.251 on lan9 (lan9 has no IPv4 address).",
        "lamp: cannot listen to port 5353 on lan9 (No such device).",
    ]
    made.close()


async def test_a_group_is_joined_once(monkeypatch: Any) -> None:
    opened = []

    def listener(group: Any, port: int, interface: Attachment) -> Any:
        opened.append((group, port, interface.name))
        return multicast.open_asker(4)

    monkeypatch.setattr(multicast, "open_listener", listener)
    made, _ = ears()
    for _ in range(3):
        made.listen("mdns", BARE, GROUP, 5353)
    await made.attach()
    assert opened == [(GROUP, 5353, "lan9")]
    made.close()


async def test_an_error_of_a_datagram_becomes_a_note() -> None:
    made, notes = ears()
    await made.send("mdns", b"x" * 70_000, ip_address("127.20.0.9"), 5353, None)
    assert notes == ["mdns: some addresses could not be asked (Message too long)."]
    made.close()
