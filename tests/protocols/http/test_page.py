"""Pages of devices, as they are and as they should be. Covers iotscan.protocols.http.murmur too."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.protocols.http.murmur import murmur3_32
from iotscan.protocols.http.page import local_path, read_page, split_address

LOGIN = b"""<!DOCTYPE html><html><head><title>IP Camera &amp; Co</title>
<link rel="stylesheet" href="css/a.css"><script src="/js/jquery.js"></script></head>
<body><form method=POST action="/login.cgi"><input name=user><input name=pw type="password">
<input type=hidden name=t value=1></form></body>"""


def test_a_login_page() -> None:
    page = read_page(LOGIN)
    assert page.title == "IP Camera & Co"
    (form,) = page.forms
    assert (form.action, form.method, form.passwords) == ("/login.cgi", "post", 1)
    assert form.fields == ("user", "pw", "t")
    assert page.asks_for_password
    assert page.resources == ("css/a.css", "/js/jquery.js")
    assert not page.settings


def test_a_form_that_a_script_writes_is_seen() -> None:
    page = read_page(b"<script>document.write('<input type=\\'password\\' id=p>')</script>")
    assert page.loose_passwords == 1


@pytest.mark.parametrize(
    "body",
    [
        b'<meta http-equiv="Refresh" content="0; URL=/web/index.html">',
        b"<meta http-equiv=refresh content=\"0;url='/web/index.html'\">",
        b'<script>window.location.href = "/web/index.html";</script>',
        b"<script>top.location.replace('/web/index.html')</script>",
    ],
)
def test_where_a_page_sends_the_browser(body: bytes) -> None:
    assert read_page(body).refresh == "/web/index.html"


def test_words_of_administration_count_once_and_only_where_they_are_shown() -> None:
    body = b"<a>Wi-Fi</a> <button>Reboot</button><h2>Firmware</h2><a>reboot</a>"
    assert read_page(body).settings == ("firmware", "reboot", "wi-fi")
    assert read_page(b"<!-- reboot --><p class='firmware'>hello</p>").settings == ()


def test_an_open_setup_wizard() -> None:
    assert read_page(b"<h1>Setup Wizard</h1>").setup
    assert read_page(b"<title>Create your admin account</title>").setup
    assert not read_page(b"<h1>Welcome</h1>").setup


@pytest.mark.parametrize(
    "body",
    [
        b"<html><title>Index of /img/</title><a href=a>a</a>",
        b"<h1>Directory listing for /</h1>",
        b'<A HREF="/">[To Parent Directory]</A>',
    ],
)
def test_directory_listings(body: bytes) -> None:
    assert read_page(body).listing
    assert not read_page(b"<title>Index of refraction</title>").listing


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/login.html", "/login.html"),
        ("login.html", "/web/login.html"),
        ("http://192.0.2.1:8080/x", "/x"),
        ("HTTP://192.0.2.1:8080", "/"),
        ("http://192.0.2.1/x", None),
        ("https://192.0.2.1:8080/x", None),
        ("//evil.example/x", None),
        ("/cgi?do=reboot", None),
        ("../../etc/passwd", None),
        ("javascript:alert(1)", None),
        ("/a b", None),
        ("http://[", None),
        ("http://192.0.2.1:99999999/", None),
        ("", "/web/"),
    ],
)
def test_only_plain_paths_on_the_same_server_are_followed(address: str, path: str | None) -> None:
    found = local_path(address, "http://192.0.2.1:8080", "/web/index.html")
    assert found == path or (address == "" and found == "/")


def test_addresses_that_are_none() -> None:
    assert split_address("http://[") is None


@given(st.binary(max_size=400))
def test_garbage_is_read_without_failing(body: bytes) -> None:
    page = read_page(b"<html>" + body)
    assert page.asks_for_password in (True, False)


@pytest.mark.parametrize(
    "body",
    [b"<a " * 50_000, b"<" * 150_000, b"<title>" * 20_000, b"location=" * 15_000, b"=\"'" * 50_000,
     b"<input type=\"" * 12_000, b">a" * 70_000, b"<a " + b"x=" * 70_000],
)  # fmt: skip
def test_a_page_made_to_be_slow_is_not(body: bytes) -> None:
    """In processor time, and with room for a slow machine: a quadratic reader takes minutes."""
    began = time.process_time()
    read_page(body)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("data", "seed", "number"),
    [
        # The published test vectors of the reference implementation.
        (b"", 0, 0),
        (b"", 1, 0x514E28B7),
        (b"test", 0, 0xBA6BD213 - (1 << 32)),
        (b"Hello, world!", 0x9747B28C, 0x24884CBA),
        (b"aaaa", 0x9747B28C, 0x5A97808A),
        (b"aaa", 0x9747B28C, 0x283E0130),
        (b"aa", 0x9747B28C, 0x5D211726),
        (b"a", 0x9747B28C, 0x7FA09EA6),
    ],
)
def test_murmur(data: bytes, seed: int, number: int) -> None:
    assert murmur3_32(data, seed) == number
