"""AirPlay: descriptions and announcements of receivers that let in everybody, or not."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.makers import airplay

INFO = {
    "deviceID": "AA:BB:CC:DD:EE:FF",
    "features": 0x1E5A7FFFF7,
    "model": "AppleTV6,2",
    "name": "Den",
    "sourceVersion": "366.0",
    "statusFlags": 4,
    "pk": bytes(32),
}


@pytest.mark.parametrize("form", [plistlib.FMT_BINARY, plistlib.FMT_XML])
@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (0x4, {"open": True, "password": False, "pin": False, "pairing": False}),
        (0x84, {"open": False, "password": True, "pin": False, "pairing": False}),
        (0xC, {"open": False, "password": False, "pin": True, "pairing": False}),
        (0x244, {"open": False, "password": False, "pin": False, "pairing": True}),
    ],
)
def test_a_description_tells_who_may_play(form: Any, flags: int, told: dict[str, bool]) -> None:
    body = plistlib.dumps(INFO | {"statusFlags": flags}, fmt=form)
    found = airplay.facts_of(airplay.parse_info(body), "its description")
    assert found == told | {
        "via": "its description", "configured": True, "model": "AppleTV6,2", "name": "Den",
    }  # fmt: skip


def test_a_description_without_flags_is_not_judged() -> None:
    told = {key: value for key, value in INFO.items() if key != "statusFlags"}
    found = airplay.facts_of(airplay.parse_info(plistlib.dumps(told)), "x")
    assert not found.keys() & {"open", "password", "pin", "pairing", "configured"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"bplist00" + bytes(40),
        b"bplist00" + b"\xff" * 40,
        plistlib.dumps(["no", "dictionary"]),
        plistlib.dumps({"other": 1}),
        b"<?xml version='1.0'?><plist><dict><key>a</key></dict>",
        b'<!DOCTYPE p [<!ENTITY a "aaaa">]><plist><dict><key>features</key><string>&a;</string>'
        b"</dict></plist>",
        b"<plist>" + b"<array>" * 5000,
        plistlib.dumps(INFO) + b" " * airplay.LARGEST,
    ],
)
def test_what_is_no_description_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        airplay.parse_info(body)


def test_a_list_that_is_in_itself_is_refused() -> None:
    """An array whose only item is the array: the reader must not follow it for ever."""
    table = b"\xa1\x00"
    trailer = bytes(6) + b"\x01\x01" + b"".join(n.to_bytes(8, "big") for n in (1, 0, 10))
    with pytest.raises(Malformed):
        airplay.parse_info(b"bplist00" + table + b"\x08" + trailer)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ({"flags": b"0x4", "acl": b"0"}, {"open": True, "password": False}),
        ({"sf": b"0x4", "pw": b"false"}, {"open": True, "password": False}),
        ({"flags": b"0x4", "pw": b"true"}, {"open": False, "password": True}),
        ({"flags": b"0x4", "pw": b"1"}, {"open": False, "password": True}),
        ({"flags": b"0x244"}, {"open": False, "pairing": True}),
        ({"flags": b"0x8"}, {"open": False, "pin": True}),
        ({"flags": b"0x2"}, {"open": True, "configured": False}),
        ({"flags": b"0x4", "act": b"2"}, {"open": None, "password": False}),
        ({"pw": b"true"}, {"open": None, "password": True}),
        ({"flags": b"yes"}, {"open": None, "password": None}),
        ({"flags": b"-0x4"}, {"open": None, "pin": None}),
        ({"flags": None}, {"open": None}),
        ({}, {"open": None}),
    ],
)
def test_an_announcement_tells_who_may_play(
    text: dict[str, bytes | None], told: dict[str, bool | None]
) -> None:
    found = airplay.facts_of(airplay.parse_announcement(text), "mdns")
    assert {word: found.get(word) for word in told} == told


@given(st.binary(max_size=120))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    for body in (data, b"bplist00" + data, b"<plist>" + data):
        try:
            airplay.parse_info(body)
        except Malformed:
            continue


@given(st.dictionaries(st.sampled_from(["flags", "sf", "pw", "acl", "act"]), st.binary(max_size=9)))
def test_announcements_never_raise(text: dict[str, bytes | None]) -> None:
    airplay.facts_of(airplay.parse_announcement(text), "mdns")
