"""Which CoAP answer belongs to which request, and the bodies that blocks make up.

Answers are matched by message id and token as RFC 7252 sections 4.2 and 5.3.2 demand, so that an
answer to something else is never taken for one to this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.protocols.coap.codec import CONTENT, CSM, GET, Message, Type, decode
from iotscan.protocols.coap.tcp import code_of, decode_tcp

# Half of what a device could send in one conversation; lists of resources are a few kilobytes.
LONGEST_BODY = 65_536
# Foreign datagrams in a row, until an exchange is taken for another protocol.
MOST_FOREIGN = 16


@dataclass(slots=True)
class Exchange:
    """One request, by whom (an index of the caller's: a turn), and what was answered.

    ``responses``: (index, message); more than one for an observed resource. ``rejected``: the
    index of the RST that refused it.
    """

    asker: str
    asked: int
    request: Message
    responses: list[tuple[int, Message]] = field(default_factory=list)
    rejected: int | None = None

    @property
    def response(self) -> Message | None:
        """The first answer."""
        return self.responses[0][1] if self.responses else None

    @property
    def answered(self) -> int:
        """Where the first answer is; LookupError without one."""
        return self.responses[0][0]


@dataclass(frozen=True, slots=True)
class Body:
    """What GETs of one path gave. ``complete``: the last block is in it.

    ``indexes``: of the first request and of every answer it was put together from.
    """

    payload: bytes
    complete: bool
    content_format: int | None
    indexes: tuple[int, ...]


def answers(message: Message, request: Message) -> bool:
    """Whether a message is the response to this request (an empty ACK is not one yet)."""
    if not message.is_response or message.token != request.token:
        return False
    return message.type is not Type.ACK or message.mid == request.mid


def pair(said: Iterable[tuple[int, str, Message]]) -> list[Exchange]:
    """The exchanges among (index, sender, message) in the order they were said.

    Retransmitted requests count once; answers that match no request are left out.
    """
    found: list[Exchange] = []
    by_id: dict[tuple[str, int], Exchange] = {}
    by_token: dict[tuple[str, bytes], Exchange] = {}
    for index, sender, message in said:
        if message.is_request:
            known = by_id.get((sender, message.mid)) if message.type is not None else None
            if known is None or known.request != message:
                known = Exchange(sender, index, message)
                found.append(known)
            by_id[sender, message.mid] = by_token[sender, message.token] = known
            continue
        other = _opposite(sender, by_id, by_token, message)
        if other is None:
            continue
        if message.type is Type.RST:
            other.rejected = index
        elif answers(message, other.request):
            other.responses.append((index, message))
    return found


def _opposite(
    sender: str,
    by_id: dict[tuple[str, int], Exchange],
    by_token: dict[tuple[str, bytes], Exchange],
    message: Message,
) -> Exchange | None:
    """The exchange of the other side that a message can belong to."""
    asker = "server" if sender == "client" else "client"
    if message.type in (Type.ACK, Type.RST):
        return by_id.get((asker, message.mid))
    return by_token.get((asker, message.token))


def assemble(exchanges: Iterable[Exchange]) -> Body | None:
    """The body that successful GETs of one path give together, in their order; None without any.

    Blocks count only where the one before them ended, so that a hostile order cannot make a body
    that nobody sent; it is cut at ``LONGEST_BODY``.
    """
    indexes: list[int] = []
    payload, kind, complete = b"", None, False
    for exchange in exchanges:
        message = exchange.response
        if message is None or exchange.request.code != GET or message.code != CONTENT:
            continue
        block = message.block2
        offset = 0 if block is None else block.offset
        if offset == 0 and not indexes:
            kind = message.content_format
            indexes.append(exchange.asked)
        elif complete or offset != len(payload) or not indexes:
            continue
        payload = (payload + message.payload)[:LONGEST_BODY]
        indexes.append(exchange.answered)
        complete = block is None or not block.more
    return Body(payload, complete, kind, tuple(indexes)) if indexes else None


def messages(
    said: Iterable[tuple[int, str, bytes]], *, tcp: bool = False
) -> list[tuple[int, str, Message]]:
    """(index, sender, message) of everything that is CoAP in a conversation, in its order.

    Over UDP each piece is a datagram of its own, and foreign ones are left out. Over TCP a message
    is where its last byte is; each side has to begin with a CSM (RFC 8323 section 5.3) and ends
    with the first bytes that are no message.
    """
    return list(_from_streams(said) if tcp else _from_datagrams(said))


def _from_datagrams(said: Iterable[tuple[int, str, bytes]]) -> Iterator[tuple[int, str, Message]]:
    foreign = 0
    for index, sender, data in said:
        try:
            yield index, sender, decode(data)
            foreign = 0
        except Malformed:
            foreign += 1
            if foreign >= MOST_FOREIGN:
                return


def _from_streams(said: Iterable[tuple[int, str, bytes]]) -> Iterator[tuple[int, str, Message]]:
    unread: defaultdict[str, bytearray] = defaultdict(bytearray)
    begun: set[str] = set()
    broken: set[str] = set()
    for index, sender, data in said:
        if sender in broken:
            continue
        unread[sender] += data
        try:
            if sender not in begun and code_of(unread[sender]) not in (None, CSM):
                raise Malformed("a stream that does not begin with a CSM")
            while (message := decode_tcp(unread[sender])) is not None:
                begun.add(sender)
                del unread[sender][: message.size]
                yield index, sender, message
        except Malformed:
            broken.add(sender)
