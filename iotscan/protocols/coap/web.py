"""CoAP messages as frames of a WebSocket: RFC 8323 section 4.

The frame tells the length, so the length field of the TCP form is zero; all else is as over TCP.
"""

from __future__ import annotations

from iotscan.errors import Malformed
from iotscan.protocols.coap.codec import Message, encode
from iotscan.protocols.coap.tcp import decode_tcp, extended

# Section 8.4: the resource that is upgraded, and the subprotocol asked for.
PATH, SUBPROTOCOL = "/.well-known/coap", "coap"
_HEADER = 4  # of a datagram: version, type and token length; code; message id


def encode_web(message: Message) -> bytes:
    """A message as the payload of one binary frame. Raises Malformed."""
    datagram = encode(message)
    return bytes((datagram[0] & 15, datagram[1])) + datagram[_HEADER:]


def decode_web(payload: bytes) -> Message:
    """The message of one frame. Raises Malformed."""
    if len(payload) < 2 or payload[0] >> 4:
        raise Malformed("not a CoAP message in a WebSocket frame")
    token_length = payload[0] & 15
    if token_length > 8 or len(payload) < 2 + token_length:
        raise Malformed("not a CoAP message in a WebSocket frame")
    nibble, extra = extended(len(payload) - 2 - token_length)
    message = decode_tcp(bytes((nibble << 4 | token_length,)) + extra + payload[1:])
    if message is None:
        raise Malformed("a CoAP message is cut off in its frame")
    return message
