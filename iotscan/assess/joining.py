"""What several captures gave, as if they were one: each is read on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iotscan.assess.reading import Contact, Readings, Witness
from iotscan.model import Address, ConversationNote, Endpoint, Observation, Proof


def numbered(was: Readings, prefix: str) -> Readings:
    """With the number of its capture, say, in front of every id."""

    def proof(known: Proof) -> Proof:
        return replace(known, source=prefix + known.source)

    def witness(known: Witness) -> Witness:
        return replace(known, sighting=replace(known.sighting, proof=proof(known.sighting.proof)))

    def observation(known: Observation) -> Observation:
        return replace(known, proofs=tuple(map(proof, known.proofs)))

    def note(known: ConversationNote) -> ConversationNote:
        return replace(known, id=prefix + known.id)

    return replace(
        was,
        witnesses=tuple(map(witness, was.witnesses)),
        observations=tuple(map(observation, was.observations)),
        began={prefix + name: at for name, at in was.began.items()},
        answers={place: proof(known) for place, known in was.answers.items()},
        notes=tuple(map(note, was.notes)),
        contacts={
            pair: replace(known, proof=proof(known.proof)) for pair, known in was.contacts.items()
        },
    )


def later(was: Readings, seconds: float) -> Readings:
    """With its times counted from so much earlier on."""
    began = {name: round(at + seconds, 6) for name, at in was.began.items()}
    contacts = {
        pair: replace(
            known, began=round(known.began + seconds, 6), last=round(known.last + seconds, 6)
        )
        for pair, known in was.contacts.items()
    }
    return replace(was, began=began, contacts=contacts)


def joined(parts: Sequence[Readings]) -> Readings:
    """As if they were of one; of what several tell, the first proof counts."""
    answers: dict[Endpoint, Proof] = {}
    contacts: dict[tuple[Address, Endpoint], Contact] = {}
    spoken: dict[Endpoint, frozenset[str]] = {}
    for part in reversed(parts):
        answers |= part.answers
    for part in parts:
        for pair, contact in part.contacts.items():
            known = contacts.get(pair)
            contacts[pair] = known.joined(contact) if known else contact
        for place, names in part.spoken.items():
            spoken[place] = spoken.get(place, frozenset()) | names
    return Readings(
        tuple(witness for part in parts for witness in part.witnesses),
        tuple(seen for part in parts for seen in part.observations),
        tuple(gap for part in parts for gap in part.gaps),
        {},
        {name: at for part in parts for name, at in part.began.items()},
        answers,
        spoken,
        tuple(note for part in parts for note in part.notes),
        contacts,
        frozenset().union(*(part.opened for part in parts)),
        sum(part.hours for part in parts),
    )
