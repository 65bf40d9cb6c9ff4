"""What TFTP conversations prove: a server that answers, files that others fetched. Pure.

RFC 1350 section 4: a request goes to port 69, the file travels between two new ports. So a capture
shows a transfer as two exchanges, and which file the second one carried only its content tells.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Endpoint, Fact, Kind, Observation, Transcript
from iotscan.protocols.common.firmware import image_in
from iotscan.protocols.common.overheard import observe, turned
from iotscan.protocols.tftp import codec as tftp
from iotscan.protocols.tftp.codec import Ack, Data, Options, Packet, Refusal, Request
from iotscan.text import clean

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
        "Somebody else asked a TFTP server for a file, or to take one. answered: a reply came on "
        "the same ports; most come on others.",
    ),
    Kind(
        "tftp.firmware",
        {"format": str, "bytes": int, "cleartext": bool, "peer": str},
        "Somebody else's TFTP transfer carried a firmware image, by its first bytes. bytes: seen "
        "of it. The port is that of the service (69): the transfer has two of its own.",
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
    """Observations of tftp.transfer and tftp.firmware."""
    if talk.service.endpoint.transport != "udp" or not talk.turns:
        return
    assert talk.client is not None
    if talk.client.port == PORT != talk.service.endpoint.port:
        talk = turned(talk)
    if talk.service.endpoint.port == PORT:
        yield from _requests(talk)
    elif talk.turns[0].data[:2] in (b"\0\3", b"\0\4", b"\0\6"):
        yield from _content(talk)


def _requests(talk: Transcript) -> Iterator[Observation]:
    told: set[tuple[bytes, bool]] = set()
    answered = any(turn.sender == "server" and is_answer(turn.data) for turn in talk.turns)
    for index, turn in enumerate(talk.turns):
        packet = _decoded(turn.data) if turn.sender == "client" else None
        if not isinstance(packet, Request) or (packet.name, packet.write) in told:
            continue
        if packet.name == ABSENT:
            continue  # a scan asks whether anybody answers: nothing is transferred
        told.add((packet.name, packet.write))
        facts: dict[str, Fact] = {
            "file": clean(packet.name),
            "mode": packet.mode,
            "operation": "write" if packet.write else "read",
        }
        if answered:
            facts["answered"] = True
        yield observe(talk, "tftp.transfer", facts, [index])


def _content(talk: Transcript) -> Iterator[Observation]:
    """A transfer between two new ports: blocks in order from one side, acknowledged by the other.

    It begins with the first block or the options, both of the server's when a file is read; the
    acknowledgement of block 0, or of the options by data, belongs to one that is written.
    """
    sender = next(
        (turn.sender for turn in talk.turns if isinstance(_decoded(turn.data), Data)), None
    )
    if sender is None:
        return
    said = [(i, turn, _decoded(turn.data)) for i, turn in enumerate(talk.turns)]
    blocks = [(i, p) for i, turn, p in said if turn.sender == sender and isinstance(p, Data)]
    acks = {p.block for _, turn, p in said if turn.sender != sender and isinstance(p, Ack)}
    first = talk.turns[0]
    if not blocks or blocks[0][1].block != 1 or 1 not in acks or first.sender != sender:
        return
    image = image_in(blocks[0][1].content)
    if not image:
        return
    seen = talk if sender == "server" else turned(talk)
    where = Endpoint(seen.service.endpoint.address, "udp", PORT)
    facts: dict[str, Fact] = {
        "format": image,
        "bytes": sum(len(p.content) for p in {p.block: p for _, p in blocks}.values()),
        "cleartext": True,
    }
    found = observe(seen, "tftp.firmware", facts, [blocks[0][0]])
    yield Observation(found.kind, found.facts, where.address, where, found.proofs)
