"""The map of the network: where each device is drawn. Pure geometry; the template does the drawing.

Devices stand in a frame for each kind, frames on shelves, all hanging on one line: that they share
a network is known, how they are wired is not. Tiles get smaller as devices get more, so that names
stay legible for a few and states for hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.cells import cell_len, chop_cells

from iotscan.report.digest import DeviceView
from iotscan.report.words import device_name, safe

_FIRST = ("router", "access point", "network switch", "powerline adapter")
_SPINE, _LEFT, _GAP, _PAD, _HEAD, _TOP = 14, 34, 10, 8, 24, 58
# A letter of the text on a tile, and of the title of a frame, in pixels.
_LETTER, _TITLE_LETTER = 6.7, 7.4
# No frame is stretched further than this to fill its shelf.
_STRETCH = 2.0
_NARROW = 600


@dataclass(frozen=True, slots=True)
class Size:
    """How large tiles are: a ``card`` shows name and place, a ``chip`` a place, a ``dot`` none."""

    name: str
    width: float
    height: float


CARD, SMALL_CARD = Size("card", 152, 52), Size("card", 130, 52)
CHIP, DOT = Size("chip", 60, 54), Size("dot", 30, 30)


@dataclass(frozen=True, slots=True)
class Tile:
    """One device: the upper left corner, its words as far as they fit, and the number it has."""

    x: float
    y: float
    width: float
    view: DeviceView
    number: int
    label: str
    place: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The devices of one kind."""

    x: float
    y: float
    width: float
    height: float
    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing of ``width`` by ``height`` pixels; ``lines`` are SVG path data."""

    width: float
    height: float
    size: Size
    frames: tuple[Frame, ...]
    lines: str


@dataclass(slots=True)
class _Group:
    """A frame before its place is known."""

    kind: str
    members: list[tuple[int, DeviceView]]
    columns: int
    width: float

    @property
    def rows(self) -> int:
        return -(-len(self.members) // self.columns)


def draw(views: Sequence[DeviceView], width: float) -> Map:
    """Where everything goes on a page so many pixels wide. Devices are numbered from 1 as given."""
    size = CARD if len(views) <= 60 else CHIP if len(views) <= 400 else DOT
    if size is CARD and width < _NARROW:
        size = SMALL_CARD
    shelves = _shelves(_groups(views, size, width), width - _LEFT - 1)
    shared = _shared(views)
    frames: list[Frame] = []
    lines: list[str] = []
    y = float(_TOP)
    for shelf in shelves:
        height = _HEAD + shelf[0].rows * (size.height + _GAP) - _GAP + _PAD
        placed = _placed(shelf, size, y, width, shared)
        lines += _lines(placed, y + min(height / 2, 50.0))
        frames += placed
        y += height + _GAP * 1.6
    end = f"M{_SPINE} 34V{frames[-1].y + min(frames[-1].height / 2, 50.0) - 8:g}" if frames else ""
    return Map(width, y if frames else _TOP, size, tuple(frames), end + "".join(lines))


def _groups(views: Sequence[DeviceView], size: Size, width: float) -> list[_Group]:
    """A group for each kind: the network's own devices first, then by need of attention."""
    numbered = list(enumerate(views, 1))
    order = {kind: place for place, kind in enumerate(_FIRST)}
    need: dict[str, int] = {}
    for number, view in numbered:
        need.setdefault(view.device.identity.kind, number)
    numbered.sort(key=lambda pair: _rank(pair[1].device.identity.kind, order, need))
    most = int((width - _LEFT - 2 * _PAD + _GAP) // (size.width + _GAP))
    groups = []
    for kind, members in groupby(numbered, key=lambda pair: pair[1].device.identity.kind):
        found = list(members)
        columns = min(len(found), most)
        wide = columns * (size.width + _GAP) - _GAP + 2 * _PAD
        title = cell_len(_title(kind, len(found))) * _TITLE_LETTER + 2 * _PAD
        groups.append(_Group(kind, found, columns, max(wide, title)))
    return groups


def _rank(kind: str, order: dict[str, int], need: dict[str, int]) -> tuple[int, int, int]:
    return (not kind, order.get(kind, len(order)), need[kind])


def _shelves(groups: Sequence[_Group], width: float) -> list[list[_Group]]:
    """First shelf with room, of frames as high as this one."""
    shelves: list[list[_Group]] = []
    for group in groups:
        for shelf in shelves:
            used = sum(other.width + _GAP for other in shelf)
            if shelf[0].rows == group.rows and used + group.width <= width:
                shelf.append(group)
                break
        else:
            shelves.append([group])
    return shelves


def _placed(
    shelf: Sequence[_Group], size: Size, y: float, width: float, shared: int
) -> list[Frame]:
    # A pixel is left for the line around the last frame.
    room = width - _LEFT - 1 - _GAP * (len(shelf) - 1)
    stretch = min(room / sum(group.width for group in shelf), _STRETCH)
    frames = []
    x = float(_LEFT)
    for group in shelf:
        wide = round(group.width * stretch, 1)
        height = _HEAD + group.rows * (size.height + _GAP) - _GAP + _PAD
        tiles = tuple(_tiles(group, size, x, y, wide, shared))
        title = _title(group.kind, len(group.members))
        frames.append(Frame(x, y, wide, height, title, tiles))
        x = round(x + wide + _GAP, 1)
    return frames


def _tiles(
    group: _Group, size: Size, x: float, y: float, width: float, shared: int
) -> Iterator[Tile]:
    step = (width - 2 * _PAD + _GAP) / group.columns
    for index, (number, view) in enumerate(group.members):
        row, column = divmod(index, group.columns)
        wide = step - _GAP
        label, place = _words(view, size, shared)
        room = int((wide - (56 if size.name == "card" else 4)) / _LETTER)
        yield Tile(
            x=round(x + _PAD + column * step, 1),
            y=y + _HEAD + row * (size.height + _GAP),
            width=round(wide, 1),
            view=view,
            number=number,
            label=_cut(label, room),
            place=_cut(place, room),
        )


def _lines(frames: Sequence[Frame], y: float) -> Iterator[str]:
    """From the spine round a corner into the first frame, and on from frame to frame."""
    yield f"M{_SPINE} {y - 8:g}q0 8 8 8H{frames[0].x:g}"
    for left, right in pairwise(frames):
        yield f"M{left.x + left.width:g} {y:g}H{right.x:g}"


def _title(kind: str, number: int) -> str:
    return (
        f"{safe(kind, 30) or 'not identified'} · {number}"
        if number > 1
        else (safe(kind, 30) or "not identified")
    )


def _words(view: DeviceView, size: Size, shared: int) -> tuple[str, str]:
    """What stands on a tile, in one line and another. A device without a name is told by its
    address; where there is no room for all of it, by what follows ``shared`` letters.
    """
    name = device_name(view.device)
    address = str(view.device.addresses[0]) if view.device.addresses else ""
    if size.name != "card":
        return name, address[shared:]
    return (address, "no name known") if address and address in name else (name, address)


def _shared(views: Sequence[DeviceView]) -> int:
    """How many letters all addresses begin with, up to a dot or colon and without it."""
    addresses = [str(view.device.addresses[0]) for view in views if view.device.addresses]
    if len(addresses) < 2:
        return 0
    first, last = min(addresses), max(addresses)
    pairs = enumerate(zip(first, last, strict=False))
    common = first[: next((i for i, (a, b) in pairs if a != b), len(first))]
    return max(common.rfind("."), common.rfind(":"), 0)


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    return f"{next(iter(chop_cells(text, max(room - 1, 1))), '').rstrip()}…"
