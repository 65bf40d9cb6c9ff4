"""Addresses that products are known to answer at."""

from __future__ import annotations

import re

import pytest

from iotscan.protocols.http import known as http_known
from iotscan.protocols.http.codec import Response, parse_response
from iotscan.protocols.http.known import Known
from iotscan.protocols.http.page import names_a_doing

KNOWN = {known.id: known for known in http_known.catalogue()}


def answer(status: int, body: bytes = b"", *fields: str) -> Response:
    head = "\r\n".join([f"HTTP/1.1 {status} x", *fields, f"Content-Length: {len(body)}", "", ""])
    found = parse_response(head.encode() + body)
    assert found is not None
    return found


@pytest.mark.parametrize("known", KNOWN.values(), ids=lambda known: known.id)
def test_every_address_is_a_plain_path_that_does_nothing(known: Known) -> None:
    assert re.fullmatch(r"/[A-Za-z0-9_./-]*", known.path)
    assert not names_a_doing(known.path)
    assert "tasmota" not in f"{known.id} {known.product} {known.when}".lower()
    assert known.kind in ("api", "admin", "setup", "config", "about")
    for page in (b"", b"<html><title>Sign in</title></html>", b'{"error": "unauthorized"}'):
        assert http_known.facts_of(known, answer(200, page), False).get("open") is not True
    assert http_known.facts_of(known, answer(401), False)["open"] is False
    assert "open" not in http_known.facts_of(known, answer(404), False)


def test_an_answer_is_judged_by_what_it_says() -> None:
    shelly = KNOWN["shelly"]
    said = b'{"type":"SHSW-1","auth":%s,"fw":"v1.14"}'
    found = http_known.facts_of(shelly, answer(200, said % b"false"), False)
    assert (found["open"], found["model"], found["firmware"]) == (True, "SHSW-1", "v1.14")
    assert http_known.facts_of(shelly, answer(200, said % b"true"), False)["open"] is False
    assert "open" not in http_known.facts_of(shelly, answer(200, b'{"type":"x"}'), False)


@pytest.mark.parametrize(
    ("body", "opened"),
    [(b"\x01\x01\x00\x01dbgarea\x00", True), (b"<html>Not found", None), (b"\x01\x01", None)],
)
def test_a_file_of_settings_is_known_by_its_first_bytes(body: bytes, opened: bool | None) -> None:
    known = KNOWN["zynos-rom"]
    assert known.first_bytes_only
    assert http_known.facts_of(known, answer(206, body), False).get("open") is opened


@pytest.mark.parametrize(
    ("page", "port", "found"),
    [
        (answer(200, b"<title>Shelly Plug S</title>"), 80, ["shelly"]),
        (answer(404, b"", "Server: RomPager/4.07"), 80, ["zynos-rom"]),
        (answer(401, b"", 'WWW-Authenticate: Basic realm="WLED"'), 80, ["wled"]),
        (answer(404), 8001, ["samsung-tv"]),
        (answer(404), 8002, []),
        (answer(200, b"<title>Login</title>"), 80, []),
    ],
)
def test_only_what_the_server_said_calls_for_an_address(
    page: Response, port: int, found: list[str]
) -> None:
    assert [known.id for known in http_known.suiting({"/": page}, port)] == found


def test_a_page_that_names_everything_is_not_asked_for_everything() -> None:
    page = answer(200, " ".join(known.product for known in KNOWN.values()).encode())
    assert len(http_known.suiting({"/": page}, 80)) == http_known.MOST
