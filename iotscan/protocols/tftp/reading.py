"""What TFTP conversations prove: a server that answers, files that others fetched. Pure.

RFC 1350 section 4: a request goes to the port of the service, usually 69, and the file comes from
another one. A capture that holds the request shows both as one exchange; without it, what a
transfer carries only its content tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Fact, Kind, Observation, Sender, Transcript
from iotscan.protocols.common.firmware import image_in
from iotscan.protocols.common.overheard import observe, turned
from iotscan.protocols.tftp import codec as tftp
from iotscan.protocols.tftp.codec import Ack, Data, Options, Packet, Refusal, Request
from iotscan.text import clean

# (turn, who, what it is)
_Said = tuple[int, Sender, Packet | None]

PORT = 69
# What a server may be asked without learning anything: a name that no file has.
ABSENT = b"iotscan-asks-whether-tftp-answers"

KINDS = (
    Kind(
        "tftp.service",
        {"answer": str, "error": int, "message": str, "served": bool},
        "A TFTP server answered a request for a file that nobody has. answer: error, data or "
        "options; served: it sent something all the same.",
    ),
    Kind(
        "tftp.transfer",
        {"file": str, "mode": str, "operation": str, "answered": bool, "peer": str},
        "Somebody else asked a TFTP server for a file, or to take one. answered: a reply came, "
        "from whichever port.",
    ),
    Kind(
        "tftp.firmware",
        {"format": str, "bytes": int, "cleartext": bool, "file": str, "peer": str},
        "Somebody else's TFTP transfer carried a firmware image, by its first bytes. bytes: seen "
        "of it. The port is that of the service, 69 where the request was not captured.",
    ),
)


def is_answer(data: bytes) -> bool:
    """Whether this is what a TFTP server says to a request."""
    packet = _decoded(data)
    if isinstance(packet, Data):
        return packet.block == 1 and len(packet.content) <= tftp.BLOCK
    return isinstance(packet, Refusal) or (isinstance(packet, Options) and bool(packet.options))


def _decoded(data: bytes) -> Packet | None:
    try:
        return tftp.decode(data)
    except Malformed:
        return None


def read_own(talk: Transcript) -> Iterator[Observation]:
    """An observation of tftp.service."""
    for index, turn in enumerate(talk.turns):
        if turn.sender != "server" or not is_answer(turn.data):
            continue
        packet = tftp.decode(turn.data)
        facts: dict[str, Fact] = {"answer": "error", "served": not isinstance(packet, Refusal)}
        if isinstance(packet, Refusal):
            facts["error"] = packet.code
            if packet.message:
                facts["message"] = clean(packet.message)
        else:
            facts["answer"] = "data" if isinstance(packet, Data) else "options"
        yield observe(talk, "tftp.service", facts, [index])
        return


def read_captured(talk: Transcript) -> Iterator[Observation]:
    """Observations of tftp.transfer and tftp.firmware. Whoever requests is the client."""
    if talk.service.endpoint.transport != "udp" or talk.client is None:
        return
    said = _said(talk)
    first = next((sender for _, sender, one in said if isinstance(one, Request)), None)
    if first is None:
        yield from _firmware(talk, said, None)
        return
    if first == "server":
        talk = turned(talk)
        said = _said(talk)
    for index, request, rest in _requests(said):
        facts: dict[str, Fact] = {
            "file": clean(request.name),
            "mode": request.mode,
            "operation": "write" if request.write else "read",
        }
        if any(sender == "server" and packet for _, sender, packet in rest):
            facts["answered"] = True
        yield observe(talk, "tftp.transfer", facts, [index])
        if not request.write:
            yield from _firmware(talk, rest, request)


def _said(talk: Transcript) -> list[_Said]:
    return [(i, turn.sender, _decoded(turn.data)) for i, turn in enumerate(talk.turns)]


def _requests(said: Sequence[_Said]) -> Iterator[tuple[int, Request, list[_Said]]]:
    """Each file that was asked for, once: the turn, the request, and what was said after it."""
    found: dict[tuple[bytes, bool], tuple[int, Request, list[_Said]]] = {}
    rest: list[_Said] = []
    for one in said:
        index, sender, packet = one
        if isinstance(packet, Request) and sender == "client":
            _, _, rest = found.setdefault((packet.name, packet.write), (index, packet, []))
        else:
            rest.append(one)
    # A scan asks whether anybody answers: nothing is transferred.
    yield from (one for (name, _), one in found.items() if name != ABSENT)


def _firmware(
    talk: Transcript, said: Sequence[_Said], request: Request | None
) -> Iterator[Observation]:
    """A transfer: blocks in order from one side, acknowledged by the other.

    It begins with the first block or the options, both of the server's when a file is read; the
    acknowledgement of block 0, or of the options by data, belongs to one that is written.
    """
    sender = next((sender for _, sender, packet in said if isinstance(packet, Data)), None)
    if sender is None or said[0][1] != sender or (request and sender != "server"):
        return
    blocks = [(i, p) for i, who, p in said if who == sender and isinstance(p, Data)]
    acks = {p.block for _, who, p in said if who != sender and isinstance(p, Ack)}
    content = blocks[0][1].content
    image = image_in(content)
    if blocks[0][1].block != 1 or 1 not in acks or not image:
        return
    facts: dict[str, Fact] = {
        "format": image,
        "bytes": sum(len(p.content) for p in {p.block: p for _, p in blocks}.values()),
        "cleartext": True,
    }
    if request:
        yield observe(talk, "tftp.firmware", facts | {"file": clean(request.name)}, [blocks[0][0]])
        return
    seen = talk if sender == "server" else turned(talk)
    where = Endpoint(seen.service.endpoint.address, "udp", PORT)
    found = observe(seen, "tftp.firmware", facts, [blocks[0][0]])
    yield Observation(found.kind, found.facts, where.address, where, found.proofs)
