"""From a capture file to what readers understand: transcripts, announcements and stations.

Frames are sorted into flows, flows into transcripts for the very readers that a live scan uses, and
announcements into packets. Everything is handed on as soon as it is complete, so memory does not
grow with the length of the capture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from iotscan.capture.datagrams import Heard
from iotscan.capture.files import opened
from iotscan.capture.flows import Part
from iotscan.capture.frames import Walk
from iotscan.capture.internet import TCP
from iotscan.capture.pcapng import Told
from iotscan.capture.scans import Scans
from iotscan.capture.sorter import Sorter
from iotscan.capture.stations import Stations, parsed
from iotscan.model import (
    Address,
    Channel,
    Ending,
    Endpoint,
    Packet,
    Proof,
    Service,
    Sighting,
    Transcript,
    Transport,
    Turn,
)
from iotscan.protocols.common.overheard import FIRST_MISSING, GUESSED, MISSING
from iotscan.protocols.tls.keylog import Keys, parse_keylog, tls_facts
from iotscan.protocols.tls.keylog import opened as opened_session
from iotscan.text import clean

# Where a sighting is from that says how the capture's maker called an address.
NAMES = "names"


@dataclass
class CaptureFacts:
    """What a file was, once it is read: how many frames, when, and where reading stopped.

    ``snapped``: frames that were looked at, and of which the capture holds only the beginning.
    """

    path: str
    sha256: str = ""
    size: int = 0
    frames: int = 0
    first: float = 0.0
    last: float = 0.0
    damage: str = ""
    unread_links: dict[int, int] = field(default_factory=dict)
    lost_fragments: int = 0
    flows_cut: int = 0
    unlisted: int = 0
    snapped: int = 0


@dataclass
class Reader:
    """Reads one capture. ``hears``: (layer, number) → announcement protocol, see ``Sorter``.

    ``on_talk`` gets transcripts and may tell by False that nobody could read one, so that a flow of
    such is not looked at any longer; what was said inside TLS follows as a transcript of its own,
    where the capture holds the keys (a decryption secrets block). ``on_packet`` gets announcements,
    ``on_sighting`` the stations at the end, ``on_answer`` each port that answered a SYN: endpoint,
    client, time, frame, and ``on_group`` each announcement to a group: group, sender, time, frame.
    Times are seconds since the first frame. ``usual``: ports that servers use, to tell who asks
    where the beginning is not in the capture. ``scans`` is for use afterwards.
    """

    hears: Mapping[tuple[str, int], str]
    on_talk: Callable[[Transcript], object]
    on_packet: Callable[[Packet], None]
    on_sighting: Callable[[Sighting], None]
    on_answer: Callable[[Endpoint, Address, float, int], None] = lambda *_: None
    usual: Set[int] = frozenset()
    on_group: Callable[[Endpoint, Address, float, int], None] = lambda *_: None
    scans: Scans = field(default_factory=Scans)
    _told: Told = field(default_factory=Told)
    _read_blocks: int = 0
    _known_keys: Keys = field(default_factory=dict)
    _talks: int = 0
    _packets: int = 0
    _zero: float = 0.0

    def read(self, path: Path | str) -> CaptureFacts:
        """Read the file to its end, or as far as it can be read."""
        facts = CaptureFacts(str(path))
        stations = Stations()
        sorter = Sorter(
            self.hears,
            self._part,
            self._heard,
            stations.add,
            self.scans.opening,
            self._answer,
            self._group,
            self.usual,
            lambda: bool(self._told.keylog),
        )
        with opened(path) as source:
            walk = Walk(source, sorter.quiet, sorter.quiet_udp)
            self._told = walk.told
            take = sorter.take
            for frame in walk.frames():
                if not facts.frames:
                    self._zero = facts.first = facts.last = frame[1]
                    facts.frames = 1
                facts.snapped += frame[4] > len(frame[3])
                take(frame)
            facts.frames, facts.last = walk.count, max(facts.last, walk.last)
            facts.sha256, facts.size = source.digest()
        sorter.finish()
        for sighting in stations.sightings():
            self.on_sighting(sighting)
        for address, name in sorted(self._told.names.items()):
            proof = Proof(NAMES)
            self.on_sighting(
                Sighting(NAMES, (parsed(address),), None, (clean(name).rstrip("."),), proof=proof)
            )
        facts.damage = walk.damage
        facts.unlisted = stations.unlisted
        facts.unread_links = sorter.unknown_links
        facts.lost_fragments, facts.flows_cut = sorter.fragments.given_up, sorter.evicted
        return facts

    def _part(self, part: Part) -> bool:
        self._talks += 1
        if part.said and part.transport == TCP:
            # Of a capture of one direction only, the answers to openings are missing.
            unseen = part.opened and not part.accepted
            self.scans.answer(part.server, part.server_port, part.client, unseen=unseen)
        began = part.said[0][1] if part.said else self._zero
        transport: Transport = "tcp" if part.transport == TCP else "udp"
        endpoint = Endpoint(parsed(part.server), transport, part.server_port)
        client = Endpoint(parsed(part.client), transport, part.client_port)
        turns = tuple(
            Turn(sender, round(at - began, 6), data, 0, None, frame, number in part.cut)
            for number, (sender, at, data, frame) in enumerate(part.said)
        )
        talk = Transcript(
            f"c{self._talks}",
            Service(endpoint),
            "capture",
            round(began - self._zero, 6),
            turns,
            (Channel(endpoint, 0.0, part.ending),),
            Ending.COMPLETE if part.said else part.ending,
            _note(part, self.usual),
            client,
        )
        understood = self.on_talk(talk) is not False
        self._open(talk, part)
        return understood

    def _open(self, talk: Transcript, part: Part) -> None:
        """Hand on what was said inside TLS, where the capture holds the keys to it."""
        keys = self._keys() if part.transport == TCP else {}
        if not keys:
            return
        said = ((i, turn.sender, turn.data) for i, turn in enumerate(talk.turns))
        session = opened_session(said, keys)
        if session is None or not session.said:
            return
        self._talks += 1
        turns = tuple(replace(talk.turns[i], data=content) for i, _, content in session.said)
        channel = replace(talk.channels[0], tls=tls_facts(session.flight))
        self.on_talk(replace(talk, id=f"c{self._talks}", turns=turns, channels=(channel,)))

    def _keys(self) -> Keys:
        blocks = self._told.keylog
        if len(blocks) != self._read_blocks:
            self._read_blocks, self._known_keys = len(blocks), parse_keylog(b"\n".join(blocks))
        return self._known_keys

    def _heard(self, heard: Heard) -> None:
        self._packets += 1
        self.on_packet(
            Packet(
                f"p{self._packets}",
                round(heard.at - self._zero, 6),
                heard.protocol,
                heard.data,
                parsed(heard.source) if any(heard.source) else None,
                heard.mac.hex(":") if heard.mac else None,
                frame=heard.frame,
            )
        )

    def _answer(self, server: bytes, port: int, client: bytes, at: float, frame: int) -> None:
        self.scans.answer(server, port, client)
        endpoint = Endpoint(parsed(server), "tcp", port)
        self.on_answer(endpoint, parsed(client), round(at - self._zero, 6), frame)

    def _group(self, source: bytes, group: bytes, port: int, at: float, frame: int) -> None:
        endpoint = Endpoint(parsed(group), "udp", port)
        self.on_group(endpoint, parsed(source), round(at - self._zero, 6), frame)


def _note(part: Part, usual: Set[int]) -> str:
    words = []
    if not part.began and part.transport == TCP:
        words.append("starts mid-stream")
        if not part.opened and (part.server_port in usual) is (part.client_port in usual):
            words.append(GUESSED)
    words += [FIRST_MISSING[side] for side in sorted(part.unheard)]
    if part.missing:
        words.append(MISSING)
    return ", ".join(words)
