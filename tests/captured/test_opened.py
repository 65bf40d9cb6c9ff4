"""Which services of a capture answered an opening, and which were overheard in the middle."""

from __future__ import annotations

import io
from ipaddress import ip_address

from conversing import CLIENT, SERVER, reported, tcp, udp

from iotscan.capture.making import ACK, RST, SYN, Connection
from iotscan.model import Endpoint, Fact, Report
from iotscan.report.tables import rows, write

PAGE = (("c", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("s", "HTTP/1.1 200 OK\r\n\r\n"))
ASKED, TOLD = b"\0\1a\0octet\0", b"\0\5\0\1no such file\0"


def knock(port: int, flags: int) -> list[bytes]:
    """An opening, and an answer with these flags."""
    here = Endpoint(ip_address(CLIENT), "tcp", 40_001)
    talk = Connection(here, Endpoint(ip_address(SERVER), "tcp", port))
    return [talk.segment(True, SYN), talk.segment(False, flags)]


def services(found: Report) -> dict[int, bool | None]:
    """Port → whether it was opened."""
    return {one.endpoint.port: one.opened for device in found.devices for one in device.services}


def test_a_port_that_answered_an_opening_and_said_nothing_is_a_service() -> None:
    assert services(reported(knock(9000, SYN | ACK))) == {9000: True}


def test_a_port_that_refused_is_none() -> None:
    assert services(reported(knock(9000, RST | ACK))) == {}


def test_services_in_the_middle_of_a_connection_were_overheard() -> None:
    assert services(reported(tcp(8080, *PAGE))) == {8080: True}
    assert services(reported(tcp(8080, *PAGE, late=True))) == {8080: False}


def test_an_opening_counts_whenever_it_was() -> None:
    early, late = tcp(8080, *PAGE, late=True), knock(8080, SYN | ACK)
    assert services(reported(early + late)) == {8080: True}
    assert services(reported(early, late)) == {8080: True}
    assert services(reported(late, early)) == {8080: True}
    assert services(reported(early, early)) == {8080: False}


def test_datagrams_open_nothing() -> None:
    assert services(reported(udp(69, ("c", ASKED), ("s", TOLD)))) == {69: None}


def told(found: Report) -> list[Fact | None]:
    return [
        seen.facts.get("opened") for seen in found.observations if seen.kind == "capture.contact"
    ]


def test_contacts_say_whether_they_were_opened() -> None:
    assert told(reported(tcp(8080, *PAGE))) == [True]
    assert told(reported(tcp(8080, *PAGE, late=True))) == [False]
    assert told(reported(udp(69, ("c", ASKED), ("s", TOLD)))) == [None]


def test_tables_of_services_tell_it() -> None:
    found = reported(tcp(8080, *PAGE, late=True))
    ((port, opened),) = [(row["port"], row["opened"]) for row in rows(found, "services")]
    assert (port, opened) == (8080, False)
    out = io.StringIO()
    write(found, "services", "csv", out)
    assert out.getvalue().splitlines()[0].endswith(",opened")
