"""What happens to traffic on its way into a capture must not change what is found in it.

Each capture, ours or another's, is changed in some of the ways of ``changes``; with
``IOTSCAN_EVERY_CHANGE`` set, in all of them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest
from changes import (
    TELLING_LESS,
    TELLING_THE_SAME,
    Frames,
    in_ipv6,
    moved,
    of_ip,
    over_ipv6,
    ports_of,
    raw,
)

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import OF_CONVERSATIONS
from iotscan.capture.files import opened
from iotscan.capture.frames import Walk
from iotscan.capture.writer import Writer
from iotscan.model import Address, Endpoint, Finding
from iotscan.offline import report_on

OWN = Path(__file__).resolve().parent.parent / "captures"
SHARED = OWN.parent.parent / "shared" / "captures"
CASES = sorted(OWN.rglob("input.*"))
OTHERS = sorted(path for path in SHARED.rglob("*") if path.suffix in (".pcap", ".pcapng", ".cap"))
EVERY = bool(os.environ.get("IOTSCAN_EVERY_CHANGE"))
# Of each sort, so many changes of one capture where not all are asked for.
SHARE = 2
# What a finding says of a login or a handshake.
_WORDS = ("username", "outcome", "password_seen", "version", "cipher")
# An attack on a reader that no longer is one once its bytes come otherwise.
ATTACKS = {"telnet-option-flood", "offline-overlapping", "bad-record-length"}
# Its server answers with a head that never ends: nothing of it is read, but for a beginning.
ENDLESS = "demo-home"
# What is only known by its port; what else is, where nobody answered; and conversations that begin
# in the middle, where nothing but a port tells who asked.
BY_PORT = {"printer-port-unauthenticated", "tr069-exposed"}
UNANSWERED = {"dns-cleartext"}
# What goes by another name at another port.
CALLED = {"capture-plain-dns": "dns-cleartext"}
BY_TIME = {"tls-certificate-expired", "tls-certificate-not-yet-valid"}
# Where there is no link layer, nobody is known to be here.
BY_DEVICE = {"capture-unencrypted-cloud"}
# Of an answer without its question it is not known that the question was ours, and odd on purpose.
UNASKED = {("answers-only", "tls-no-forward-secrecy")}
HEADLESS = {"offline-mid-stream", "controllogix", "nonstandard-ports-with-mqtt"}

Key = tuple[str, Address, Address | None, int, tuple[tuple[str, str], ...]]


@lru_cache(maxsize=1)
def book() -> Rulebook:
    return load_rulebook()


@lru_cache(maxsize=4)
def frames_of(path: Path) -> Frames:
    with opened(path) as source:
        return list(Walk(source).frames())


def found(frames: Frames, folder: Path) -> list[Finding]:
    """The findings in a capture of these frames."""
    out = io.BytesIO()
    writer = Writer(out)
    for _, at, link, data, wire in frames:
        writer.packet(at, link, data, wire)
    capture = folder / "input.pcapng"
    capture.write_bytes(out.getvalue())
    return list(report_on([capture], book()).findings)


def keys(
    findings: list[Finding],
    at: Callable[[Address], Address] = lambda address: address,
    port: Callable[[int], int] = lambda number: number,
    words: tuple[str, ...] = _WORDS,
) -> set[Key]:
    return {
        (
            one.rule,
            at(one.address),
            at(one.endpoint.address) if one.endpoint else None,
            port(one.endpoint.port) if one.endpoint else 0,
            tuple((word, str(one.facts[word])) for word in words if word in one.facts),
        )
        for one in findings
    }


def of_conversations(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if book().rules[one.rule].per in OF_CONVERSATIONS]


def named(path: Path) -> str:
    return path.parent.name if path.stem == "input" else path.stem


def share(names: list[str], path: Path) -> list[str]:
    """Some of them, others for each capture."""
    if EVERY:
        return names
    first = sorted([*CASES, *OTHERS]).index(path) * SHARE
    return [names[(first + i) % len(names)] for i in range(SHARE)]


def judge_the_same(path: Path, folder: Path) -> None:
    frames = frames_of(path)
    before = keys(found(frames, folder))
    for name in share(list(TELLING_THE_SAME), path):
        after = keys(found(TELLING_THE_SAME[name](frames), folder))
        assert (name, after - before, before - after) == (name, set(), set())


def judge_less(path: Path, folder: Path) -> None:
    frames = frames_of(path)
    before = keys(found(frames, folder), words=())
    for name in share(list(TELLING_LESS), path):
        after = keys(found(TELLING_LESS[name](frames), folder), words=())
        # Of a device whose port is no longer known it is still the same, and of a server outside
        # where nothing is seen of the device that asked.
        known = {(one[0], one[2] and one[2:4]) for one in before} | {one[:2] for one in before}
        new = {
            one for one in after - before if (one[0], one[2:4] if one[2] else one[1]) not in known
        }
        new = {one for one in new if (name, one[0]) not in UNASKED}
        assert (name, new) == (name, set())


def judge_six(path: Path, folder: Path) -> None:
    """In IPv6 instead of IPv4."""

    def six(address: Address) -> Address:
        return ip_address(in_ipv6(address.packed))

    frames = frames_of(path)
    before = keys(of_conversations(found(frames, folder)), at=six)
    assert keys(of_conversations(found(over_ipv6(frames), folder)), at=six) == before


def judge_raw(path: Path, folder: Path) -> None:
    """Without a link layer: which devices there are is known of none then."""
    frames = of_ip(frames_of(path))
    before = of_conversations(found(frames, folder))
    places = {(one.rule, one.endpoint) for one in before if one.rule not in BY_DEVICE}
    bare = of_conversations(found(raw(frames), folder))
    assert {(one.rule, one.endpoint) for one in bare if one.rule not in BY_DEVICE} == places


def judge_ports(path: Path, folder: Path) -> None:
    """At ports that tell nothing."""
    if named(path) in HEADLESS:
        pytest.skip("where it begins in the middle, only ports tell who asked")
    frames = frames_of(path)
    ports = ports_of(frames)
    back = {new: old for old, new in ports.items()}
    before = keys(of_conversations(found(frames, folder)))
    after = of_conversations(found(moved(ports)(frames), folder))
    there = {
        (CALLED.get(rule, rule), *rest)
        for rule, *rest in keys(after, port=lambda number: back.get(number, number))
    }
    told = {one for one in before if one[0] not in BY_PORT}
    assert there <= told
    assert not {one[0] for one in told - there} - UNANSWERED


ELSEWHERE = {"six": judge_six, "raw": judge_raw, "ports": judge_ports}


def judge_elsewhere(path: Path, folder: Path) -> None:
    if any(wire > len(data) for _, _, _, data, wire in frames_of(path)):
        pytest.skip("what a capture cut cannot be put elsewhere")
    for name in share(list(ELSEWHERE), path)[: None if EVERY else 1]:
        ELSEWHERE[name](path, folder)


@pytest.mark.parametrize(
    ("path", "other"),
    list(pairwise(path for path in CASES if path.parent.name.startswith("lab-"))),
    ids=named,
)
def test_two_at_once_tell_what_each_of_them_tells(path: Path, other: Path, tmp_path: Path) -> None:
    one, two = frames_of(path), frames_of(other)
    later = two[0][1] - one[0][1]
    both = [*one, *((n, at - later, link, data, wire) for n, at, link, data, wire in two)]
    alone = {
        each for frames in (one, two) for each in places(of_conversations(found(frames, tmp_path)))
    }
    together = found(sorted(both, key=lambda frame: frame[1]), tmp_path)
    assert places(of_conversations(together)) == alone


def places(findings: list[Finding]) -> set[tuple[str, Endpoint | None]]:
    """But for those that depend on when it was."""
    return {(one.rule, one.endpoint) for one in findings if one.rule not in BY_TIME}


JUDGES = {"same": judge_the_same, "less": judge_less, "elsewhere": judge_elsewhere}


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("path", CASES, ids=named)
def test_our_own_captures_tell_the_same_however_they_were_taken(
    path: Path, judge: str, tmp_path: Path
) -> None:
    if named(path) in ATTACKS or (named(path) == ENDLESS and judge == "less"):
        pytest.skip("its bytes are meant to be read as they come")
    JUDGES[judge](path, tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_captures_of_others_tell_the_same_however_they_were_taken(
    path: Path, judge: str, tmp_path: Path
) -> None:
    if named(path) in ATTACKS:
        pytest.skip("its bytes are meant to be read as they come")
    JUDGES[judge](path, tmp_path)
