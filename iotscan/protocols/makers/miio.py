"""miIO, by which Xiaomi's phones speak with devices of many makers: the hello and its answer.

A header of 32 bytes, big-endian: 21 31, the length, four bytes of zeroes, the unit's number, its
clock, and 16 bytes that are the checksum of an encrypted message; in the answer to a hello they
are the device's key, which it hides once it has been set up. Published by the OpenMiHome project.
"""

from __future__ import annotations

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice

PORT = 54321
NAME = "miIO"
_MAGIC = bytes.fromhex("2131")
SIZE = 32
QUESTION = _MAGIC + SIZE.to_bytes(2, "big") + b"\xff" * 28
# What stands in place of a key that is not shown.
_HIDDEN = (b"\xff" * 16, bytes(16))


def read_hello(data: bytes) -> LanDevice:
    """What the answer to a hello says; the key itself is left out. Raises Malformed.

    A device that shows its key is open, because the key is all that its orders need.
    """
    if len(data) != SIZE or data[:2] != _MAGIC or int.from_bytes(data[2:4], "big") != SIZE:
        raise Malformed("no hello of miIO")
    if data[4:8] != bytes(4) or data[8:12] in (b"\xff" * 4, bytes(4)):
        raise Malformed("a question, or a message without a device")
    shown = data[16:] not in _HIDDEN
    return LanDevice(
        NAME,
        open=shown,
        how="it tells its key to whoever says hello",
        setup=True if shown else None,
        numbers=(str(int.from_bytes(data[8:12], "big")),),
        serial=True,
    )
