"""Google Cast, version 2: messages in TLS between senders and receivers.

A length of 32 bits, then CastMessage (Protocol Buffers, Chromium's cast_channel.proto), whose text
is JSON. Source for the namespaces: Chromium, components/media_router and cast_channel.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from iotscan.errors import Malformed
from iotscan.protocols.encodings import protobuf

PORT = 8009
# cast_channel.proto: a message has at most 64 KiB.
LARGEST = 65_536
_HEAD = 4
_CONNECTION = "urn:x-cast:com.google.cast.tp.connection"
_RECEIVER = "urn:x-cast:com.google.cast.receiver"
_SENDER_ID, _RECEIVER_ID = "sender-0", "receiver-0"
_PREFIX = "urn:x-cast:"
_MOST_APPLICATIONS = 8


@dataclass(frozen=True, slots=True)
class Message:
    """``text`` is "" for a binary payload."""

    source: str
    destination: str
    namespace: str
    text: str = ""

    def encode(self) -> bytes:
        body = b"".join(
            protobuf.put(field, value)
            for field, value in (
                (1, 0),  # CASTV2_1_0
                (2, self.source),
                (3, self.destination),
                (4, self.namespace),
                (5, 0),  # text
                (6, self.text),
            )
        )
        return len(body).to_bytes(_HEAD, "big") + body


@dataclass(frozen=True, slots=True)
class Status:
    """What a receiver runs: the names of its applications, and what they say they show."""

    applications: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


def take(data: bytes) -> tuple[Message, int] | None:
    """The first message and its length; None while incomplete. Raises Malformed."""
    if len(data) < _HEAD:
        return None
    end = _HEAD + int.from_bytes(data[:_HEAD], "big")
    if not _HEAD < end <= LARGEST:
        raise Malformed("a message of no length that Cast has")
    if len(data) < end:
        return None
    found = protobuf.fields(data[_HEAD:end])
    source, destination, namespace, text = (protobuf.text(found.get(n)) for n in (2, 3, 4, 6))
    if not source or not destination or not namespace.startswith(_PREFIX):
        raise Malformed("no message of Cast")
    return Message(source, destination, namespace, text), end


def question() -> bytes:
    """A virtual connection to the receiver, and the question what its state is."""
    connect = {"type": "CONNECT", "origin": {}}
    ask = {"type": "GET_STATUS", "requestId": 1}
    return b"".join(
        Message(_SENDER_ID, _RECEIVER_ID, namespace, json.dumps(said)).encode()
        for namespace, said in ((_CONNECTION, connect), (_RECEIVER, ask))
    )


def parse_status(message: Message) -> Status:
    """RECEIVER_STATUS. Raises Malformed for another message."""
    try:
        said = json.loads(message.text)
    except (ValueError, RecursionError):
        raise Malformed("a message that is no JSON") from None
    wanted = message.namespace == _RECEIVER and isinstance(said, dict)
    if not wanted or said.get("type") != "RECEIVER_STATUS":
        raise Malformed("no status of a receiver")
    status = said.get("status")
    listed = status.get("applications") if isinstance(status, dict) else None
    running = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    running = running[:_MOST_APPLICATIONS]
    return Status(_texts(running, "displayName"), _texts(running, "statusText"))


def _texts(running: list[dict[str, Any]], key: str) -> tuple[str, ...]:
    texts = (one.get(key) for one in running)
    return tuple(text for text in texts if isinstance(text, str) and text)
