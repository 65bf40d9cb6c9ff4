"""Pictures, providers' entrances and proxies."""

from __future__ import annotations

import pytest

from iotscan.protocols.http.codec import Response, parse_response
from iotscan.protocols.http.exposed import (
    cwmp_facts,
    may_be_proxy,
    picture_facts,
    pictures,
    proxy_facts,
)

ORIGIN = "http://192.0.2.7"
HTML = "Content-Type: text/html"


def answer(status: int, body: bytes = b"", *fields: str) -> Response:
    head = "\r\n".join([f"HTTP/1.1 {status} x", *fields, f"Content-Length: {len(body)}", "", ""])
    found = parse_response(head.encode() + body)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ("/snapshot.jpg", ["/snapshot.jpg"]),
        ("video/mjpeg.cgi", ["/cam/video/mjpeg.cgi"]),
        ("http://192.0.2.7/image.jpg", ["/image.jpg"]),
        ("http://192.0.2.8/image.jpg", []),
        ("/snapshot.jpg?user=x", []),
        ("/logo.png", []),
        ("/images/header.jpg", []),
        ("/reset/snapshot.jpg", []),
    ],
)
def test_only_pictures_of_the_camera_itself_are_asked_for(resource: str, found: list[str]) -> None:
    page = answer(200, f"<html><img src='{resource}'></html>".encode(), HTML)
    assert pictures({"/cam/index.html": page}, ORIGIN) == found


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        (answer(206, b"\xff\xd8\xff\xe0"), True),
        (answer(200, b"--x", "Content-Type: multipart/x-mixed-replace; boundary=x"), True),
        (answer(200, b"<html>Login", HTML), False),
        (answer(401), False),
        (answer(404), None),
    ],
)
def test_a_picture_is_known_by_its_bytes(given: Response, opened: bool | None) -> None:
    assert picture_facts("/snapshot.jpg", given, False).get("open") is opened


@pytest.mark.parametrize(
    ("given", "port", "by"),
    [
        (answer(401, b"<html><title>401</title>", HTML), 7547, "port"),
        (answer(404), 30005, "port"),
        (answer(401, b"", 'WWW-Authenticate: Digest realm="TR-069"'), 8000, "words"),
        (answer(404, b"", "Server: tr069 http server"), 58000, "words"),
        (answer(200, b"<html><title>Router</title>", HTML), 7547, None),
        (answer(401), 80, None),
    ],
)
def test_a_providers_entrance_is_told_from_a_page(
    given: Response, port: int, by: str | None
) -> None:
    found = cwmp_facts(given, port, False)
    assert (found["by"] if found else None) == by


@pytest.mark.parametrize(
    ("own", "given", "relays"),
    [
        (400, answer(503), True),
        (400, answer(500, b"Unable to connect"), True),
        (400, answer(500, b"Oops"), False),
        (400, answer(403), False),
        (404, answer(404), False),
        (503, answer(503), False),
        (500, answer(503), False),
        (499, answer(503), True),
    ],
)
def test_a_proxy_is_told_by_having_tried(own: int, given: Response, relays: bool) -> None:
    assert proxy_facts(answer(own), given)["relays"] is relays


def test_only_servers_that_may_be_one_are_asked() -> None:
    assert may_be_proxy(answer(400))
    assert may_be_proxy(answer(200, b"", "Via: 1.1 gate (squid/5.7)"))
    assert not may_be_proxy(answer(200))
    assert not may_be_proxy(answer(401))
