"""The map: every device once, nothing on top of another, nothing outside, words that fit."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from types import ModuleType

import pytest
from rich.cells import cell_len

from iotscan.assess.devicekinds import KINDS
from iotscan.model import Device, Identity
from iotscan.report.digest import DeviceView, device_views
from iotscan.report.html import symbols
from iotscan.report.html.netmap import draw

KIND_NAMES = ("camera", "router", "building controller", "", "plug", "hub", "tv")


def views(number: int, kinds: tuple[str, ...] = KIND_NAMES) -> list[DeviceView]:
    return [
        DeviceView(
            Device(
                f"d{i}",
                (ip_address(f"10.0.{i >> 8}.{i & 255}"),),
                names=("Küche 名前" * (i % 4),) if i % 4 else (),
                identity=Identity(kind=kinds[(i * 3 + i // 5) % len(kinds)]),
            ),
            (),
            (),
            (),
        )
        for i in range(number)
    ]


@pytest.mark.parametrize("width", [360, 960])
@pytest.mark.parametrize("number", [0, 1, 3, 15, 60, 61, 300, 401, 1000])
def test_tiles_lie_apart_and_inside(number: int, width: int) -> None:
    drawn = draw(views(number), width)
    tiles = [tile for frame in drawn.frames for tile in frame.tiles]
    assert sorted(tile.number for tile in tiles) == list(range(1, number + 1))
    for frame in drawn.frames:
        assert frame.x >= 0
        assert frame.x + frame.width <= width
        assert frame.y + frame.height <= drawn.height
        for tile in frame.tiles:
            assert frame.x < tile.x
            assert tile.x + tile.width < frame.x + frame.width
            assert frame.y < tile.y
            assert tile.y + drawn.size.height < frame.y + frame.height
    boxes = [(f.x, f.y, f.x + f.width, f.y + f.height) for f in drawn.frames]
    for i, (left, top, right, bottom) in enumerate(boxes):
        for x, y, x2, y2 in boxes[:i]:
            assert right <= x or x2 <= left or bottom <= y or y2 <= top
    spots = {(tile.x, tile.y) for tile in tiles}
    assert len(spots) == number


@pytest.mark.parametrize("width", [360, 960])
@pytest.mark.parametrize("number", [15, 300])
def test_words_fit_their_tiles(number: int, width: int) -> None:
    drawn = draw(views(number), width)
    margin = 46 if drawn.size.name == "card" else 4
    for frame in drawn.frames:
        for tile in frame.tiles:
            assert cell_len(tile.place) * 6.7 <= tile.width - margin
            if drawn.size.name == "card":
                assert cell_len(tile.label) * 6.7 <= tile.width - margin


def test_few_show_names_and_many_the_end_of_their_address() -> None:
    few = draw(views(3, ("camera",)), 960).frames[0].tiles
    assert [tile.label for tile in few][:2] == ["camera", "Küche 名前"]
    assert [tile.place for tile in few][:2] == ["10.0.0.0", "10.0.0.1"]
    (nameless,) = draw(views(1, ("",)), 960).frames[0].tiles
    assert (nameless.label, nameless.place) == ("10.0.0.0", "no name known")
    near = draw(views(200, ("camera",)), 960).frames[0].tiles
    assert near[7].place == ".7"
    far = draw(views(300, ("camera",)), 960).frames[0].tiles
    assert far[299].place == ".1.43"


def test_the_networks_own_devices_stand_first() -> None:
    titles = [frame.title for frame in draw(views(70), 960).frames]
    assert titles[0].startswith("router")
    assert any(title.startswith("not identified") for title in titles)


def test_devices_are_numbered_by_need(samples: ModuleType) -> None:
    found = device_views(samples.home())
    tiles = {t.number: t for f in draw(found, 960).frames for t in f.tiles}
    assert [tiles[i].view for i in sorted(tiles)] == list(found)


def test_device_without_an_address_has_its_place() -> None:
    (frame,) = draw([replace(views(1)[0], device=Device("only-a-name", ()))], 960).frames
    assert frame.tiles[0].label == "Device at only-a-name"


def test_every_kind_of_device_has_a_drawing() -> None:
    assert sorted(kind for kind in KINDS if symbols.drawing(kind) == "unknown") == []
    assert {symbols.drawing(kind) for kind in KINDS} <= set(symbols.DRAWINGS)
