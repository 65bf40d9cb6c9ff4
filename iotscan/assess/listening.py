"""What a capture shows, read as it goes by: conversations are read when they end and then dropped.

A capture may be a thousand times larger than memory, so what is kept is what was concluded: each
observation once with its first proofs, each sighting once, which ports answered. All of it is
bounded, and a bound that was reached is told as a gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from iotscan.assess.candidates import Candidates
from iotscan.assess.derived.capture import scanning
from iotscan.assess.reading import (
    Contact,
    Plugins,
    Readings,
    Witness,
    fenced,
    read_packet,
    witness,
)
from iotscan.capture.reader import NAMES
from iotscan.capture.scans import Scans
from iotscan.capture.stations import parsed
from iotscan.model import (
    Address,
    ConversationNote,
    Ending,
    Endpoint,
    Gap,
    Observation,
    Packet,
    Proof,
    Sighting,
    Transcript,
    Turn,
)
from iotscan.protocols.common.overheard import GUESSED

MOST_OBSERVATIONS = 50_000
# Different observations of one kind at one place: a scanner that is let in says a thousand things.
MOST_ALIKE = 256
# Observations of one kind of servers outside that one device talked to: a browser meets thousands.
MOST_OUTSIDE = 128
MOST_PROOFS = 8
MOST_HEARD = 65_536
MOST_WITNESSES = 20_000
# MACs and addresses on this side of the internet of which a report is made: what it says of a
# device takes some ten kilobytes.
MOST_DEVICES = 4096
MOST_ANSWERS = 65_536
# Of servers outside, which are nobody's devices here.
MOST_ANSWERS_OUTSIDE = 4096
MOST_CONTACTS = 10_000
# Of what one host tried in vain on one port of many others, so many are contacts; see ``Scans`` for
# the rest.
MOST_IN_VAIN = 16

_Place = tuple[str, Address | str, Endpoint | None]
_Key = tuple[str, Address, Endpoint | None, frozenset[tuple[str, object]]]


@dataclass
class Listener:
    """Feed it what a capture reader hands out, then take ``readings``. ``file``: for proofs."""

    plugins: Plugins
    file: str = ""
    _observations: dict[_Key, tuple[Observation, list[Proof]]] = field(default_factory=dict)
    _alike: dict[_Place, int] = field(default_factory=lambda: defaultdict(int))
    _witnesses: dict[tuple[object, ...], Witness] = field(default_factory=dict)
    _gaps: dict[tuple[str, str], Gap] = field(default_factory=dict)
    _answers: dict[Endpoint, Proof] = field(default_factory=dict)
    _speakers: dict[Endpoint, set[str]] = field(default_factory=lambda: defaultdict(set))
    _began: dict[str, float] = field(default_factory=dict)
    _notes: dict[str, ConversationNote] = field(default_factory=dict)
    _contacts: dict[tuple[Address, Endpoint], Contact] = field(default_factory=dict)
    _heard: dict[int, int] = field(default_factory=dict)
    _identities: set[Address | str] = field(default_factory=set)
    _unseen: int = 0
    _outside: int = 0
    _dropped: int = 0
    _candidates: Candidates = field(init=False)

    def __post_init__(self) -> None:
        self._candidates = Candidates(self.plugins.probes)

    def packet(self, packet: Packet) -> None:
        """An announcement. Devices say the same thing all day: once there are proofs enough that
        they did, it is not read again.
        """
        said_before = hash((packet.protocol, packet.mac, packet.source, packet.data))
        times = self._heard.get(said_before, 0)
        if times >= MOST_PROOFS:
            return
        if not self._admits(packet.mac, packet.source):
            return
        if len(self._heard) >= MOST_HEARD:
            self._heard.clear()
        self._heard[said_before] = times + 1
        gaps: list[Gap] = []
        for said in read_packet(packet, self.plugins, gaps):
            if isinstance(said, Sighting):
                proof = replace(said.proof, file=self.file, at=packet.at)
                self._see(witness(replace(said, proof=proof), packet, self.plugins))
            else:
                proofs = tuple(replace(p, file=self.file, at=packet.at) for p in said.proofs)
                self._observe(replace(said, proofs=proofs))
        self._fail(gaps)

    def sighting(self, sighting: Sighting) -> None:
        """A station: what it sent from is its own word, unless it is all that there is to know. A
        name that stands in the file itself is hearsay, and of no use but for who is known.
        """
        source = sighting.addresses[0] if sighting.addresses else None
        proof = replace(sighting.proof, file=self.file)
        if sighting.source == NAMES:
            if not self._identities.isdisjoint(sighting.addresses):
                self._see(Witness(replace(sighting, proof=proof), hearsay=True))
            return
        own = source is None or source.is_global
        self._see(Witness(replace(sighting, proof=proof), None if own else source, own))

    def answer(self, endpoint: Endpoint, client: Address, at: float, frame: int) -> None:
        """A port that answered a SYN."""
        self._contact(client, endpoint, frame, at, at, at, answered=True)
        if self._has_room(endpoint) and (
            endpoint.address.is_global or self._admits(endpoint.address)
        ):
            proof = Proof(f"s{len(self._answers) + 1}", (), self.file, (frame,), at)
            self._answers[endpoint] = proof

    def _has_room(self, endpoint: Endpoint) -> bool:
        """Whether it is new that this endpoint answers, and there is room for one of its kind."""
        if endpoint in self._answers or len(self._answers) >= MOST_ANSWERS:
            return False
        if not endpoint.address.is_global:
            return True
        self._outside += self._outside < MOST_ANSWERS_OUTSIDE
        return self._outside < MOST_ANSWERS_OUTSIDE

    def group(self, group: Endpoint, sender: Address, at: float, frame: int) -> None:
        """An announcement to a group."""
        self._contact(sender, group, frame, at, at, at, answered=False)

    def talk(self, talk: Transcript) -> bool:
        """A conversation: to every reader; if none can read it as it stands, the other way round.
        Whether any could.

        Who asked is a guess in UDP always, and where neither an opening nor a port tells.
        """
        self._contacted(talk)
        if not talk.turns or self._read(talk):
            return True
        guessed = talk.service.endpoint.transport == "udp" or GUESSED in talk.note
        return guessed and self._read(turned(talk))

    def scans(self, scans: Scans, zero: float = 0.0) -> None:
        """What was counted of openings, once the capture is read. ``zero``: when it began, in the
        time that they are counted in.
        """
        for seen in scanning(scans, self.file, zero):
            self._observe(seen)
        for source, target, port, at, frame in scans.unanswered(MOST_IN_VAIN):
            place, began = Endpoint(parsed(target), "tcp", port), round(at - zero, 6)
            self._contact(parsed(source), place, frame, began, began, began, answered=False)

    def readings(self) -> Readings:
        """Everything that was concluded."""
        if self._dropped:
            reason = (
                f"{self._dropped} observations were left out: of one kind the first {MOST_ALIKE} "
                f"of a service are kept, the first {MOST_OUTSIDE} of what one device did outside, "
                f"and {MOST_OBSERVATIONS} in all"
            )
            self._fail([Gap(self.file, "capture", Ending.BUDGET_SPENT, reason)])
        if self._unseen:
            reason = (
                f"{self._unseen} signs of devices were left out: those of the first {MOST_DEVICES} "
                f"MACs and addresses are kept, {MOST_WITNESSES} in all"
            )
            self._fail([Gap(self.file, "capture", Ending.BUDGET_SPENT, reason)])
        return Readings(
            tuple(self._witnesses.values()),
            tuple(
                replace(seen, proofs=tuple(proofs)) for seen, proofs in self._observations.values()
            ),
            tuple(self._gaps.values()),
            {},
            self._began,
            self._answers,
            {place: frozenset(names) for place, names in self._speakers.items()},
            tuple(self._notes.values()),
            self._contacts,
        )

    def _read(self, talk: Transcript) -> bool:
        found: list[tuple[str, Observation]] = []
        gaps: list[Gap] = []
        for probe in self._candidates.of(talk):
            read: Callable[[], Iterable[Observation]] = partial(probe.read, talk)
            try:
                said = list(probe.read(talk))
                if not said:
                    continue  # nearly all have nothing to say of it: no need for the fence
                read = partial(tuple, said)
            except Exception:  # noqa: S110  (the fence below reads again, and tells)
                pass
            for seen in fenced(read, probe, talk.id, self.plugins, gaps):
                found.append((probe.name, seen))
        self._fail(gaps)
        if not found:
            return False
        endpoint = talk.service.endpoint
        kept = False
        for _, seen in found:
            kept = self._observe(_proven(seen, talk, self.file)) or kept
        answered = next((turn for turn in talk.turns if turn.sender == "server"), None)
        if answered is not None:
            self._mark(endpoint, talk, answered)
        if endpoint in self._answers:  # of others no service is told, and there may be millions
            names = (name for name, _ in found if self.plugins.probes[name].openings)
            self._speakers[endpoint].update(names)
        if kept:
            note = ConversationNote(
                talk.id, talk.probe, endpoint, talk.ending, len(talk.turns), talk.note
            )
            self._notes[talk.id], self._began[talk.id] = note, talk.began
        return True

    def _contacted(self, talk: Transcript) -> None:
        if talk.client is None or not talk.turns:
            return
        client, server = talk.client, talk.service.endpoint
        said = next((turn for turn in talk.turns if turn.sender == "server"), None)
        if client.address.is_multicast:
            # A group asks nobody: who asked was a guess.
            client, server, said = server, client, None
        shown = said or talk.turns[0]
        at, last = (round(talk.began + turn.at, 6) for turn in (shown, talk.turns[-1]))
        self._contact(
            client.address,
            server,
            shown.frame or 0,
            at,
            talk.began,
            last,
            answered=said is not None,
        )

    def _contact(
        self,
        client: Address,
        server: Endpoint,
        frame: int,
        at: float,
        began: float,
        last: float,
        *,
        answered: bool,
    ) -> None:
        proof = Proof("contact", (), self.file, (frame,), at)
        new, known = Contact(proof, answered, began, last), self._contacts.get((client, server))
        if known is not None and (known.answered or not answered):
            self._contacts[client, server] = known.joined(new)
        elif known is not None or len(self._contacts) < MOST_CONTACTS:
            # The proof of an answer is worth more than that of a try in vain.
            self._contacts[client, server] = new.joined(known) if known else new

    def _mark(self, endpoint: Endpoint, talk: Transcript, turn: Turn) -> None:
        if self._has_room(endpoint):
            frames = () if turn.frame is None else (turn.frame,)
            at = round(talk.began + turn.at, 6)
            self._answers[endpoint] = Proof(talk.id, (), self.file, frames, at)

    def _observe(self, seen: Observation) -> bool:
        """Keep it, or its proof if it is known; whether anything was kept."""
        key = (seen.kind, seen.address, seen.endpoint, frozenset(seen.facts.items()))
        known = self._observations.get(key)
        if known is not None:
            return _cite(known[1], seen.proofs)
        place: _Place = (seen.kind, seen.address, seen.endpoint)
        if not seen.address.is_global and not self._admits(seen.address):
            return False
        if seen.address.is_global and "peer" in seen.facts:
            outside: _Place = (seen.kind, str(seen.facts["peer"]), None)
            if self._alike[outside] >= MOST_OUTSIDE:
                self._dropped += 1
                return False
            self._alike[outside] += 1
        if len(self._observations) >= MOST_OBSERVATIONS or self._alike[place] >= MOST_ALIKE:
            self._dropped += 1
            return False
        self._alike[place] += 1
        self._observations[key] = (seen, list(seen.proofs))
        return True

    def _see(self, witness: Witness) -> None:
        sighting = witness.sighting
        key = (
            sighting.source,
            sighting.addresses,
            sighting.mac,
            sighting.names,
            tuple(sorted(sighting.traits.items())),
            sighting.leads,
            witness.source,
        )
        if key in self._witnesses or not self._admits(sighting.mac, *sighting.addresses):
            return
        if len(self._witnesses) < MOST_WITNESSES:
            self._witnesses[key] = witness
        else:
            self._unseen += 1

    def _admits(self, *who: Address | str | None) -> bool:
        """Whether there is room for a device that is known by any of these."""
        told = [one for one in who if one is not None]
        if not told or not self._identities.isdisjoint(told):
            return True
        if len(self._identities) >= MOST_DEVICES:
            self._unseen += 1
            return False
        self._identities.update(told)
        return True

    def _fail(self, gaps: list[Gap]) -> None:
        for gap in gaps:
            self._gaps.setdefault((gap.what, gap.reason.rpartition(": ")[2]), gap)


def turned(talk: Transcript) -> Transcript:
    """The same conversation with the roles exchanged."""
    assert talk.client is not None
    service = replace(talk.service, endpoint=talk.client)
    return replace(
        talk,
        service=service,
        client=talk.service.endpoint,
        turns=tuple(
            replace(turn, sender="server" if turn.sender == "client" else "client")
            for turn in talk.turns
        ),
        channels=tuple(replace(channel, endpoint=talk.client) for channel in talk.channels),
    )


def _proven(seen: Observation, talk: Transcript, file: str) -> Observation:
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


def _cite(known: list[Proof], proofs: Sequence[Proof]) -> bool:
    """Add the proofs, as many as there is room for; whether any was. The earliest are kept: a long
    conversation is handed on after short ones that began later.
    """
    if len(known) < MOST_PROOFS:
        known.extend(proofs)
        return True
    last = max(range(len(known)), key=lambda i: known[i].frames)
    if not proofs or proofs[0].frames >= known[last].frames:
        return False
    known[last] = proofs[0]
    return True
