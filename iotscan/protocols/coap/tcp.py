"""CoAP messages as they are framed over TCP and TLS: RFC 8323 section 3.2.

Streams are not kept here: hand :func:`decode_tcp` all bytes that have not been read yet, again
when more have come, and cut off ``size`` bytes for each message it returns.
"""

from __future__ import annotations

from iotscan.errors import Malformed
from iotscan.protocols.coap.codec import (
    EMPTY,
    REQUESTS,
    RESPONSES,
    SIGNALS,
    Message,
    decode_any,
    encode,
)

# The extended forms of the length: nibble → (bytes that follow, what they count from).
_EXTENDED = {13: (1, 13), 14: (2, 269), 15: (4, 65_805)}
# More than any answer that is asked for here; a longer announced length is another protocol.
LONGEST = 262_144


def encode_tcp(message: Message) -> bytes:
    """A message as it is framed over TCP: RFC 8323 section 3.2. Raises Malformed."""
    datagram = encode(message)
    token_length, code = datagram[0] & 15, datagram[1]
    nibble, extra = extended(len(datagram) - 4 - token_length)
    return bytes([nibble << 4 | token_length]) + extra + bytes([code]) + datagram[4:]


def decode_tcp(stream: bytes | bytearray) -> Message | None:
    """The first message of a TCP stream, None while it is incomplete; ``size`` is where it ends.

    Raises Malformed.
    """
    if not stream:
        return None
    length, token_length = stream[0] >> 4, stream[0] & 15
    more, base = _EXTENDED.get(length, (0, 0))
    if len(stream) < 2 + more:
        return None
    if more:
        length = base + int.from_bytes(stream[1 : 1 + more], "big")
    code, start = stream[1 + more], 2 + more
    known = code in REQUESTS | RESPONSES | SIGNALS or (code == EMPTY and token_length == 0)
    if not known or token_length > 8 or length > LONGEST:
        raise Malformed("not a CoAP message over TCP")
    end = start + token_length + length
    if len(stream) < end:
        return None
    # The same options and payload follow a header of UDP, which is what the codec reads.
    message = decode_any(bytes([0x40 | token_length, code, 0, 0]) + bytes(stream[start:end]))
    return Message(code, None, 0, message.token, message.options, message.payload, end)


def code_of(stream: bytes | bytearray) -> int | None:
    """The code of the first message, None while that is not there."""
    at = 1 + _EXTENDED.get(stream[0] >> 4, (0, 0))[0] if stream else 0
    return stream[at] if len(stream) > at else None


def extended(length: int) -> tuple[int, bytes]:
    """The nibble that tells a length, and the bytes that follow it."""
    for nibble, (more, base) in reversed(_EXTENDED.items()):
        if length >= base:
            return nibble, (length - base).to_bytes(more, "big")
    return length, b""
