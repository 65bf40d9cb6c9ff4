"""Recordings of scans that can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

from iotscan.anonymise import wire
from iotscan.anonymise.book import Book
from iotscan.anonymise.conversations import datagram, rewritten
from iotscan.anonymise.job import book_for, hear, learn
from iotscan.anonymise.secrets import own
from iotscan.anonymise.statement import Done, done
from iotscan.anonymise.wish import Wish
from iotscan.assess.reading import Plugins, read_all
from iotscan.capture.recording import Journal, load
from iotscan.errors import UsageError
from iotscan.model import (
    Address,
    Channel,
    Endpoint,
    Fact,
    Gap,
    Header,
    Packet,
    Recording,
    Service,
    Sighting,
    Subnet,
    Sweep,
    Transcript,
)

BLANKED = "conversations that nobody could read"


def anonymise(source: Path, target: Path, wish: Wish) -> Done:
    """Write a recording's anonymised form. Raises RecordingError where it is damaged, UsageError
    where the output cannot be written.
    """
    recorded = load(source)
    book, plugins = book_for(wish), Plugins()
    readings = read_all(recorded, plugins)
    for talk in recorded.transcripts:
        hear(talk, book, own(talk))
    for packet in recorded.packets:
        if packet.mac:
            book.macs(_raw(packet.mac))
    learn(readings, book)
    book.close()
    read = {name for name, speakers in readings.speakers.items() if speakers}
    layers = {d.name: d.hears[0] for d in plugins.discoverers.values() if d.hears}
    new = _Rewriter(book, layers, read, wish).recording(recorded)
    entries = (
        new.header,
        *new.packets,
        *new.sightings,
        *new.sweeps,
        *new.transcripts,
        *new.gaps,
        *new.blind_spots,
        *((new.footer,) if new.footer else ()),
    )
    journal = Journal(target)
    try:
        for entry in entries:
            journal.add(entry)
    finally:
        journal.close()
    if len(journal.entries) != len(entries):
        # A journal does not end a scan when its disk is full; here nothing is won by going on.
        raise UsageError(f"{target} cannot be written: the disk may be full")
    return done(book, wish)


class _Rewriter:
    def __init__(
        self, book: Book, layers: Mapping[str, tuple[str, int]], read: set[str], wish: Wish
    ) -> None:
        self._book, self._layers, self._read, self._wish = book, layers, read, wish

    def recording(self, recorded: Recording) -> Recording:
        footer = recorded.footer
        return Recording(
            self._header(recorded.header),
            tuple(map(self._packet, recorded.packets)),
            tuple(map(self._sighting, recorded.sightings)),
            tuple(map(self._sweep, recorded.sweeps)),
            tuple(map(self._talk, recorded.transcripts)),
            tuple(map(self._gap, recorded.gaps)),
            tuple(map(self._text, recorded.blind_spots)),
            replace(footer, reason=self._text(footer.reason)) if footer else None,
        )

    def _text(self, text: str) -> str:
        return self._book.text(text.encode(), resize=True).decode("utf-8", "replace")

    def _address(self, address: Address) -> Address:
        return ip_address(self._book.addresses(address.packed))

    def _mac(self, mac: str | None) -> str | None:
        return self._book.macs(_raw(mac)).hex(":") if mac else mac

    def _endpoint(self, endpoint: Endpoint) -> Endpoint:
        return replace(endpoint, address=self._address(endpoint.address))

    def _service(self, service: Service) -> Service:
        endpoint = self._endpoint(service.endpoint)
        return replace(service, endpoint=endpoint, hint=self._text(service.hint))

    def _net(self, net: Subnet) -> Subnet:
        address = self._address(net.network_address)
        return ip_network(f"{address}/{net.prefixlen}", strict=False)

    def _fact(self, fact: Fact) -> Fact:
        if isinstance(fact, tuple):
            return tuple(map(self._text, fact))
        return self._text(fact) if isinstance(fact, str) else fact

    def _header(self, header: Header) -> Header:
        scope = replace(
            header.scope,
            allow=tuple(map(self._net, header.scope.allow)),
            deny=tuple(map(self._net, header.scope.deny)),
        )
        settings = {name: self._fact(fact) for name, fact in header.settings.items()}
        return replace(header, scope=scope, settings=settings)

    def _packet(self, packet: Packet) -> Packet:
        layer = self._layers.get(packet.protocol, ("", 0))
        data = wire.heard(layer, packet.data, self._book)
        return replace(
            packet,
            data=data if data is not None else datagram(None, packet.data, self._book),
            source=None if packet.source is None else self._address(packet.source),
            mac=self._mac(packet.mac),
        )

    def _sighting(self, sighting: Sighting) -> Sighting:
        return replace(
            sighting,
            addresses=tuple(map(self._address, sighting.addresses)),
            mac=self._mac(sighting.mac),
            names=tuple(map(self._text, sighting.names)),
            traits={word: self._text(trait) for word, trait in sighting.traits.items()},
            leads=tuple(map(self._service, sighting.leads)),
        )

    def _sweep(self, sweep: Sweep) -> Sweep:
        opened = tuple(map(self._endpoint, sweep.open))
        return replace(sweep, address=self._address(sweep.address), open=opened)

    def _channel(self, channel: Channel) -> Channel:
        tls = channel.tls
        if tls is not None:
            tls = replace(tls, chain=tuple(map(self._book.text, tls.chain)))
        return replace(channel, endpoint=self._endpoint(channel.endpoint), tls=tls)

    def _talk(self, talk: Transcript) -> Transcript:
        ports = (talk.service.endpoint.port,)
        data: tuple[bytes, ...]
        if talk.service.endpoint.transport == "udp" and wire.known(ports):
            found = [wire.replaced(ports, turn.data, self._book) for turn in talk.turns]
            data = tuple(
                new if new is not None else bytes(len(turn.data))
                for turn, new in zip(talk.turns, found, strict=True)
            )
        elif talk.id in self._read or self._wish.keep_payload:
            data = rewritten(talk, self._book, own(talk), keep=True)
        else:
            self._book.counts[BLANKED] += any(turn.data for turn in talk.turns)
            data = tuple(bytes(len(turn.data)) for turn in talk.turns)
        turns = tuple(replace(turn, data=new) for turn, new in zip(talk.turns, data, strict=True))
        return replace(
            talk,
            service=self._service(talk.service),
            turns=turns,
            channels=tuple(map(self._channel, talk.channels)),
            note=self._text(talk.note),
            client=None if talk.client is None else self._endpoint(talk.client),
        )

    def _gap(self, gap: Gap) -> Gap:
        device = self._mac(gap.device) if gap.device.count(":") == 5 else self._text(gap.device)
        return replace(
            gap,
            subject=self._text(gap.subject),
            reason=self._text(gap.reason),
            device=device or "",
        )


def _raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
