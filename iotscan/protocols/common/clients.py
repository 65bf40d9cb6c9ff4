"""What a captured conversation shows of the one who asked: words of its own that it sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iotscan.model import Fact, Observation, Proof, Transcript


def of_client(
    talk: Transcript, kind: str, facts: Mapping[str, Fact], turns: Sequence[int]
) -> Observation:
    """An observation about the client, whoever it talked to, proven by these turns: without an
    endpoint, so that it is the same of all its conversations. Only of captured ones.
    """
    if talk.client is None:
        raise ValueError("our own conversations show nothing of their client")
    return Observation(kind, facts, talk.client.address, None, (Proof(talk.id, tuple(turns)),))
