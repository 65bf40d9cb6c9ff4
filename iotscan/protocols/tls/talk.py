"""A recorded TLS connection put together again: who asked what, what was answered, and where.

Works on our own enquiries and on captured connections alike, also on those that began in another
protocol and changed to TLS (STARTTLS).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate

from iotscan.errors import Malformed
from iotscan.protocols.tls.codec import (
    Flight,
    looks_like_server,
    parse_client,
    parse_server,
    shows_certificate,
)
from iotscan.protocols.tls.hello import ClientHello
from iotscan.protocols.tls.messages import ServerHello, parse_cut_hello
from iotscan.protocols.tls.offers import RANDOM
from iotscan.protocols.tls.tls13 import message_of, unseal

# A server's flight in clear takes some ten segments; a hello that stands later than this in a
# connection is not looked for, unless the segments are tiny.
MOST_PARTS, LEAST_SIZE = 256, 65_536


@dataclass(frozen=True, slots=True)
class Handshake:
    """One connection. Places are what the caller counted its parts with; None: not seen.

    ``ours``: the client was iotscan. ``asked``: where the ClientHello began; ``chosen`` and
    ``shown``: where the ServerHello and the certificates were complete. ``proven``: see
    ``shows_certificate``.
    """

    hello: ClientHello | None
    flight: Flight
    ours: bool = False
    asked: int | None = None
    chosen: int | None = None
    shown: int | None = None
    proven: bool | None = None

    def places(self, *wanted: int | None) -> tuple[int, ...]:
        """The known ones of some places, in order, each once."""
        return tuple(sorted({place for place in wanted if place is not None}))


def put_together(parts: Iterable[tuple[int, bool, bytes]]) -> Handshake | None:
    """The handshake in a connection given as (place, whether the client said it, bytes).

    None when neither side speaks TLS. Pure, never raises.
    """
    said = list(_beginning(parts))
    start = next((i for i, (_, client, data) in enumerate(said) if client and _asks(data)), None)
    hello = (
        _client_hello([data for _, client, data in said[start:] if client])
        if (start is not None)
        else None
    )
    after = said[start + 1 :] if hello and start is not None else said
    server = [(place, data) for place, client, data in after if not client]
    first = next((i for i, (_, data) in enumerate(server) if _answers(data)), None)
    if hello is None and (first is None or not looks_like_server(server[first][1])):
        return None
    sent = b"".join(data for _, client, data in said[start:] if client) if hello else b""
    ours = hello is not None and hello.random[:16] == RANDOM[:16]
    asked = said[start][0] if hello and start is not None else None
    found = Handshake(hello, Flight(), ours, asked, proven=shows_certificate(sent))
    return found if first is None else _answered(found, server[first:], sent if ours else b"")


def _beginning(parts: Iterable[tuple[int, bool, bytes]]) -> Iterator[tuple[int, bool, bytes]]:
    size = 0
    for number, part in enumerate(parts):
        if number >= MOST_PARTS and size > LEAST_SIZE:
            return
        size += len(part[2])
        yield part


def read_answer(hello: bytes, heard: bytes) -> Flight:
    """The flight that answers one of our own hellos, opened as far as it can be. Raises Malformed
    when the answer is not TLS.
    """
    flight = parse_server(heard)
    if flight.hello is None or not flight.hello.share:
        return flight
    return unseal(message_of(hello), flight)


def _asks(data: bytes) -> bool:
    """Whether a part begins with a ClientHello, in TLS or SSL 2.0 form."""
    if data[:1] == b"\x16":
        return data[1:2] in (b"", b"\x03") and data[5:6] in (b"", b"\x01")
    return data[:1] >= b"\x80" and data[2:3] == b"\x01" and data[3:4] in (b"\x00", b"\x03")


def _answers(data: bytes) -> bool:
    """Whether a part may begin a server's flight."""
    return (data[:1] in (b"\x15", b"\x16") and data[1:2] in (b"", b"\x03")) or (
        data[:1] >= b"\x80" and data[2:3] in (b"\x00", b"\x04")
    )


def _client_hello(said: Sequence[bytes]) -> ClientHello | None:
    try:
        return parse_client(b"".join(said))
    except Malformed:
        return None


def _cut_hello(heard: bytes) -> ServerHello | None:
    """The ServerHello at the beginning of what was said, of which the capture lacks the end."""
    begins = heard[:2] == b"\x16\x03" and heard[5:6] == b"\x02"
    return parse_cut_hello(heard[9:]) if begins else None


def _answered(asked: Handshake, parts: Sequence[tuple[int, bytes]], sent: bytes) -> Handshake:
    """Read to its end, then as far as each message needs: so each has the place where it became
    complete.
    """
    ends = list(accumulate(len(data) for _, data in parts))
    heard = b"".join(data for _, data in parts)

    @cache
    def read(count: int) -> Flight:
        said = heard[: ends[count]]
        try:
            return read_answer(sent, said) if sent else parse_server(said)
        except Malformed:
            return Flight()

    flight, first = read(len(parts) - 1), parts[0][0]

    def place(holds: Callable[[Flight], object]) -> int | None:
        if not holds(flight):
            return None
        return parts[bisect_left(range(len(parts)), True, key=lambda n: bool(holds(read(n))))][0]

    if flight.hello is None and flight.alert is None and not asked.ours:
        flight = replace(flight, hello=_cut_hello(heard))
        return replace(asked, flight=flight, chosen=first if flight.hello else None)
    return replace(
        asked,
        flight=flight,
        chosen=place(lambda flight: flight.hello or flight.alert),
        shown=place(lambda flight: flight.chain),
    )
