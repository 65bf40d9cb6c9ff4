"""Every packet and transcript of a recording, read by the plug-ins that can read it.

Readers promise never to raise. One that does is a bug, and a bug means that something was not
looked at: it becomes a gap, never "nothing there".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeVar

from iotscan.assess.candidates import Candidates
from iotscan.model import (
    RECOGNITION,
    Address,
    ConversationNote,
    Ending,
    Endpoint,
    Gap,
    Observation,
    Packet,
    Proof,
    Recording,
    Sighting,
    Transcript,
)
from iotscan.plugins import discoverers, probes
from iotscan.probe_api import Discoverer, Probe
from iotscan.text import clean

_T = TypeVar("_T")
# In seconds.
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Witness:
    """A sighting and what backs it: the sender's address and whether its MAC is authoritative.

    ``source`` is the address that the packet really came from; None for link-layer frames and for
    sightings that the scanner made itself, whose every word is taken (``own``). What another frame
    says of its sender's addresses is taken unless others know better. ``hearsay``: what a third
    party calls a device, which names it where it is known otherwise and proves nothing.
    """

    sighting: Sighting
    source: Address | None = None
    own: bool = False
    hearsay: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """That somebody spoke to a server or group in a capture: the first proof, whether it answered,
    and when, in seconds since the capture (of several: the first) began. ``opened``: whether the
    capture shows that it answered an opening (TCP).
    """

    proof: Proof
    answered: bool = True
    began: float = 0.0
    last: float = 0.0
    opened: bool = False

    def joined(self, other: Contact) -> Contact:
        """This one and a later one of the same two."""
        return Contact(
            self.proof,
            self.answered or other.answered,
            min(self.began, other.began),
            max(self.last, other.last),
            self.opened or other.opened,
        )


@dataclass(frozen=True, slots=True)
class Readings:
    """What the readers said. ``speakers``: who observed something in each conversation.

    The rest is for captures, whose conversations are not kept: when each one that is cited began,
    what shows that an endpoint answered, which readers could read it, the lines that tell of cited
    conversations, who spoke to whom, which endpoints answered an opening, and in how many hours
    anything was said.
    """

    witnesses: tuple[Witness, ...]
    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    speakers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    began: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[Endpoint, Proof] = field(default_factory=dict)
    spoken: Mapping[Endpoint, frozenset[str]] = field(default_factory=dict)
    notes: tuple[ConversationNote, ...] = ()
    contacts: Mapping[tuple[Address, Endpoint], Contact] = field(default_factory=dict)
    opened: frozenset[Endpoint] = frozenset()
    hours: int = 0


@dataclass
class Plugins:
    """The readers by name."""

    probes: Mapping[str, Probe] = field(default_factory=lambda: {p.name: p for p in probes()})
    discoverers: Mapping[str, Discoverer] = field(
        default_factory=lambda: {d.name: d for d in discoverers()}
    )
    _words: dict[tuple[type, str], Mapping[str, Mapping[str, type]]] = field(default_factory=dict)

    @property
    def hears(self) -> dict[tuple[str, int], str]:
        """Layer and number of a packet → the announcement reader that it is for."""
        readers = self.discoverers.values()
        return {place: reader.name for reader in readers for place in reader.hears}

    @property
    def usual(self) -> set[int]:
        """The ports that servers use of what the probes speak."""
        openings = (opening for probe in self.probes.values() for opening in probe.openings)
        return {port for opening in openings for port in (*opening.ports, *opening.tls)}

    @cached_property
    def candidates(self) -> Candidates:
        """Whom a conversation of a capture is worth offering to: it takes longer to build than a
        small capture to read.
        """
        return Candidates(self.probes)

    def words(self, reader: Probe | Discoverer) -> Mapping[str, Mapping[str, type]]:
        """The kinds a reader declares, with the types of their facts."""
        # A probe and a discoverer may carry the name of the one protocol that both speak.
        key = (type(reader), reader.name)
        known = self._words.get(key)
        if known is None:
            known = self._words[key] = {kind.name: kind.facts for kind in reader.emits}
        return known


def read_all(recording: Recording, plugins: Plugins | None = None) -> Readings:
    """Everything that the readers find in a recording, in the recording's order."""
    plugins = plugins or Plugins()
    witnesses = [Witness(sighting, own=True) for sighting in recording.sightings]
    observations: list[Observation] = []
    gaps: list[Gap] = []
    speakers: dict[str, frozenset[str]] = {}
    for packet in recording.packets:
        for said in read_packet(packet, plugins, gaps):
            if isinstance(said, Sighting):
                witnesses.append(witness(said, packet, plugins))
            else:
                observations.append(said)
    for talk in recording.transcripts:
        said_by: set[str] = set()
        for probe in _readers(talk, recording.header.source, plugins, gaps):
            found = fenced(partial(probe.read, talk), probe, talk.id, plugins, gaps)
            observations += (_proven(item, talk) for item in found)
            said_by |= {probe.name} if found else set()
        speakers[talk.id] = frozenset(said_by)
    return Readings(tuple(witnesses), tuple(observations), tuple(gaps), speakers)


def read_packet(
    packet: Packet, plugins: Plugins, gaps: list[Gap]
) -> Iterator[Sighting | Observation]:
    """What an announcement says, with its packet as proof; faults of the reader go to ``gaps``."""
    reader = plugins.discoverers.get(packet.protocol)
    if reader is None:
        return
    proof = Proof.of(packet)
    for said in fenced(partial(reader.read, packet), reader, packet.id, plugins, gaps):
        if isinstance(said, Sighting):
            yield replace(said, proof=said.proof if said.proof.source else proof)
        else:
            yield _backed(replace(said, proofs=said.proofs or (proof,)), packet.source)


def witness(sighting: Sighting, packet: Packet, plugins: Plugins) -> Witness:
    """What backs a sighting: the link layer, where the packet is of a protocol that tells which MAC
    has an address (its discoverer ``vouches``); else its sender, as far as it has an address.
    """
    if getattr(plugins.discoverers.get(packet.protocol), "hearsay", False):
        return Witness(sighting, None, hearsay=True)
    vouched = getattr(plugins.discoverers.get(packet.protocol), "vouches", False)
    own = vouched and sighting.mac is not None
    return Witness(sighting, None if own else packet.source, own)


def _backed(observation: Observation, source: Address | None) -> Observation:
    """What a packet says is booked on its sender: nobody can speak for another device."""
    if source in (None, observation.address):
        return observation
    endpoint = observation.endpoint
    assert source is not None
    return replace(
        observation,
        address=source,
        endpoint=replace(endpoint, address=source) if endpoint else None,
    )


def _readers(talk: Transcript, source: str, plugins: Plugins, gaps: list[Gap]) -> Iterable[Probe]:
    """Who reads a conversation: its probe; for a recognition, the probe of what was recognised;
    for a capture, where nobody chose the conversation, every probe.
    """
    if source != "scan":
        return plugins.probes.values()
    name = talk.service.name if talk.probe == RECOGNITION else talk.probe
    if name is not None and name in plugins.probes:
        return (plugins.probes[name],)
    if name is not None:
        gaps.append(_unreadable(talk, name))
    return ()


def _unreadable(talk: Transcript, name: str) -> Gap:
    return Gap(
        str(talk.service.endpoint),
        name,
        Ending.WRONG_PROTOCOL,
        f"the conversation {talk.id} was recorded by a probe that is not installed here",
        "Install the plug-in that brings this probe, then replay the recording.",
    )


def fenced(
    read: Callable[[], Iterable[_T]],
    reader: Probe | Discoverer,
    source: str,
    plugins: Plugins,
    gaps: list[Gap],
) -> list[_T]:
    """What a reader says, without what breaks its word; each fault becomes one gap."""
    found: list[_T] = []
    faults: dict[str, None] = {}
    try:
        for said in read():
            fault = _fault(said, plugins.words(reader)) if isinstance(said, Observation) else ""
            if fault:
                faults[fault] = None
            else:
                found.append(said)
    except Exception as error:  # the fence: a reader's bug must not hide what others read
        faults[f"{type(error).__name__}: {error}"] = None
    for fault in faults:
        reason = clean(f"the reader of {reader.name} failed on {source}: {fault}")
        advice = "This is a defect in the reader. Report it with the recording."
        gaps.append(Gap(source, reader.name, Ending.BUG, reason, advice))
    return found


def _fault(said: Observation, words: Mapping[str, Mapping[str, type]]) -> str:
    """Which of its declared words a reader did not keep to; empty when all is well."""
    facts = words.get(said.kind)
    if facts is None:
        return f"it does not declare the kind {said.kind}"
    for name, value in said.facts.items():
        wanted = facts.get(name)
        if wanted is None:
            return f"{said.kind} does not declare the fact {name}"
        fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
        if not fits or (isinstance(value, bool) and wanted is not bool):
            return f"{said.kind} declares {name} as {wanted.__name__}, not {type(value).__name__}"
    return ""


def _proven(observation: Observation, talk: Transcript) -> Observation:
    """With the conversation as proof where the reader gave none, and the capture's frames."""
    proofs = observation.proofs or (Proof(talk.id),)
    return replace(observation, proofs=tuple(_with_frames(proof, talk) for proof in proofs))


def _with_frames(proof: Proof, talk: Transcript) -> Proof:
    cited = [talk.turns[i].frame for i in proof.turns if 0 <= i < len(talk.turns)]
    frames = tuple(sorted({frame for frame in cited if frame is not None}))
    return replace(proof, frames=frames) if frames and not proof.frames else proof
