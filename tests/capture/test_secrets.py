"""Keys in a capture: what was said inside TLS follows what was seen of it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.capture import reader
from iotscan.capture.making import Connection
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint, TlsFacts
from iotscan.protocols.tls.codec import Flight
from iotscan.protocols.tls.keylog import Session

WEB = Endpoint(ip_address("52.1.2.3"), "tcp", 443)


def secrets_block(log: bytes) -> bytes:
    """A decryption secrets block of pcapng, draft-ietf-opsawg-pcapng section 4.7."""
    body = struct.pack("<II", 0x544C534B, len(log)) + log + bytes(-len(log) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", 10) + size + body + size


def test_what_was_said_inside_tls_follows_where_the_capture_holds_the_keys(
    read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def opened(said: Iterable[tuple[int, str, bytes]], keys: object) -> Session:
        asked.append(keys)
        return Session(Flight(), tuple((i, "client", data[::-1]) for i, _, data in said))

    monkeypatch.setattr(reader, "opened_session", opened)
    talk = Connection(Endpoint(ip_address("192.168.1.5"), "tcp", 4000), WEB)
    out = io.BytesIO()
    writer = Writer(out)
    for number, frame in enumerate([*talk.opened(), *talk.said(True, b"sealed"), *talk.closed()]):
        if number == 2:
            out.write(secrets_block(b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48))
        writer.packet(1_700_000_000.0 + number, 1, frame)
    heard = read(out.getvalue())
    sealed, plain = heard.talks
    assert asked == [{b"\xab" * 32: {"CLIENT_RANDOM": b"\xcd" * 48}}]
    assert (sealed.id, plain.id) == ("c1", "c2")
    assert (sealed.turns[0].data, plain.turns[0].data) == (b"sealed", b"delaes")
    assert (sealed.channels[0].tls, plain.channels[0].tls) == (None, TlsFacts())
    assert plain.turns[0].frame == sealed.turns[0].frame


def test_without_keys_nothing_is_opened(
    read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "opened_session", None)
    talk = Connection(Endpoint(ip_address("192.168.1.5"), "tcp", 4000), WEB)
    out = io.BytesIO()
    writer = Writer(out)
    for frame in [*talk.opened(), *talk.said(True, b"sealed"), *talk.closed()]:
        writer.packet(1_700_000_000.0, 1, frame)
    assert len(read(out.getvalue()).talks) == 1
