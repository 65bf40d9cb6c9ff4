"""Captures with labels: what was found, missed and made up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conversing import login

Command = Callable[..., Any]
LABELS = """
vocabulary: {telnet-credentials-seen: '', telnet-cleartext-session: ''}
captures:
  - file: login.pcapng
    exhaustive: true
    findings:
      - {type: telnet-cleartext-session, host: 192.168.1.9, port: 23, frame: 4, peer: 192.168.1.5}
      - type: telnet-credentials-seen
        host: 192.168.1.9
        port: 23
        frame: 5
        detail: {username: USER}
    devices: []
    services: [{ip: 192.168.1.9, port: 23}]
"""


def test_evaluate_scores_a_labelled_folder(command: Command) -> None:
    login("set/login.pcapng")
    Path("labels.yaml").write_text(LABELS.replace("USER", "root"))
    ran = command("evaluate", "--labels", "labels.yaml", "set")
    assert (ran.code, "all findings" in ran.out, "missed  " in ran.out) == (0, True, False)
    tree = json.loads(command("evaluate", "--labels", "labels.yaml", "set", "--json").out)
    assert tree["findings"] == {
        "found": 2,
        "missed": [],
        "extra": [],
        "precision": 1.0,
        "recall": 1.0,
    }
    assert tree["services"]["found"] == 1
    assert list(tree["by_capture"]) == ["login.pcapng"]


def test_evaluate_lists_misses_and_extras_and_fails(command: Command) -> None:
    login("set/login.pcapng")
    Path("labels.yaml").write_text(LABELS.replace("USER", "admin"))
    ran = command("evaluate", "--labels", "labels.yaml", "set", "--only", "log*")
    assert ran.code == 1
    assert "missed  login.pcapng: telnet-credentials-seen 192.168.1.9:23" in ran.out
    assert "extra   login.pcapng: telnet-credentials-seen 192.168.1.9:23/tcp" in ran.out
    assert re.search(r"^login\.pcapng +1 +1 +1 +0\.500 +0\.500$", ran.out, re.MULTILINE)


def test_evaluate_tells_captures_without_fault_and_those_that_are_not_what_was_labelled(
    command: Command,
) -> None:
    login("set/login.pcapng")
    known = LABELS.replace("USER", "root")
    entry = "    sha256: abcd\n    exhaustive"
    Path("labels.yaml").write_text(known.replace("    exhaustive", entry))
    ran = command("evaluate", "--labels", "labels.yaml", "set")
    assert re.search(r"^login\.pcapng +2 +0 +0 +1\.000 +1\.000$", ran.out, re.MULTILINE)
    assert (ran.code, "login.pcapng is not the file that was labelled" in ran.err) == (0, True)
    tree = json.loads(command("replay", "set", "--output", "json").out)
    entry = f"    sha256: {tree['inputs'][0]['sha256']}\n    exhaustive"
    Path("labels.yaml").write_text(known.replace("    exhaustive", entry))
    assert command("evaluate", "--labels", "labels.yaml", "set").err == ""


def test_evaluate_needs_labels_that_fit(command: Command) -> None:
    Path("labels.yaml").write_text(LABELS)
    ran = command("evaluate", "--labels", "labels.yaml", ".", "--only", "nothing*")
    assert (ran.code, "names no capture that fits nothing*" in ran.err) == (2, True)
    assert command("evaluate", "--labels", "labels.yaml", ".").code == 2
