"""Two watches do not look at once, and one that was killed leaves nothing locked."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from iotscan.errors import UsageError
from iotscan.watch.alone import alone

_HOLDS = """
import sys
from pathlib import Path
from iotscan.watch.alone import alone
with alone(Path(sys.argv[1]), "home"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "watch.lock"
    with alone(file, "10.0.0.0/24"):
        with (
            pytest.raises(UsageError, match=r"10\.0\.0\.0/24 is being watched already"),
            alone(file, "10.0.0.0/24"),
        ):
            pass
        with alone(tmp_path / "other.lock", "10.0.1.0/24"):
            pass
    with alone(file, "10.0.0.0/24"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_lock_of_another_process_holds_and_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "watch.lock"
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match="already"), alone(file, "home"):
            pass
        other.kill()
        other.wait()
        with alone(file, "home"):
            pass


def test_lock_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"), alone(tmp_path / "file" / "x", "h"):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written"), alone(tmp_path / "folder", "h"):
        pass
