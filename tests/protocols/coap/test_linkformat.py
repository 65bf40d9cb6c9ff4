"""Link format as the standard writes it, as devices write it, and as attackers do."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.coap.linkformat import MOST_LINKS, Link, parse

# RFC 6690 section 5.
STANDARD = (
    b'</sensors>;ct=40;title="Sensor Index",</sensors/temp>;rt="temperature-c";if="sensor",'
    b'</sensors/light>;rt="light-lux core.s";if="sensor",'
    b'<http://www.example.com/sensors/t123>;anchor="/sensors/temp";rel="describedby",'
    b'</t>;anchor="/sensors/temp";rel="alternate",</big>;sz=4096;obs;ct="0 50"'
)


def test_the_example_of_the_standard_is_read() -> None:
    links = parse(STANDARD)
    assert [link.target for link in links][:3] == ["/sensors", "/sensors/temp", "/sensors/light"]
    assert links[0].title == "Sensor Index"
    assert links[2].resource_types == ("light-lux", "core.s")
    assert links[2].interfaces == ("sensor",)
    assert (links[5].size, links[5].observable) == (4096, True)
    assert not links[0].observable
    assert links[0].size is None


def test_only_resources_of_the_device_itself_have_a_path() -> None:
    links = parse(STANDARD)
    assert [link.path for link in links] == [
        "/sensors",
        "/sensors/temp",
        "/sensors/light",
        "",
        "",
        "/big",
    ]
    assert parse(b"<//other/x>,<coap://[fe80::1]/y>,<relative>") == (
        Link("//other/x"),
        Link("coap://[fe80::1]/y"),
        Link("relative"),
    )
    assert not any(link.path for link in parse(b"<//other/x>,<coap://1.2.3.4/y>,<relative>"))


@pytest.mark.parametrize(
    ("document", "links"),
    [
        (b"", ()),
        (b" \n", ()),
        (b"</a>", (Link("/a"),)),
        (b"</a> , </b>\r\n", (Link("/a"), Link("/b"))),
        (b'</a>; rt = "x y" ;obs,</b>', (Link("/a", (("rt", "x y"), ("obs", ""))), Link("/b"))),
        (
            b'</a>;title="say \\"hi\\", you; or <not>"',
            (Link("/a", (("title", 'say "hi", you; or <not>'),)),),
        ),
        (b"</a>;RT=x", (Link("/a", (("rt", "x"),)),)),
        (b"</a>;rt=x,</b", (Link("/a", (("rt", "x"),)),)),
        (b'</a>;rt="never ends,</b>', (Link("/a", (("rt", ""),)),)),
        (b"</a>\x00</b>", (Link("/a"),)),
        (b"</a>,", (Link("/a"),)),
        (b"</a\xff>", (Link("/a\udcff"),)),
    ],
)
def test_sloppy_lists_are_read_as_far_as_they_go(document: bytes, links: tuple[Link, ...]) -> None:
    assert parse(document) == links


@pytest.mark.parametrize("document", [b"hello", b'{"a": 1}', b"\x83\x01", b"<unclosed", b",</a>"])
def test_what_does_not_begin_with_a_link_is_no_list(document: bytes) -> None:
    with pytest.raises(Malformed):
        parse(document)


@pytest.mark.parametrize("word", ["", "x", "-1", "1.5", "9" * 10, "٣"])
def test_a_size_that_is_no_number_is_not_known(word: str) -> None:
    assert Link("/a", (("sz", word),)).size is None


def test_floods_are_cut() -> None:
    assert len(parse(b"</a>," * 5000)) == MOST_LINKS
    assert len(parse(b"</a>" + b";x=1" * 5000)[0].attributes) == 32


@pytest.mark.parametrize(
    "document",
    [b"</a>;t=" + b'"' * 60_000, b"<" * 60_000, b"</a>;" * 12_000, b'</a>;t="' + b"\\" * 60_000],
)
def test_no_list_takes_long(document: bytes) -> None:
    began = time.process_time()
    with suppress(Malformed):
        parse(document)
    assert time.process_time() - began < 0.5


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_links_or_malformed(data: bytes) -> None:
    try:
        links = parse(b"</a>," + data)
    except Malformed:
        return
    assert links[0].target == "/a"
