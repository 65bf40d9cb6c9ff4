"""The test services of early networks: what is said is said back, or characters without end.

RFC 862 (echo) and RFC 864 (character generator). RFC 865 (quote of the day) has no form by which
its answers could be told from any other text, so it is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.model import Fact, Kind, Observation, Proof, Transcript

ECHO, CHARGEN = "echo", "chargen"
# Long enough that nobody says it by chance.
PHRASE = b"iotscan asks whether anybody says this back\r\n"
# RFC 864 recommends a ring of the 95 printing characters; BSD's begins each line one further.
_RING = bytes(range(0x20, 0x7F)) * 3
_LEAST = 24

SERVICE = Kind(
    "legacy.service",
    {
        "service": str,
        "transport": str,
        "request_bytes": int,
        "response_bytes": int,
        "ratio": float,
    },
    "An echo or character generator answered. ratio: bytes answered by bytes asked, over UDP only:"
    " a forged sender cannot hold a connection.",
)


def is_ring(heard: bytes) -> bool:
    """Whether the first line is a stretch of the ring of printing characters."""
    line = heard.partition(b"\r\n")[0]
    return len(line) >= _LEAST and line in _RING


def read(talk: Transcript, service: str) -> Iterator[Observation]:
    """One observation for each channel of our own on which such a service answered."""
    if talk.client is not None:
        return
    where = talk.service.endpoint
    for channel in sorted({turn.channel for turn in talk.turns}):
        asked, heard = talk.said_by("client", channel), talk.said_by("server", channel)
        answered = is_ring(heard) if service == CHARGEN else _echoed(asked, heard)
        if not answered:
            continue
        facts: dict[str, Fact] = {"service": service, "transport": where.transport}
        if where.transport == "udp" and asked:
            facts |= {
                "request_bytes": len(asked),
                "response_bytes": len(heard),
                "ratio": round(len(heard) / len(asked), 2),
            }
        turns = tuple(i for i, turn in talk.turns_of(channel) if turn.sender == "server")[:4]
        proof = Proof(talk.id, turns)
        yield Observation(SERVICE.name, facts, where.address, where, (proof,))


def _echoed(asked: bytes, heard: bytes) -> bool:
    return heard.startswith(PHRASE) and asked.startswith(PHRASE)
