"""From a capture to one that can be shared, in three walks: what is in it that is somebody's; a
look at all heads; and, when it is known what each conversation becomes, the frames, one by one.

In memory is only what was learned; what was understood, and what it becomes, lies in a file when it
is much, so that a capture may be larger than it.
"""

from __future__ import annotations

import secrets as randomness
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from iotscan.anonymise.addresses import Addresses
from iotscan.anonymise.book import Book
from iotscan.anonymise.conversations import datagram, rewritten
from iotscan.anonymise.files import packed
from iotscan.anonymise.framing import Framer
from iotscan.anonymise.heard import Heard
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.known import Known
from iotscan.anonymise.macs import Macs
from iotscan.anonymise.numbers import MAC_TEXT
from iotscan.anonymise.secrets import NOBODY, hosts, own
from iotscan.anonymise.statement import Done, done
from iotscan.anonymise.survey import Survey
from iotscan.anonymise.wish import Wish
from iotscan.assess.listening import Listener
from iotscan.assess.oui import vendor_of
from iotscan.assess.reading import Plugins, Readings, read_packet
from iotscan.capture.files import opened
from iotscan.capture.frames import Frame, Walk
from iotscan.capture.reader import Reader
from iotscan.capture.writer import Writer
from iotscan.credentials import load as load_credentials
from iotscan.model import Packet, Sighting, Transcript

# Facts of observations in which somebody's name or login stands, whichever reader states them.
_NAMES = (
    "host",
    "server_name",
    "hostname",
    "friendly_name",
    "client_id",
    "system_name",
    "computer",
    "contact",
    "device_name",
    "dns_computer",
    "dns_domain",
    "domain",
    "machine",
    "network_name",
    "plant",
    "project",
    "psk_identity_hint",
    "serial",
    "server_reference",
    "udn",
)
# Announcements of which it is kept in mind what they became.
_MOST_ANNOUNCED = 4096
_TRAITS = ("udn", "serial", "name", "friendly_name", "hostname")


def book_for(wish: Wish) -> Book:
    """An empty book under the wish's key."""
    key = Key(wish.key or randomness.token_bytes(32))
    known = _registered if wish.keep_vendor is False else lambda _: False
    macs = Macs(key, keep_vendor=wish.keep_vendor, registered=known)
    return Book(key, macs, Addresses(key, macs), common_words())


@cache
def common_words() -> frozenset[bytes]:
    """Words that are in public lists of logins: they identify nobody."""
    known = load_credentials()
    words = {entry.username.encode() for entry in known.entries} | set(known.vault().values())
    return frozenset(words | {word.lower() for word in words} | set(NOBODY))


def anonymise(source: Path, target: Path, wish: Wish) -> Done:
    """Write a capture's anonymised form. Raises UsageError where a file cannot be read or written.

    The output is pcapng, packed if its name ends in .gz or .zst.
    """
    book = book_for(wish)
    plugins = Plugins()
    known = Known()
    heard = _learn(source, book, plugins, known, keep=wish.keep_payload)
    book.close()
    _edits(heard, book, plugins, known, keep=wish.keep_payload)
    known.close()
    with packed(target) as out, opened(source) as stream:
        writer, walk = Writer(out), Walk(stream)

        def write(frame: Frame, new: bytes) -> None:
            _, at, link, data, wire = frame
            writer.packet(at, link, new, wire + len(new) - len(data))

        framer = Framer(book, known, write, keep=wish.keep_payload)
        for frame in walk.frames():
            framer.take(frame)
        framer.finish()
    return done(book, wish, _more(walk))


def learn(readings: Readings, book: Book) -> None:
    """Take names, addresses and logins from what readers said."""
    for witness in readings.witnesses:
        sighting = witness.sighting
        for name in sighting.names:
            book.name(name.encode())
        for word in _TRAITS:
            book.name(sighting.traits.get(word, "").encode())
        for address in sighting.addresses:
            book.addresses.learn(address.packed)
        if sighting.mac:
            book.macs(bytes.fromhex(sighting.mac.replace(":", "")))
    for seen in readings.observations:
        book.addresses.learn(seen.address.packed)
        for word in _NAMES:
            said = seen.facts.get(word)
            if isinstance(said, str) and said != seen.facts.get("model"):
                book.name(said.encode())
        if seen.kind == "device.name":
            book.name(str(seen.facts.get("name", "")).encode())
        listed = seen.facts.get("names", ())  # hosts that a certificate is for
        for name in listed if isinstance(listed, tuple) else ():
            if "." in name:
                book.name(name.removeprefix("*.").encode())
        for mac in MAC_TEXT.finditer(str(seen.facts.get("mac", "")).encode()):
            book.numbers.learn(mac)
        username = str(seen.facts.get("username", "")).encode()
        if username.lower() not in NOBODY:
            book.secret(username)


def hear(talk: Transcript, book: Book, own: frozenset[bytes]) -> None:
    """Take names and logins from a conversation itself; ``own``: those that are known to be."""
    for endpoint in (talk.service.endpoint, talk.client):
        if endpoint is not None:
            book.addresses.learn(endpoint.address.packed)
    for turn in talk.turns:
        book.numbers.look(turn.data)
    for host in hosts(talk):
        book.name(host)
    for secret in own:
        book.secret(secret)


def _registered(mac: str) -> bool:
    return bool(vendor_of(mac))


def _learn(source: Path, book: Book, plugins: Plugins, known: Known, *, keep: bool) -> Heard:
    """The first walks: what is not kept need not be searched. What was understood."""
    listener = Listener(plugins)
    found = Heard()

    def talk(heard: Transcript) -> bool:
        understood = listener.talk(heard)
        if understood or keep:
            words = own(heard)
            hear(heard, book, words)
            # What was opened with keys of the capture stands in no frame.
            if understood and heard.channels[0].tls is None:
                found.talk(heard, words)
        return understood

    def packet(heard: Packet) -> None:
        listener.packet(heard)
        found.packet(heard)

    _read(source, plugins, talk, packet, listener.sighting)
    learn(listener.readings(), book)
    survey = Survey(book, known.part)
    with opened(source) as stream:
        for frame in Walk(stream).frames():
            survey.see(frame)
    return found


def _edits(heard: Heard, book: Book, plugins: Plugins, known: Known, *, keep: bool) -> None:
    """What each frame whose payload a reader understood becomes."""
    announced = _Announced(book, plugins)
    for one in heard.all():
        if not isinstance(one, Packet):
            talk, words = one
            for turn, new in zip(talk.turns, rewritten(talk, book, words, keep=keep), strict=True):
                if turn.frame is not None:
                    known.said(turn.frame, turn.data, new)
        elif one.frame is not None and (data := announced(one)) is not None:
            if one.source is None:
                known.announced(one.frame)
            else:
                known.said(one.frame, one.data, data)


class _Announced:
    """Call it with an announcement: what it becomes, or None if it is none. Devices announce the
    same all day, so what was done is kept in mind.
    """

    def __init__(self, book: Book, plugins: Plugins) -> None:
        self._book, self._plugins = book, plugins
        self._known: dict[tuple[str, bytes], tuple[bytes | None, Counter[str]]] = {}

    def __call__(self, heard: Packet) -> bytes | None:
        key = heard.protocol, heard.data
        found = self._known.get(key)
        if found is not None:
            self._book.counts.update(found[1])
            return found[0]
        before = self._book.counts.copy()
        new = datagram(None, heard.data, self._book) if self._understood(heard) else None
        if len(self._known) >= _MOST_ANNOUNCED:
            self._known.clear()
        self._known[key] = new, self._book.counts - before
        return new

    def _understood(self, packet: Packet) -> bool:
        """Whether a reader says something of it, or it is a text."""
        text = packet.data[:16].isascii() and packet.data[:16].decode().isprintable()
        return text or next(read_packet(packet, self._plugins, []), None) is not None


def _read(
    source: Path,
    plugins: Plugins,
    talk: Callable[[Transcript], bool],
    packet: Callable[[Packet], None],
    sighting: Callable[[Sighting], None],
) -> None:
    """One walk by the very means, and with the same answers, as a replay."""
    Reader(plugins.hears, talk, packet, sighting, usual=plugins.usual).read(source)


def _more(walk: Walk) -> Iterator[str]:
    """What there is to doubt of a capture."""
    yield (
        "What a pcapng file tells beside its frames (comments, names of interfaces and machines,"
        " tables of names) is left out."
    )
    if walk.told.keylog:
        yield (
            "Decryption secrets that were in the capture were left out, and with them whatever they"
            " opened."
        )
    if walk.damage:
        yield f"The capture was read only as far as it goes: {walk.damage}."
