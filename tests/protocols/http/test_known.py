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
    # Plugs that plain questions have harmed: their start page is judged, nothing else asked for.
    if "tasmota" in f"{known.id} {known.product} {known.when}".lower():
        assert known.path == "/"
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


def test_a_router_tells_its_model_over_tr064() -> None:
    said = (
        b"<root><systemVersion><Display>154.07.29</Display></systemVersion><device><deviceType>"
        b"urn:dslforum-org:device:InternetGatewayDevice:1</deviceType>"
        b"<modelName>FRITZ!Box 7590</modelName></device></root>"
    )
    found = http_known.facts_of(KNOWN["tr064"], answer(200, said), False)
    assert (found["open"], found["model"]) == (True, "FRITZ!Box 7590")
    assert found["firmware"] == "154.07.29"


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
        (answer(404), 8060, ["roku-ecp"]),
        (answer(404), 8008, ["cast-info"]),
        (answer(404), 49000, ["tr064"]),
        (answer(200, b"hue personal wireless"), 80, ["hue-config", "hue-keys", "hue-setup"]),
        (answer(200, b"", "Server: Linux UPnP/1.0 Sonos/70.3"), 1400, ["sonos", "sonos-status"]),
        (answer(200, b"<title>Login</title>"), 80, []),
    ],
)
def test_only_what_the_server_said_calls_for_an_address(
    page: Response, port: int, found: list[str]
) -> None:
    called = http_known.suiting({"/": page}, port).values()
    assert [known.id for path in called for known in path] == found


def test_a_page_that_names_everything_is_not_asked_for_everything() -> None:
    page = answer(200, " ".join(known.product for known in KNOWN.values()).encode())
    assert len(http_known.suiting({"/": page}, 80)) == http_known.MOST


TASMOTA = (
    b"<title>%s - Main Menu</title><div id=l1 name=l1></div>"
    b"<form id=but3d style='display:block;' action='%s' method='get'><button>x</button></form>"
    b"<div><a href='https://bit.ly/tasmota'>Tasmota 12.4.0 (tasmota) by Theo Arends</a></div>"
)
ROKU = (
    b"<device-info><serial-number>YH00AA001</serial-number><wifi-mac>b0:a7:37:00:02:06</wifi-mac>"
    b"<model-name>Roku Ultra</model-name><software-version>14.1.4</software-version>%s"
)
ROKU_MODE = b"<ecp-setting-mode>%s</ecp-setting-mode>"
HUE = (
    b'{"name":"Hue","swversion":"1967054020","apiversion":"1.67.0","mac":"ec:b5:fa:00:02:0c",'
    b'"bridgeid":"ECB5FAFFFE00020C","factorynew":%s,"modelid":"BSB002"%s}'
)


@pytest.mark.parametrize(
    ("name", "page", "opened"),
    [
        ("tasmota", TASMOTA % (b"Tasmota", b"cn"), True),
        ("tasmota", TASMOTA % (b"Tasmota", b"in"), None),
        ("roku-ecp", ROKU % (ROKU_MODE % b"enabled"), True),
        ("roku-ecp", ROKU % (ROKU_MODE % b"permissive"), True),
        ("roku-ecp", ROKU % (ROKU_MODE % b"limited"), False),
        ("roku-ecp", ROKU % b"", None),
        ("hue-keys", HUE % (b"false", b""), False),
        ("hue-keys", HUE % (b"false", b',"whitelist":{"0a1b":{"name":"x"}}'), True),
        ("hue-keys", HUE % (b"false", b',"linkbutton":true'), True),
        ("hue-keys", HUE % (b"false", b',"linkbutton":false'), None),
        ("hue-keys", b"{}", None),
        ("hue-setup", HUE % (b"true", b""), True),
        ("hue-setup", HUE % (b"false", b""), False),
        ("sonos-status", b"<ZPSupportInfo><ZPInfo><SerialNumber>A</SerialNumber></ZPInfo>", True),
        ("cast-info", b'{"cast_build_revision":"1.56.330094","name":"Den"}', True),
    ],
)
def test_what_products_of_the_home_answer_is_judged(
    name: str, page: bytes, opened: bool | None
) -> None:
    assert http_known.facts_of(KNOWN[name], answer(200, page), False).get("open") is opened


def test_a_product_is_named_only_where_its_own_words_came() -> None:
    roku = KNOWN["roku-ecp"]
    assert http_known.facts_of(roku, answer(200, ROKU % b""), False)["product"] == "Roku"
    for other in (answer(200, b"<html>"), answer(401), answer(403, b"no"), answer(404)):
        assert "product" not in http_known.facts_of(roku, other, False)


@pytest.mark.parametrize(
    ("name", "page", "given"),
    [
        ("roku-ecp", ROKU % b"", (True, True)),
        ("hue-config", HUE % (b"false", b""), (False, True)),
        ("shelly", b'{"type":"SHPLG-S","mac":"A4CF12000161","auth":true}', (False, True)),
        ("cast-info", b'{"cast_build_revision":"1.56.330094"}', (False, False)),
    ],
)
def test_fixed_numbers_in_answers_are_told(
    name: str, page: bytes, given: tuple[bool, bool]
) -> None:
    found = http_known.identifiers_of(KNOWN[name], answer(200, page))
    assert found is not None
    assert (found["serial"], found["mac"]) == given
    assert http_known.identifiers_of(KNOWN[name], answer(200, b"b0:a7:37:00:02:06")) is None
