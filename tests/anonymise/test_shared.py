"""Captures of others and of our own: what is found in them is found after anonymising, and nothing
that was somebody's is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan.anonymise.job import Wish, anonymise, book_for, common_words
from iotscan.assess.rulebook import load_rulebook
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


def found(report: Report, mapped: Callable[[str], str]) -> set[tuple[str, str, int]]:
    """Every finding: its type, the device's address after mapping, and the port."""
    return {
        (f.rule, mapped(str(f.address)), f.endpoint.port if f.endpoint else 0)
        for f in report.findings
    }


def private(entry: dict[str, Any]) -> Iterator[bytes]:
    """What the labels say is somebody's: MACs, private addresses, names, logins."""
    for device in entry.get("devices") or ():
        if device.get("mac"):
            mac = device["mac"]
            yield from (mac.encode(), mac.upper().encode(), mac.replace(":", "").encode())
            if int(mac.replace(":", ""), 16) >> 24:
                yield bytes.fromhex(mac.replace(":", ""))
        for text in device.get("ips") or ():
            if ip_address(text).is_private and not ip_address(text).is_loopback and len(text) > 7:
                yield text.encode()
        for kind, names in (device.get("names") or {}).items():
            yield from (name.encode() for name in names if kind in NAMES and len(name) >= 4)
    for finding in entry.get("findings") or ():
        detail = finding.get("detail") or {}
        for word in ("username", "password", "community") if isinstance(detail, dict) else ():
            value = str(detail.get(word) or "").encode()
            if len(value) >= 4 and value.lower() not in common_words():
                yield value


def standing(word: bytes, data: bytes) -> bool:
    """Whether it stands there as a word (in bytes: anywhere)."""
    if not word.isascii() or not word.decode().isprintable():
        return word in data
    return re.search(rb"(?<![A-Za-z0-9])" + re.escape(word) + rb"(?![A-Za-z0-9])", data) is not None


def share_and_compare(path: Path, target: Path, *, keep_vendor: bool) -> None:
    wish = Wish(b"of these tests", keep_vendor=keep_vendor)
    anonymise(path, target, wish)
    mapping = book_for(wish).addresses

    def mapped(text: str) -> str:
        return str(ip_address(mapping(ip_address(text).packed)))

    book = load_rulebook()
    before, after = report_on([path], book), report_on([target], book)
    assert found(after, str) == found(before, mapped)
    assert len(after.devices) == len(before.devices)
    assert [len(i.unread) for i in after.inputs] == [len(i.unread) for i in before.inputs]
    assert after.inputs[0].frames == before.inputs[0].frames


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(TRUTH) or ["none"])
def test_labelled_captures_say_the_same_and_name_nobody(
    name: str, tmp_path: Path, said_in: Callable[[Path], bytes]
) -> None:
    if not TRUTH:
        pytest.skip("the labelled captures that lie beside a checkout are not there")
    target = tmp_path / "shared.pcapng"
    share_and_compare(SHARED / name, target, keep_vendor=False)
    written = target.read_bytes() + said_in(target)
    # A MAC of nearly nothing but zeroes stands in any binary message.
    wanted = [word for word in private(TRUTH[name]) if word.count(0) < 4]
    assert [word for word in wanted if standing(word, written)] == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.parent.name)
def test_our_own_captures_say_the_same(path: Path, tmp_path: Path) -> None:
    share_and_compare(path, tmp_path / "shared.pcapng", keep_vendor=True)
