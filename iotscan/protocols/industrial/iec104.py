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


@dataclass(frozen=True, slots=True)
class Frame:
    """One APDU. ``control`` of an unnumbered frame, else 0; ``type`` of an ASDU, else 0."""

    control: int = 0
    type: int = 0


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
    return Frame(0, kind), 2 + length


def asks(frame: Frame) -> bool | None:
    """Whether the controlling station says this; None when both do."""
    if frame.control in (START_ACT, STOP_ACT):
        return True
    if frame.control in (START_CON, STOP_CON) or frame.type in MONITORED:
        return False
    return None
