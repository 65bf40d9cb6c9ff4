"""What a report on a capture says of devices: their own words on themselves, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture.making import Connection, udp_frame
from iotscan.model import Device, Endpoint, Report
from iotscan.offline import report_on
from iotscan.protocols.mqtt.codec import encode
from iotscan.protocols.mqtt.packets import Connack, Connect, Publish

HERE, THERE, OUTSIDE = "192.168.1.5", "192.168.1.9", "52.1.2.3"
Reported = Callable[[Iterable[bytes]], Report]


@pytest.fixture
def reported(tmp_path: Path, pcap: Callable[..., bytes]) -> Reported:
    def run(frames: Iterable[bytes]) -> Report:
        path = tmp_path / "x.pcap"
        path.write_bytes(pcap(frames))
        return report_on([path], load_rulebook())

    return run


def conversation(port: int, client: bytes, server: bytes, at: str = THERE) -> list[bytes]:
    ends = Endpoint(ip_address(HERE), "tcp", 50_000), Endpoint(ip_address(at), "tcp", port)
    talk = Connection(*ends)
    return [*talk.opened(), *talk.said(True, client), *talk.said(False, server), *talk.closed()]


def device(report: Report, address: str) -> Device:
    (found,) = (one for one in report.devices if ip_address(address) in one.addresses)
    return found


def words(report: Report, kind: str) -> list[tuple[str, object]]:
    return [(str(seen.address), seen.facts) for seen in report.observations if seen.kind == kind]


def test_a_client_of_mqtt_is_known_by_its_identifier_and_its_broker_is_not(
    reported: Reported,
) -> None:
    hello = encode(Connect(client_id="shellyplug-s-1A2B3C"))
    report = reported(conversation(1883, hello, encode(Connack(0))))
    assert device(report, HERE).identity.vendor == "Shelly"
    assert device(report, THERE).identity.vendor == ""


def test_who_publishes_as_a_product_does_is_one_and_who_hears_it_is_not(
    reported: Reported,
) -> None:
    said = encode(Publish(topic="tele/lamp/LWT", payload=b"Online"))
    hello = encode(Connect(client_id="x"))
    sent = reported(conversation(1883, hello + said, encode(Connack(0))))
    assert device(sent, HERE).identity.family == "Tasmota"
    assert device(sent, THERE).identity.family == ""
    heard = reported(conversation(1883, hello, encode(Connack(0)) + said))
    assert device(heard, HERE).identity.family == ""
    assert device(heard, THERE).identity.family == ""


@pytest.mark.parametrize("server", [THERE, OUTSIDE])
def test_a_client_of_http_says_what_it_is_whoever_it_talks_to(
    reported: Reported, server: str
) -> None:
    ask = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Lamp/2.1 (X-200)\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    report = reported(conversation(80, ask, answer, server))
    assert words(report, "http.client") == [(HERE, {"agent": "Lamp/2.1 (X-200)"})]


def test_a_client_outside_says_nothing_of_the_server_here(reported: Reported) -> None:
    ask = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Zmap/1\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ends = Endpoint(ip_address(OUTSIDE), "tcp", 50_000), Endpoint(ip_address(THERE), "tcp", 80)
    talk = Connection(*ends)
    frames = [*talk.opened(), *talk.said(True, ask), *talk.said(False, answer)]
    report = reported(frames)
    assert (THERE, {"agent": "Zmap/1"}) not in words(report, "http.client")


def sip(first: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([first, b"Call-ID: x", b"Content-Length: 0", *headers, b"", b""])


REGISTER = b"REGISTER sip:home SIP/2.0"
VIA = b"Via: SIP/2.0/UDP 192.168.1.5"


@pytest.mark.parametrize(
    ("message", "agents"),
    [
        (sip(REGISTER, VIA, b"CSeq: 1 REGISTER", b"User-Agent: Phone 3"), ["Phone 3"]),
        (sip(REGISTER, VIA, VIA, b"CSeq: 1 REGISTER", b"User-Agent: Phone 3"), []),
        (sip(REGISTER, VIA + b", SIP/2.0/UDP x", b"CSeq: 1 REGISTER", b"User-Agent: a"), []),
        (sip(REGISTER, b"v: SIP/2.0/UDP x", b"CSeq: 1 REGISTER", b"User-Agent: b"), ["b"]),
        (sip(b"SIP/2.0 200 OK", VIA, b"CSeq: 1 REGISTER", b"Server: Box"), ["Box"]),
        (sip(b"SIP/2.0 200 OK", VIA, b"CSeq: 1 INVITE", b"Server: Box"), []),
        (sip(REGISTER, VIA, b"CSeq: 1 REGISTER"), []),
    ],
    ids=["own", "passed on", "on one line", "compact", "registrar", "of a callee", "silent"],
)
def test_who_wrote_a_message_of_sip_says_what_it_is(
    reported: Reported, message: bytes, agents: list[str]
) -> None:
    here = Endpoint(ip_address(HERE), "udp", 5060)
    report = reported([udp_frame(here, Endpoint(ip_address(THERE), "udp", 5060), message)])
    assert words(report, "sip.agent") == [(HERE, {"agent": agent}) for agent in agents]


def test_who_searches_for_upnp_devices_says_by_which_program(reported: Reported) -> None:
    search = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nST: ssdp:all\r\n"
    search += b"USER-AGENT: Browser/83 Penguin\r\n\r\n"
    group = Endpoint(ip_address("239.255.255.250"), "udp", 1900)
    report = reported([udp_frame(Endpoint(ip_address(HERE), "udp", 4000), group, search)])
    said = [sighting.traits for sighting in device(report, HERE).sightings]
    assert {"agent": "Browser/83 Penguin"} in said
