"""The command line over the real library, on loopback: wrong input, and a scan that replays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# An address of this machine on which nothing listens, at a port that nothing uses.
NOBODY = ("127.77.66.1", "--ports", "2", "--discovery-time", "0", "--timeout", "0.2")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "192.0.2.1"], "--authorisation FILE"),
        (["scan", "2001:db8::/64"], "outside the private"),
        (["scan", "10.0.0.0/8"], "name fewer"),
        (["scan", "127.0.0.1; reboot"], "is no target"),
        (["scan", "127.0.0.1/99"], "127.0.0.1/99"),
        (["scan", "127.0.0.1", "--exclude", "127.0.0.0/8"], "nothing is left to scan"),
        (["scan", "127.0.0.1", "--interface", "no-such0"], "there is no interface no-such0"),
        (["scan", "192.0.2.1", "--authorisation", "none.toml"], "none.toml cannot be read"),
        (["scan", "127.0.0.1", "--rules", "none"], "the rule folder none"),
        (["scan", "127.0.0.1", "--rules", "."], "holds no file that ends in .yaml"),
        (["scan", "127.0.0.1", "--accept", "none.yaml"], "none.yaml cannot be read: No such file"),
        (["scan", "127.0.0.1", "--policy", "none.yaml"], "none.yaml cannot be read: No such file"),
        (["scan", "nobody.invalid"], "cannot be resolved: check its spelling"),
        (["replay", "none.jsonl"], "none.jsonl cannot be read"),
    ],
)
def test_wrong_input_is_exit_2_with_what_to_do(
    arguments: list[str], said: str, command: Callable[..., Any]
) -> None:
    ran = command(*arguments, "--output", "json:report.json")
    assert ran.code == 2, ran.err
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert list(Path().iterdir()) == []


def test_scan_and_its_replay_give_the_same_bytes(command: Callable[..., Any]) -> None:
    live = command("scan", *NOBODY, "--record", "r.jsonl", "--output", "json:live.json", "--quiet")
    assert live.code in (0, 3), live.err
    again = command("replay", "r.jsonl", "--output", "json:again.json")
    assert again.code == live.code, again.err
    assert Path("live.json").read_bytes() == Path("again.json").read_bytes()
    assert json.loads(Path("live.json").read_bytes())["scope"]["allow"] == ["127.77.66.1/32"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: ["not json\n", *lines[1:]], "nor a recording"),
        (lambda lines: [lines[0], '{"mood":{}}\n', *lines[1:]], "damaged.jsonl:2: damaged"),
        (lambda lines: [lines[0], "[" * 100_000 + "\n"], "damaged.jsonl:2: damaged"),
        (lambda lines: [lines[0].replace('"format":1', '"format":9', 1)], "recording format 9"),
    ],
)
def test_damaged_recording_says_where(
    damage: Callable[[list[str]], list[str]], said: str, command: Callable[..., Any]
) -> None:
    command("scan", *NOBODY, "--record", "r.jsonl", "--quiet")
    lines = Path("r.jsonl").read_text("utf-8").splitlines(keepends=True)
    Path("damaged.jsonl").write_text("".join(damage(lines)), "utf-8")
    ran = command("replay", "damaged.jsonl")
    assert ran.code == 2
    assert said in " ".join(ran.err.split())


def test_recording_that_was_cut_off_replays_as_incomplete(command: Callable[..., Any]) -> None:
    command("scan", *NOBODY, "--record", "r.jsonl", "--quiet")
    whole = Path("r.jsonl").read_bytes()
    assert b'{"footer":' in whole
    Path("r.jsonl").write_bytes(whole[: whole.index(b'{"footer":') + 20])
    ran = command("replay", "r.jsonl")
    assert ran.code == 3, ran.err
    assert "INCOMPLETE" in ran.out
