"""Modbus/TCP: headers, function codes and device identification, bytes to dataclasses and back.

Sources: MODBUS Application Protocol Specification V1.1b3 (functions, section 6; exceptions, section
7; encapsulated interface and device identification, sections 6.19 to 6.21) and MODBUS Messaging on
TCP/IP Implementation Guide V1.0b (header, section 3.1.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iotscan.errors import Malformed

PORT, SECURE_PORT = 502, 802
# The guide's unit for a device that is addressed by its IP address alone, and the first serial one.
DIRECT, FIRST_UNIT = 0xFF, 1
ENCAPSULATED, DEVICE_IDENTIFICATION = 0x2B, 0x0E
BASIC = 1
# PDU and unit identifier: section 4.1 limits a PDU to 253 bytes.
_LONGEST = 254
_HEADER = 7
_EXCEPTION = 0x80
EXCEPTIONS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 10, 11})

FUNCTIONS: Mapping[int, str] = {
    1: "read coils",
    2: "read discrete inputs",
    3: "read holding registers",
    4: "read input registers",
    5: "write single coil",
    6: "write single register",
    7: "read exception status",
    8: "diagnostics",
    11: "get event counter",
    12: "get event log",
    15: "write multiple coils",
    16: "write multiple registers",
    17: "report server id",
    20: "read file record",
    21: "write file record",
    22: "mask write register",
    23: "read and write registers",
    24: "read FIFO queue",
    43: "encapsulated interface",
    90: "programming (Schneider Electric)",
}
WRITES = frozenset({5, 6, 15, 16, 21, 22, 23, 90})
# Lengths of a request's data where the function fixes them.
_FIXED: Mapping[int, int] = {1: 4, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4, 7: 0, 11: 0, 12: 0, 17: 0, 22: 6}
# Object ids of device identification, with the fact each one is.
OBJECTS: Mapping[int, str] = {
    0: "vendor",
    1: "product_code",
    2: "firmware",
    3: "url",
    4: "product",
    5: "model",
    6: "application",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. ``function`` is without the exception bit; ``exception`` is 0 without one."""

    transaction: int
    unit: int
    function: int
    data: bytes
    exception: int = 0

    def could_ask(self) -> bool:
        """Whether this can be a request: its data is as long as its function wants."""
        wanted = _FIXED.get(self.function)
        return not self.exception and (wanted is None or len(self.data) == wanted)

    def answers(self, request: Frame) -> bool:
        """Whether this can be the response to a request."""
        same = (self.transaction, self.unit, self.function) == (
            request.transaction,
            request.unit,
            request.function,
        )
        if not same or self.exception:
            return same
        if self.function in (1, 2, 3, 4, 17):
            return bool(self.data) and self.data[0] == len(self.data) - 1
        return self.function not in (5, 6) or self.data == request.data


def encode(frame: Frame) -> bytes:
    """The bytes of a request or response."""
    code = frame.function | (_EXCEPTION if frame.exception else 0)
    pdu = bytes([frame.unit, code]) + (bytes([frame.exception]) if frame.exception else frame.data)
    return frame.transaction.to_bytes(2, "big") + b"\0\0" + len(pdu).to_bytes(2, "big") + pdu


def decode(data: bytes) -> tuple[Frame, int] | None:
    """The first frame and its length, None while it is not complete. Raises Malformed."""
    if data[2:4] != b"\0\0"[: len(data[2:4])] or data[4:5] not in (b"", b"\0"):
        raise Malformed("the protocol identifier is not that of Modbus")
    if len(data) < _HEADER + 1:
        return None
    length = data[5]
    if not 2 <= length <= _LONGEST:
        raise Malformed(f"a Modbus message is not {length} bytes long")
    unit, code = data[6], data[7]
    function = code & ~_EXCEPTION
    if function not in FUNCTIONS:
        raise Malformed(f"no public function has the code {function}")
    if len(data) < 6 + length:
        return None
    body, exception = data[8 : 6 + length], 0
    if code & _EXCEPTION:
        if len(body) != 1 or body[0] not in EXCEPTIONS:
            raise Malformed("an exception is one known code")
        body, exception = b"", body[0]
    number = int.from_bytes(data[:2], "big")
    return Frame(number, unit, function, body, exception), 6 + length


def identify(transaction: int, unit: int) -> bytes:
    """The request for basic device identification: function 43, MEI type 14."""
    asked = bytes([DEVICE_IDENTIFICATION, BASIC, 0])
    return encode(Frame(transaction, unit, ENCAPSULATED, asked))


def identification(frame: Frame) -> dict[int, bytes]:
    """Object id → value in a response with device identification. Raises Malformed."""
    data = frame.data
    if frame.function != ENCAPSULATED or frame.exception or len(data) < 6:
        raise Malformed("this is no device identification")
    if data[0] != DEVICE_IDENTIFICATION or data[1] not in (1, 2, 3, 4):
        raise Malformed("this is no device identification")
    found: dict[int, bytes] = {}
    offset = 6
    for _ in range(data[5]):
        if offset + 2 > len(data) or offset + 2 + data[offset + 1] > len(data):
            raise Malformed("an object is cut off")
        end = offset + 2 + data[offset + 1]
        found[data[offset]] = data[offset + 2 : end]
        offset = end
    return found
