"""What a reader saw in a conversation of a capture, with the frames that prove it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from iotscan.model import Observation, Proof, Transcript


def proven(seen: Observation, talk: Transcript, file: str) -> Observation:
    """With its peer, if it tells of what these two had to do with each other, and the frames of the
    turns that prove it: these can be looked up.
    """
    proofs = []
    for proof in seen.proofs or (Proof(talk.id),):
        cited = [talk.turns[i].frame for i in proof.turns if 0 <= i < len(talk.turns)]
        frames = proof.frames or tuple(sorted({f for f in cited if f is not None}))
        if not frames:
            first = talk.turns[0].frame
            frames = () if first is None else (first,)
        at = _when(talk, proof.turns, frames)
        proofs.append(Proof(proof.source, proof.turns, file, frames, at))
    peer = {} if seen.endpoint is None else {"peer": _peer(seen, talk)}
    facts = {**peer, **seen.facts}
    return Observation(seen.kind, facts, seen.address, seen.endpoint, tuple(proofs))


def _when(talk: Transcript, turns: Sequence[int], frames: Sequence[int]) -> float | None:
    """When the first of these frames was; ``turns``: where in the conversation to look for it."""
    first = min(frames, default=None)
    for index in turns or range(len(talk.turns)):
        if 0 <= index < len(talk.turns) and talk.turns[index].frame == first:
            return round(talk.began + talk.turns[index].at, 6)
    return None


def _peer(seen: Observation, talk: Transcript) -> str:
    server, client = talk.service.endpoint.address, talk.client and talk.client.address
    return _written(client if seen.address == server else server)


_written = lru_cache(maxsize=4096)(str)
