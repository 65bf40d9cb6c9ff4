"""The words that readers of data stores and brokers without a login of their own share."""

from __future__ import annotations

from iotscan.model import Fact, Kind, Observation, Proof, Transcript
from iotscan.text import clean

ACCESS = Kind(
    "database.access",
    {
        "product": str,
        "version": str,
        "open": bool,
        "encrypted": bool,
        "databases": int,
        "system": str,
    },
    "A data store or broker answered. open: it answered a question that it keeps from strangers"
    " when it has a login; databases: how many it listed.",
)


def access(
    talk: Transcript,
    product: str,
    turns: tuple[int, ...],
    *,
    is_open: bool | None = None,
    version: str = "",
    system: str = "",
    databases: int | None = None,
) -> Observation:
    """An observation about the service, with what is known and nothing else."""
    facts: dict[str, Fact] = {"product": product, "encrypted": _encrypted(talk, turns)}
    for word, text in (("version", version), ("system", system)):
        if shown := clean(text):
            facts[word] = shown
    if is_open is not None:
        facts["open"] = is_open
    if databases is not None:
        facts["databases"] = databases
    where = talk.service.endpoint
    proof = Proof(talk.id, turns)
    return Observation(ACCESS.name, facts, where.address, where, (proof,))


def _encrypted(talk: Transcript, turns: tuple[int, ...]) -> bool:
    number = talk.turns[turns[0]].channel if turns else 0
    channel = talk.channels[number] if number < len(talk.channels) else None
    return talk.service.tls if channel is None else channel.tls is not None
