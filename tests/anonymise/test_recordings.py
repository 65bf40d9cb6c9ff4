"""Recordings that can be shared: judged like the ones they are made of."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from iotscan import replay
from iotscan.anonymise.job import book_for
from iotscan.anonymise.recordings import BLANKED, anonymise
from iotscan.anonymise.wish import Wish
from iotscan.capture.recording import Journal, load
from iotscan.errors import UsageError
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Footer,
    Gap,
    Header,
    Packet,
    Scope,
    Service,
    Sighting,
    Sweep,
    TlsFacts,
    Transcript,
    Turn,
)

HOST = ip_address("192.168.1.9")
TELNET, ODD, DNS = (
    Endpoint(HOST, "tcp", 23),
    Endpoint(HOST, "tcp", 9999),
    Endpoint(HOST, "udp", 53),
)
MAC = "00:17:88:01:02:03"
ARP = b"\0\1\x08\0\6\4\0\2" + bytes.fromhex(MAC.replace(":", "")) + HOST.packed + bytes(10)
SCOPE = Scope((ip_network("192.168.1.0/24"),), (ip_network("192.168.1.4/32"),))
HEADER = Header(1, "0", "2026-01-02T03:04:05Z", SCOPE, {"targets": ("192.168.1.9",), "n": 3}, "")
QUESTION = b"\x69\x6f\x01\0\0\1\0\0\0\0\0\0\x07kitchen\x02io\0\0\1\0\1"


def talk(
    name: str, at: Endpoint, probe: str, *said: bytes, tls: TlsFacts | None = None
) -> Transcript:
    turns = tuple(Turn("server", float(i), data) for i, data in enumerate(said))
    channel = Channel(at, tls=tls)
    return Transcript(name, Service(at, probe), probe, 1.0, turns, (channel,))


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "home.jsonl"
    journal = Journal(path)
    for entry in (
        HEADER,
        Packet("p1", 0.1, "arp", ARP, None, MAC, "eth0"),
        Sighting("mdns", (HOST,), MAC, ("kitchen-lamp",), {"udn": "uuid:kitchen-lamp"}),
        Sweep("s1", 0.2, HOST, (TELNET, ODD), alive=True),
        talk("c1", TELNET, "telnet", b"\xff\xfd\x18\r\nkitchen-lamp login: "),
        talk(
            "c2",
            ODD,
            "recognise",
            b"strange words",
            tls=TlsFacts("TLSv1.3", chain=(b"kitchen-lamp",)),
        ),
        talk("c3", DNS, "dns", QUESTION),
        Gap(str(ODD), "x", Ending.TIMEOUT, "192.168.1.9 said nothing", device=MAC),
        Footer(3.0, True, "of 192.168.1.9"),
    ):
        journal.add(entry)
    journal.close()
    return path


def test_a_recording_is_judged_like_its_original(recorded: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared.jsonl"
    wish = Wish(b"k")
    done = anonymise(recorded, target, wish)
    before, after = replay([recorded]), replay([target])
    mapping = book_for(wish).addresses
    new = ip_address(mapping(HOST.packed))
    assert {(f.rule, f.address) for f in after.findings} == {(f.rule, new) for f in before.findings}
    assert before.findings
    assert len(after.devices) == len(before.devices) == 1
    assert after.devices[0].addresses == (new,)
    assert done.counts["addresses"] > 0
    assert done.counts[BLANKED] == 1


def test_nothing_of_it_is_left(recorded: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared.jsonl"
    anonymise(recorded, target, Wish(b"k"))
    text = target.read_text()
    for gone in ("192.168.1.9", MAC, "kitchen"):
        assert gone not in text
    new = load(target)
    assert b"kitchen" not in new.packets[0].data
    first, odd, dns = new.transcripts
    assert b"kitchen" not in first.turns[0].data
    assert first.turns[0].data.endswith(b" login: ")
    assert odd.turns[0].data == bytes(13)
    assert odd.channels[0].tls is not None
    assert odd.channels[0].tls.chain[0] != b"kitchen-lamp"
    assert b"kitchen" not in dns.turns[0].data
    assert new.packets[0].mac == new.sightings[0].mac
    assert new.gaps[0].device == new.sightings[0].mac
    assert new.sweeps[0].address == new.sightings[0].addresses[0]
    assert new.header.settings["n"] == 3
    assert all(new.sweeps[0].address in net for net in new.header.scope.allow)


def test_what_nobody_could_read_stays_if_it_is_wanted(recorded: Path, tmp_path: Path) -> None:
    anonymise(recorded, tmp_path / "o.jsonl", Wish(b"k", keep_payload=True))
    assert load(tmp_path / "o.jsonl").transcripts[1].turns[0].data == b"strange words"


def test_an_output_that_cannot_be_written(recorded: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        anonymise(recorded, tmp_path / "none" / "o.jsonl", Wish(b"k"))
