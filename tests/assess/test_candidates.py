"""The sieve before the readers: whom it asks, and that it hides nothing from them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.assess.candidates import Candidates
from iotscan.assess.reading import Plugins
from iotscan.capture.reader import Reader
from iotscan.model import Channel, Endpoint, Sender, Service, Transcript, Transport, Turn

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (ROOT / "captures", ROOT.parent / "shared" / "captures")
CAPTURES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.pcap*"))]
PLUGINS = Plugins()
CANDIDATES = Candidates(PLUGINS.probes)


def names(transport: Transport, *said: tuple[Sender, bytes], note: str = "") -> set[str]:
    """The probes that a captured conversation is offered to."""
    server = Endpoint(ip_address("192.0.2.1"), transport, 4000)
    turns = tuple(Turn(sender, 0.0, data) for sender, data in said)
    client = Endpoint(ip_address("192.0.2.9"), transport, 50_000)
    talk = Transcript(
        "c1", Service(server), "capture", 0.0, turns, (Channel(server),), note=note, client=client
    )
    return {probe.name for probe in CANDIDATES.of(talk)}


def test_those_that_say_how_they_begin_are_asked_about_nothing_else() -> None:
    tls = names("tcp", ("client", b"\x16\x03\x01"), ("server", b"\x16\x03\x03"))
    assert "tls" in tls
    assert tls.isdisjoint({"http", "mqtt", "ftp", "pop3", "dnp3", "s7comm", "bacnet", "ssdp"})
    web = names("tcp", ("client", b"GET / HTTP/1.1"), ("server", b"HTTP/1.1 200 OK"))
    assert {"http", "upnp", "mqtt"} <= web
    assert web.isdisjoint({"ftp", "smtp", "iec104", "dtls"})


def test_a_beginning_that_was_not_captured_rules_nobody_out() -> None:
    middle = names("tcp", ("client", b"\x16"), note="starts mid-stream")
    assert {"http", "mqtt", "ftp", "dnp3", "tls"} <= middle
    assert "bacnet" not in middle  # of UDP alone


def test_a_side_that_said_nothing_rules_nobody_out() -> None:
    assert {"ftp", "smtp"} <= names("tcp", ("server", b"220 hello"))
    assert "mqtt" in names("tcp", ("client", b"\x10\x00"))


def test_more_than_the_first_byte_may_rule_out() -> None:
    modbus = (b"\x12\x34\0\0\0\x06\x01\x03\0\0\0\x01", b"\x12\x34\0\0\0\x05\x01\x03\x02\0\x07")
    assert "modbus" in names("tcp", ("client", modbus[0]), ("server", modbus[1]))
    foreign = b"\x12\x34\0\1\0\x06\x01\x03"
    assert "modbus" not in names("tcp", ("client", foreign), ("server", foreign))
    assert "modbus" in names("tcp", ("client", foreign), ("server", modbus[1]))
    assert "modbus" in names("tcp", ("client", modbus[0][:1]), ("server", modbus[1]))
    lengthy, short = b"\xd0\x02\xe1", b"\x00\xe1"
    assert "coap" in names("tcp", ("client", lengthy), ("server", short))
    assert "coap" not in names("tcp", ("client", b"\x00\x02\xe1"), ("server", b"\x00\xe2"))
    assert "knxnetip" not in names("udp", ("client", b"\x06\x11"), ("server", b"\x06\x11"))


def test_of_very_many_datagrams_the_first_bytes_still_tell() -> None:
    many: list[tuple[Sender, bytes]] = [("client", bytes((1, number, 0))) for number in range(64)]
    many.append(("server", b"\x01"))
    assert "knxnetip" not in names("udp", *many)
    assert "knxnetip" in names("udp", *many, ("client", b"\x06\x10"))


def test_any_datagram_of_an_exchange_may_be_the_one_and_sides_are_a_guess() -> None:
    assert "dtls" in names("udp", ("client", b"\x00\x01"), ("client", b"\x16\xfe"))
    assert "fins" in names("udp", ("server", b"\x80"), ("client", b"\xc0"))
    assert "fins" not in names("udp", ("server", b"\x00"), ("client", b"\x01"))
    assert "coap" in names("udp", ("client", b""), ("client", b"\x40\x01"))


def conversations(path: Path) -> Iterator[Transcript]:
    found: list[Transcript] = []
    usual = {port for p in PLUGINS.probes.values() for o in p.openings for port in o.ports}
    Reader({}, found.append, lambda _: None, lambda _: None, usual=usual).read(path)
    yield from found


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_whoever_can_read_a_conversation_is_asked(path: Path) -> None:
    for talk in conversations(path):
        asked = {probe.name for probe in CANDIDATES.of(talk)}
        for probe in PLUGINS.probes.values():
            if probe.name not in asked:
                assert list(probe.read(talk)) == [], (talk.id, probe.name)
