"""Remote logins, file transfers and mail in captures made by others, against their labels."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan.assess.rulebook.conditions import holds
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture.reader import Reader
from iotscan.model import Fact, Transcript
from iotscan.plugins import probes

TYPES = (
    "ftp-cleartext",
    "ftp-credentials-seen",
    "ftp-anonymous-login",
    "tftp-cleartext-transfer",
    "ssh-protocol-1",
    "vnc-unauthenticated",
    "adb-unauthenticated",
    "pop3-credentials-seen",
    "imap-credentials-seen",
    "smtp-credentials-seen",
    "ldap-credentials-seen",
    "amqp-cleartext",
    "amqp-credentials-seen",
)
CASES = [(name, case) for name in TYPES for case in load_rulebook().rules[name].cases]
READERS = [
    probe
    for probe in probes()
    if {kind.name for kind in probe.emits} & {case.about for _, case in CASES}
]
# Type, host, port and peer of a finding; what the labels say of it, or what was observed.
Finding = tuple[str, str, int | None, str]


@cache
def labels(folder: Path) -> dict[str, Any]:
    tree = yaml.safe_load((folder / "labels.yaml").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in tree["captures"]}


def observed(path: Path) -> dict[Finding, list[tuple[set[int], dict[str, Fact]]]]:
    """What the readers prove in a capture, with frames and facts."""
    found: dict[Finding, list[tuple[set[int], dict[str, Fact]]]] = defaultdict(list)

    def listen(talk: Transcript) -> None:
        for reader in READERS:
            for seen in reader.read(talk):
                frames = {talk.turns[i].frame or 0 for p in seen.proofs for i in p.turns}
                for name, case in CASES:
                    if case.about == seen.kind and holds(case.when, seen.facts) is True:
                        port = seen.endpoint.port if seen.endpoint else None
                        place = (name, str(seen.address), port, str(seen.facts["peer"]))
                        found[place].append((frames, dict(seen.facts)))

    Reader({}, listen, lambda packet: None, lambda sighting: None).read(path)
    return found


@pytest.mark.shared
def test_every_labelled_finding_is_observed_and_no_other(shared: Path) -> None:
    folder = shared / "captures"
    wanted_in_all = 0
    for name, entry in labels(folder).items():
        found = observed(folder / name)
        wanted = {
            (one["type"], one["host"], one.get("port"), one.get("peer", "")): one
            for one in entry.get("findings") or ()
            if one["type"] in TYPES
        }
        needed = {place for place, one in wanted.items() if not one.get("optional")}
        assert needed <= set(found), name
        if entry["exhaustive"]:
            assert set(found) <= set(wanted), name
        for place in needed:
            wanted_in_all += 1
            one = wanted[place]
            assert any(one["frame"] in frames for frames, _ in found[place]), (name, place)
            if "username" in one.get("detail", {}):
                names = {facts.get("username") for _, facts in found[place]}
                assert one["detail"]["username"] in names
    assert wanted_in_all >= 10


@pytest.mark.shared
def test_no_password_of_a_label_is_in_a_fact(shared: Path) -> None:
    folder = shared / "captures"
    looked = 0
    for name, entry in labels(folder).items():
        secrets = [
            one["detail"]["password"]
            for one in entry.get("findings") or ()
            if one["type"] in TYPES
            and "password" in one.get("detail", {})
            and one["detail"]["password"] != one["detail"].get("username")
        ]
        if not secrets:
            continue
        looked += 1
        texts = [str(facts) for seen in observed(folder / name).values() for _, facts in seen]
        assert not any(secret in text for secret in secrets for text in texts)
    assert looked >= 2
