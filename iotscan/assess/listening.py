"""What a capture shows, read as it goes by: conversations are read when they end and then dropped.

What is kept is what was concluded; a bound that was reached is told as a gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from iotscan.assess.derived.capture import scanning
from iotscan.assess.keeping import (
    MOST_PROOFS,
    Answers,
    Contacts,
    Devices,
    Observations,
    Witnesses,
)
from iotscan.assess.pairing import Pairing
from iotscan.assess.proving import proven
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
from iotscan.probe_api import Probe
from iotscan.protocols import socks
from iotscan.protocols.common.overheard import GUESSED, turned

MOST_HEARD = 65_536
# Of what one host tried in vain on one port of many others, so many are contacts; see ``Scans`` for
# the rest.
MOST_IN_VAIN = 16


@dataclass
class Listener:
    """Feed it what a capture reader hands out, then take ``readings``. ``file``: for proofs."""

    plugins: Plugins
    file: str = ""
    _devices: Devices = field(default_factory=Devices)
    _answers: Answers = field(default_factory=Answers)
    _contacts: Contacts = field(default_factory=Contacts)
    _observations: Observations = field(init=False)
    _witnesses: Witnesses = field(init=False)
    _pairing: Pairing = field(init=False)
    _gaps: dict[tuple[str, str], Gap] = field(default_factory=dict)
    _speakers: dict[Endpoint, set[str]] = field(default_factory=lambda: defaultdict(set))
    _began: dict[str, float] = field(default_factory=dict)
    _notes: dict[str, ConversationNote] = field(default_factory=dict)
    _heard: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pairing = Pairing(self.plugins.probes)
        self._observations = Observations(self._devices)
        self._witnesses = Witnesses(self._devices)

    def packet(self, packet: Packet) -> None:
        """An announcement. Devices say the same thing all day: once there are proofs enough that
        they did, it is not read again.
        """
        said_before = hash((packet.protocol, packet.mac, packet.source, packet.data))
        times = self._heard.get(said_before, 0)
        if times >= MOST_PROOFS:
            return
        if not self._devices.admits(packet.mac, packet.source):
            return
        if len(self._heard) >= MOST_HEARD:
            self._heard.clear()
        self._heard[said_before] = times + 1
        gaps: list[Gap] = []
        for said in read_packet(packet, self.plugins, gaps):
            if isinstance(said, Sighting):
                proof = replace(said.proof, file=self.file, at=packet.at)
                self._witnesses.add(witness(replace(said, proof=proof), packet, self.plugins))
            else:
                proofs = tuple(replace(p, file=self.file, at=packet.at) for p in said.proofs)
                self._observations.add(replace(said, proofs=proofs))
        self._fail(gaps)

    def sighting(self, sighting: Sighting) -> None:
        """A station: what it sent from is its own word, unless it is all that there is to know. A
        name that stands in the file itself is hearsay, and of no use but for who is known.
        """
        source = sighting.addresses[0] if sighting.addresses else None
        proof = replace(sighting.proof, file=self.file)
        if sighting.source == NAMES:
            if self._devices.knows(*sighting.addresses):
                self._witnesses.add(Witness(replace(sighting, proof=proof), hearsay=True))
            return
        own = source is None or source.is_global
        self._witnesses.add(Witness(replace(sighting, proof=proof), None if own else source, own))

    def answer(self, endpoint: Endpoint, client: Address, at: float, frame: int) -> None:
        """A port that answered a SYN."""
        self._contact(client, endpoint, frame, at, at, at, answered=True, opened=True)
        if self._answers.has_room(endpoint) and (
            endpoint.address.is_global or self._devices.admits(endpoint.address)
        ):
            proof = Proof(f"s{len(self._answers.kept) + 1}", (), self.file, (frame,), at)
            self._answers.kept[endpoint] = proof
        if endpoint in self._answers.kept:
            self._answers.opened.add(endpoint)

    def group(self, group: Endpoint, sender: Address, at: float, frame: int) -> None:
        """An announcement to a group."""
        self._contact(sender, group, frame, at, at, at, answered=False)

    def talk(self, talk: Transcript) -> bool:
        """A conversation: to every reader, and so what of it went through a proxy; if none can read
        it as it stands, the other way round. Whether any could, but for what a proxy was ordered.

        Who asked is a guess in UDP always, and where neither an opening nor a port tells.
        """
        self._contacted(talk)
        proxied = socks.behind(talk)
        if proxied is not None:
            self._read(proxied)
        if not talk.turns or self._read(talk):
            return True
        guessed = talk.service.endpoint.transport == "udp" or GUESSED in talk.note
        return guessed and self._read(turned(talk))

    def scans(self, scans: Scans, zero: float = 0.0) -> None:
        """What was counted of openings, once the capture is read. ``zero``: when it began, in the
        time that they are counted in.
        """
        for seen in scanning(scans, self.file, zero):
            self._observations.add(seen)
        for source, target, port, at, frame in scans.unanswered(MOST_IN_VAIN):
            place, began = Endpoint(parsed(target), "tcp", port), round(at - zero, 6)
            self._contact(parsed(source), place, frame, began, began, began, answered=False)

    def readings(self) -> Readings:
        """Everything that was concluded."""
        for probe, whole in self._pairing.rest():
            self._read_by([probe], whole)
        for kept in (self._observations, self._devices, self._answers, self._contacts):
            if kept.left_out:
                self._fail([Gap(self.file, "capture", Ending.BUDGET_SPENT, kept.left_out)])
        return Readings(
            self._witnesses.all(),
            self._observations.all(),
            tuple(self._gaps.values()),
            {},
            self._began,
            self._answers.kept,
            {place: frozenset(names) for place, names in self._speakers.items()},
            tuple(self._notes.values()),
            self._contacts.kept,
            frozenset(self._answers.opened),
            len(self._contacts.hours),
        )

    def _read(self, talk: Transcript) -> bool:
        asked: Sequence[Probe] = self.plugins.candidates.of(talk)
        kept = self._pairing.take(asked, talk)
        if kept:
            asked = [probe for probe in asked if probe not in kept]
            for probe, whole in self._pairing.due():
                self._read_by([probe], whole)
        return self._read_by(asked, talk) or bool(kept)

    def _read_by(self, asked: Iterable[Probe], talk: Transcript) -> bool:
        found: list[tuple[str, Observation]] = []
        gaps: list[Gap] = []
        for probe in asked:
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
            kept = self._observations.add(proven(seen, talk, self.file)) or kept
        answered = next((turn for turn in talk.turns if turn.sender == "server"), None)
        if answered is not None:
            self._mark(endpoint, talk, answered)
        # Of others no service is told, and there may be millions.
        if endpoint in self._answers.kept:
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
        opened: bool = False,
    ) -> None:
        proof = Proof("contact", (), self.file, (frame,), at)
        self._contacts.add(client, server, Contact(proof, answered, began, last, opened))

    def _mark(self, endpoint: Endpoint, talk: Transcript, turn: Turn) -> None:
        if self._answers.has_room(endpoint):
            frames = () if turn.frame is None else (turn.frame,)
            at = round(talk.began + turn.at, 6)
            self._answers.kept[endpoint] = Proof(talk.id, (), self.file, frames, at)

    def _fail(self, gaps: list[Gap]) -> None:
        for gap in gaps:
            self._gaps.setdefault((gap.what, gap.reason.rpartition(": ")[2]), gap)
