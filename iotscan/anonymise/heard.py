"""What readers understood, kept until all is known that has to be replaced in it. Like all that is
much, it lies in a file without a name.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.anonymise.spool import MOST, Spool
from iotscan.capture.stations import parsed
from iotscan.model import Channel, Endpoint, Packet, Sender, Service, Transcript, Turn

_TALK, _PACKET = range(2)
_EACH = 150
_SENDERS: tuple[Sender, Sender] = ("client", "server")


class Heard:
    """Add to it, then take ``all``, in the same order. Times are not kept."""

    def __init__(self, most: int = MOST) -> None:
        self._spool = Spool(most)
        self._count = 0

    def talk(self, talk: Transcript, own: frozenset[bytes]) -> None:
        """A conversation, and the names and logins that are its own."""
        turns = tuple((turn.sender == "server", turn.data, turn.frame) for turn in talk.turns)
        size = sum(len(turn.data) for turn in talk.turns) + _EACH * len(turns)
        ends = _packed(talk.service.endpoint), _packed(talk.client)
        self._add(_TALK, (talk.id, talk.service.endpoint.transport, ends, turns, tuple(own)), size)

    def packet(self, packet: Packet) -> None:
        """An announcement."""
        source = None if packet.source is None else packet.source.packed
        told = packet.id, packet.protocol, packet.data, source, packet.mac, packet.frame
        self._add(_PACKET, told, len(packet.data))

    def all(self) -> Iterator[tuple[Transcript, frozenset[bytes]] | Packet]:
        """Conversations with their own names and logins, and announcements. Once."""
        for _, _, sort, told in self._spool.ordered():
            if sort == _PACKET:
                name, protocol, data, source, mac, frame = told
                address = None if source is None else parsed(source)
                yield Packet(name, 0.0, protocol, data, address, mac, frame=frame)
                continue
            name, transport, (server, client), turns, own = told
            endpoint = Endpoint(parsed(server[0]), transport, server[1])
            asker = None if client is None else Endpoint(parsed(client[0]), transport, client[1])
            said = tuple(
                Turn(_SENDERS[answers], 0.0, data, 0, None, frame) for answers, data, frame in turns
            )
            channels = (Channel(endpoint),)
            yield (
                Transcript(name, Service(endpoint), "capture", 0.0, said, channels, client=asker),
                frozenset(own),
            )
        self._spool.close()

    def _add(self, sort: int, told: object, size: int) -> None:
        self._count += 1
        self._spool.add(self._count, sort, told, size)


def _packed(endpoint: Endpoint | None) -> tuple[bytes, int] | None:
    return None if endpoint is None else (endpoint.address.packed, endpoint.port)
