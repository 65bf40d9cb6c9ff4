"""CoAP by a question to the group: who answers is found, and nothing else is believed."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from lan import ip

from iotscan.discovery.coap import DISCOVERER, GROUPS, TOKEN
from iotscan.model import Endpoint, Packet, Proof, Service, Sighting
from iotscan.protocols.coap import codec
from iotscan.protocols.coap.codec import Message, Type

HERE = ip_address("192.168.1.7")
LINKS = Message(0x45, Type.NON, 9, TOKEN, ((12, b"\x28"),), b"</light>")


def heard(message: Message | bytes, source: str | None = "192.168.1.7") -> list[Any]:
    data = message if isinstance(message, bytes) else codec.encode(message)
    place = ip_address(source) if source else None
    return list(DISCOVERER.read(Packet("p5", 0.1, "coap", data, place)))


def test_who_answers_speaks_coap() -> None:
    lead = Service(Endpoint(HERE, "udp", 5683), "coap")
    assert heard(LINKS) == [Sighting("coap", (HERE,), leads=(lead,), proof=Proof("p5"))]
    refused = Message(0x84, Type.NON, 9, TOKEN)
    assert len(heard(refused)) == 1, "4.04 is an answer too"


@pytest.mark.parametrize(
    ("message", "source"),
    [
        (codec.get("/.well-known/core", 1, TOKEN, kind=Type.NON), "192.168.1.7"),
        (Message(0x45, Type.NON, 9, b"else"), "192.168.1.7"),
        (LINKS, "224.0.1.187"),
        (LINKS, None),
        (b"", "192.168.1.7"),
        (b"\xff" * 40, "192.168.1.7"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "192.168.1.7"),
    ],
)
def test_anything_else_says_nothing(message: Message | bytes, source: str | None) -> None:
    assert heard(message, source) == []


@pytest.mark.lab
def test_a_server_that_joined_the_group_is_found(home: Any, tmp_path: Path) -> None:
    host = home.lan.hosts["host0"]
    group = str(GROUPS[0])
    ip("-n", host.namespace, "route", "replace", f"{group}/32", "dev", "lan0")
    server = host.start("coap-server-notls", "-g", group)
    try:
        with home.frames(tmp_path / "asked.pcap") as frames:
            # Two thirds of it are waited: longer than the five seconds a server may take.
            found = home.discover("coap", patience=9.0)
    finally:
        server.terminate()
        server.wait()
    seen = [s for s in found["sightings"] if s["source"] == "coap"]
    assert {s["addresses"][0] for s in seen} == {host.address}
    asked = [frame for frame in frames() if bytes(ip_address(group).packed) == frame[30:34]]
    assert 1 <= len(asked) <= 2
    assert all(frame[22] <= 2 for frame in asked), "it stays near"
