"""IEC 60870-5-104: frames of the control protocol of substations, bytes to dataclasses.

Source: IEC 60870-5-104:2006 clause 5 (APCI: start byte, length, control fields, start and stop of
transfer, test frames) and clause 6 (type identifications), IEC 60870-5-101 clause 7 (ASDU header).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT, SECURE_PORT = 2404, 19998
START = 0x68
# What can stand at each of the first places of a frame: the start byte, a length.
BEGINS = (bytes([START]), bytes(range(4, 254)))
# Control fields of unnumbered frames.
START_ACT, START_CON = 0x07, 0x0B
STOP_ACT, STOP_CON = 0x13, 0x23
TEST_ACT, TEST_CON = 0x43, 0x83
UNNUMBERED: Mapping[int, str] = {
    START_ACT: "STARTDT act",
    START_CON: "STARTDT con",
    STOP_ACT: "STOPDT act",
    STOP_CON: "STOPDT con",
    TEST_ACT: "TESTFR act",
    TEST_CON: "TESTFR con",
}
TEST = bytes([START, 4, TEST_ACT, 0, 0, 0])
# Type identifications: what a controlled station reports, and what it is told to do.
MONITORED = frozenset({*range(1, 41), 70})
COMMANDS = frozenset({*range(45, 52), *range(58, 65)})
_SYSTEM = frozenset({*range(100, 108), *range(110, 114), *range(120, 128)})
# Of each act, what confirms it.
CONFIRMS: Mapping[int, int] = {START_ACT: START_CON, STOP_ACT: STOP_CON, TEST_ACT: TEST_CON}
# Bytes of one information object behind its address, by type identification: clause 8 and
# IEC 60870-5-101 clause 7.3. Segments of files are as long as they say.
_ELEMENTS: Mapping[int, int] = {
    1: 1, 2: 4, 3: 1, 4: 4, 5: 2, 6: 5, 7: 5, 8: 8, 9: 3, 10: 6, 11: 3, 12: 6, 13: 5, 14: 8, 15: 5,
    16: 8, 17: 6, 18: 7, 19: 7, 20: 5, 21: 2, 30: 8, 31: 8, 32: 9, 33: 12, 34: 10, 35: 10, 36: 12,
    37: 12, 38: 10, 39: 11, 40: 11, 45: 1, 46: 1, 47: 1, 48: 3, 49: 3, 50: 5, 51: 4, 58: 8, 59: 8,
    60: 8, 61: 10, 62: 10, 63: 12, 64: 11, 70: 1, 100: 1, 101: 1, 102: 0, 103: 7, 104: 2, 105: 1,
    106: 2, 107: 9, 110: 3, 111: 3, 112: 5, 113: 1, 120: 6, 121: 7, 122: 4, 123: 5, 124: 4, 126: 13,
    127: 16,
}  # fmt: skip
# The control fields, the head of an ASDU, the address of an object.
_CONTROL, _HEAD, _ADDRESS = 4, 6, 3
_NUMBERS = 1 << 15


@dataclass(frozen=True, slots=True)
class Frame:
    """One APDU. ``control`` of an unnumbered frame, else 0; ``type`` of an ASDU, else 0.

    ``number``: of an information frame, which its sender counts. ``fits``: whether it is as long as
    its type and the number of its objects make it, None where these do not tell.
    """

    control: int = 0
    type: int = 0
    number: int | None = None
    fits: bool | None = None


def decode(data: bytes) -> tuple[Frame, int] | None:
    """The first APDU and its length, None while it is not complete. Raises Malformed."""
    if data and data[0] != START:
        raise Malformed("an APDU begins with 68")
    if len(data) < 6:
        return None
    length, control = data[1], data[2]
    if not 4 <= length <= 253:
        raise Malformed("no APDU is of this length")
    if control & 3 == 3:
        if length != 4 or control not in UNNUMBERED or any(data[3:6]):
            raise Malformed("no such unnumbered frame")
        return Frame(control), 6
    if control & 3 == 1:
        if length != 4 or control != 1 or data[3] or data[4] & 1:
            raise Malformed("no such supervisory frame")
        return Frame(), 6
    if length < 12 or data[4] & 1:
        raise Malformed("an information frame carries an ASDU")
    if len(data) < 2 + length:
        return None
    kind, objects, cause = data[6], data[7] & 0x7F, data[8] & 0x3F
    if kind not in MONITORED | COMMANDS | _SYSTEM or not objects or not 1 <= cause <= 47:
        raise Malformed("no such ASDU")
    number = int.from_bytes(data[2:4], "little") >> 1
    usual = _length(kind, data[7])
    fits = None if usual is None else length == usual
    return Frame(0, kind, number, fits), 2 + length


def _length(kind: int, structure: int) -> int | None:
    """Of an APDU with such an ASDU; None where its type does not tell. ``structure``: how many
    objects, and whether only the first one has an address (clause 7.2.2 of IEC 60870-5-101).
    """
    element, objects = _ELEMENTS.get(kind), structure & 0x7F
    if element is None:
        return None
    addresses = 1 if structure & 0x80 else objects
    return _CONTROL + _HEAD + addresses * _ADDRESS + objects * element


def follows(number: int, before: int) -> bool:
    """Whether these are numbers of two information frames in a row."""
    return number == (before + 1) % _NUMBERS


def asks(frame: Frame) -> bool | None:
    """Whether the controlling station says this; None when both do."""
    if frame.control in (START_ACT, STOP_ACT):
        return True
    if frame.control in (START_CON, STOP_CON) or frame.type in MONITORED:
        return False
    return None
