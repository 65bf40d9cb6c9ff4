"""Standard output that is closed, full, or read by nobody any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def run(shell: str, store: Path) -> tuple[int, str]:
    """The exit code of the command, and what it said on standard error."""
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell.replace("iotscan", f"{sys.executable} -m iotscan")],
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "IOTSCAN_STORE": str(store)},
    )  # fmt: skip
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("command", ["rules list", "--help", "principles list"])
def test_a_reader_that_has_seen_enough_is_no_failure(command: str, tmp_path: Path) -> None:
    assert run(f"iotscan {command} | true", tmp_path) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("command", ["history", "rules list", "--help"])
def test_a_full_disk_is_told_as_such(command: str, tmp_path: Path) -> None:
    code, said = run(f"iotscan {command} > /dev/full", tmp_path / "a.sqlite")
    assert code == 2
    assert said == "iotscan: no more can be written: No space left on device\n"


def test_a_closed_standard_output_is_told_as_such(tmp_path: Path) -> None:
    code, said = run("iotscan history >&-", tmp_path / "a.sqlite")
    assert (code, said) == (2, "iotscan: no more can be written: standard output is closed\n")
