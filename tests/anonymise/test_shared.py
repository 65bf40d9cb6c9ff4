"""Captures of others and of our own: what is found in them is found after anonymising, and nothing
that was somebody's is left, in whatever form it may stand there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan.anonymise.addresses import KEPT
from iotscan.anonymise.book import Book
from iotscan.anonymise.job import anonymise, book_for, common_words
from iotscan.anonymise.statement import Done
from iotscan.anonymise.wish import Wish
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture.files import opened
from iotscan.capture.frames import Walk
from iotscan.capture.internet import TCP, UDP, Fragments, Packet, parse
from iotscan.capture.links import parse as parse_link
from iotscan.capture.making import checksum
from iotscan.capture.tags import ARP, Link
from iotscan.capture.tunnels import carried
from iotscan.model import Report
from iotscan.offline import report_on

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "captures"
LABELS = SHARED / "labels.yaml"
TRUTH: dict[str, Any] = {}
if LABELS.is_file():
    LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    TREE = yaml.load(LABELS.read_text("utf-8"), LOADER)
    TRUTH = {entry["file"]: entry for entry in TREE["captures"]}
OWN = sorted((ROOT / "captures").glob("*/input.pcap*"))
# Of what devices say of themselves, these are names; the rest is products and versions.
NAMES = ("dhcp-hostname", "dhcp-fqdn", "mdns-host", "mdns-instance", "netbios", "llmnr")
# Kinds of observations that say what a device or person is called.
CALLED = ("host", "server_name", "hostname", "friendly_name", "client_id", "system_name")
# Bytes before a word in a group of base64, and digits of that group that are not of the word alone.
ALIGNED = ((0, 0), (1, 2), (2, 3))

Place = tuple[str, str, int]


def places(report: Report, mapped: Callable[[str], str]) -> dict[Place, set[int]]:
    """Each finding by its type, the device's address after mapping and the port: its frames."""
    found: dict[Place, set[int]] = {}
    for finding in report.findings:
        port = finding.endpoint.port if finding.endpoint else 0
        place = finding.rule, mapped(str(finding.address)), port
        frames = {frame for proof in finding.proofs for frame in proof.frames}
        found[place] = found.get(place, set()) | frames
    return found


def private(entry: dict[str, Any]) -> Iterator[bytes]:
    """What the labels say is somebody's: names and logins."""
    for device in entry.get("devices") or ():
        for kind, names in (device.get("names") or {}).items():
            yield from (name.encode() for name in names if kind in NAMES)
    for finding in entry.get("findings") or ():
        detail = finding.get("detail") or {}
        for word in ("username", "password", "community") if isinstance(detail, dict) else ():
            yield str(detail.get(word) or "").encode()


def called(report: Report) -> Iterator[bytes]:
    """What a report says that devices and people are called."""
    for device in report.devices:
        yield from (name.encode() for name in device.names)
    for seen in report.observations:
        yield from (str(seen.facts.get(word, "")).encode() for word in (*CALLED, "username"))


def forms(word: bytes) -> Iterator[bytes]:
    """A word in all the forms in which protocols carry it."""
    for text in {word, word.lower(), word.upper()}:
        yield from (text.decode("latin-1").encode(f"utf-16-{end}") for end in ("le", "be"))
        if len(text) >= 6:
            yield from (text.hex().encode(), text.hex().upper().encode())
            for before, skipped in ALIGNED:
                whole = (before + len(text)) // 3 * 4
                yield base64.b64encode(bytes(before) + text)[skipped:whole]


def standing(word: bytes, data: bytes) -> bool:
    """Whether it stands there as a word, or in another form."""
    bare = rb"(?i)(?<![A-Za-z0-9])" + re.escape(word) + rb"(?![A-Za-z0-9])"
    return re.search(bare, data) is not None or any(form in data for form in forms(word))


class Heads:
    """Addresses and MACs in the heads of a capture, and packets whose checksums are right."""

    def __init__(self, path: Path) -> None:
        self.addresses: set[bytes] = set()
        self.macs: set[bytes] = set()
        self.sums: list[tuple[int, int, bool]] = []
        self._fragments = Fragments()
        with opened(path) as source:
            for number, _, link_type, data, _ in Walk(source).frames():
                link = parse_link(link_type, data)
                if link is not None:
                    self._see(number, link, data)

    def _see(self, number: int, link: Link, data: bytes, depth: int = 0) -> None:
        self.macs |= {link.source, link.destination}
        body = data[link.offset :]
        if link.kind == ARP:
            self.addresses |= {body[14:18], body[24:28]}
            self.macs |= {body[8:14], body[18:24]}
        packet = parse(link.kind, data, link.offset, self._fragments)
        if packet is None:
            return
        self.addresses |= {packet.source, packet.destination}
        if packet.length == len(packet.payload):
            self.sums.append((number, depth, right(packet)))
        inner = carried(packet) if depth < 4 else None
        if inner is not None:
            self._see(number, *inner, depth + 1)


def right(packet: Packet) -> bool:
    """Whether the checksum of TCP or UDP is right."""
    if packet.protocol not in (TCP, UDP):
        return True
    size = len(packet.payload)
    if packet.protocol == UDP:
        size = min(size, int.from_bytes(packet.payload[4:6], "big"))
    pseudo = size.to_bytes(4, "big") + bytes((0, packet.protocol))
    return checksum(packet.source + packet.destination + pseudo + packet.payload[:size]) == 0


def of_heads(heads: Heads, book: Book) -> Iterator[bytes]:
    """Addresses and MACs that are somebody's and have a replacement: in bytes and as text."""
    new = {book.addresses(raw) for raw in heads.addresses if len(raw) in (4, 16)}
    for raw in heads.addresses:
        if len(raw) not in (4, 16) or book.addresses(raw) == raw or raw in new:
            continue
        address = ip_address(raw)
        # Few bits may be hit by chance, and of a network that has a meaning its prefix stays.
        if raw.count(0) < 2 and not any(address in n for n in KEPT if n.version == 6):
            yield raw
        if len(str(address)) > 7:
            yield str(address).encode()
    for mac in heads.macs:
        if len(mac) != 6 or mac[0] & 1 or mac.count(0) >= 4:
            continue
        yield from (mac, mac.hex().encode(), mac.hex().upper().encode())
        yield from (mac.hex(sep).encode() for sep in ":-")
        yield bytes((mac[0] ^ 2,)) + mac[1:3] + b"\xff\xfe" + mac[3:]


def somebodys(words: set[bytes], book: Book) -> set[bytes]:
    """Those that are more than words for a use, or of everybody."""
    found = set()
    for word in words:
        parts = [p for p in re.split(rb"[.@: ]+", word) if len(p) >= 4 and book.words.tells(p)]
        if len(word) >= 4 and word.lower() not in common_words() and not word.isdigit() and parts:
            try:
                ip_address(re.sub("%.*|(?<=\\d):\\d+$", "", word.decode("latin-1")))
            except ValueError:
                found.add(word)
    return found


def share_and_compare(
    path: Path, target: Path, said: Callable[[Path], bytes], words: set[bytes], wish: Wish
) -> None:
    done = anonymise(path, target, wish)
    book = book_for(wish)

    def mapped(text: str) -> str:
        return str(ip_address(book.addresses(ip_address(text).packed)))

    rules = load_rulebook()
    before, after = report_on([path], rules), report_on([target], rules)
    same_findings(places(before, mapped), places(after, str))
    assert len(after.devices) == len(before.devices)
    assert [len(i.unread) for i in after.inputs] == [len(i.unread) for i in before.inputs]
    assert after.inputs[0].frames == before.inputs[0].frames
    heads, new = Heads(path), Heads(target)
    was, now = dict(map(_by_place, heads.sums)), dict(map(_by_place, new.sums))
    assert [place for place, fine in was.items() if fine and not now.get(place)] == []
    written = target.read_bytes() + said(target)
    assert [w for w in of_heads(heads, book) if w in written] == []
    words = somebodys(words | set(called(before)), book)
    assert [word for word in words if standing(word, written)] == []
    counted(done, heads, book)


def _by_place(told: tuple[int, int, bool]) -> tuple[tuple[int, int], bool]:
    return told[:2], told[2]


def same_findings(before: dict[Place, set[int]], after: dict[Place, set[int]]) -> None:
    assert set(after) == set(before)
    for place, frames in before.items():
        if place[0].startswith("tls-"):
            # What was found in records that a replay can decrypt is gone with them.
            assert after[place]
            assert after[place] <= frames
        else:
            assert after[place] == frames, place


def counted(done: Done, heads: Heads, book: Book) -> None:
    """What is said to be replaced is at least what the heads show."""
    addresses = [raw for raw in heads.addresses if len(raw) in (4, 16)]
    assert done.counts["addresses"] >= sum(book.addresses(raw) != raw for raw in addresses)
    macs = [raw for raw in heads.macs if len(raw) == 6]
    assert done.counts["MACs"] >= sum(book.macs(raw) != raw for raw in macs)


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(TRUTH) or ["none"])
def test_labelled_captures_say_the_same_and_name_nobody(
    name: str, tmp_path: Path, said_in: Callable[[Path], bytes]
) -> None:
    if not TRUTH:
        pytest.skip("the labelled captures that lie beside a checkout are not there")
    words, wish = set(private(TRUTH[name])), Wish(b"of these tests")
    share_and_compare(SHARED / name, tmp_path / "shared.pcapng", said_in, words, wish)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.parent.name)
def test_our_own_captures_say_the_same_and_name_nobody(
    path: Path, tmp_path: Path, said_in: Callable[[Path], bytes]
) -> None:
    wish = Wish(b"of these tests", keep_vendor=True)
    share_and_compare(path, tmp_path / "shared.pcapng", said_in, set(), wish)
