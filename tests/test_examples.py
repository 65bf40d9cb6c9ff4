"""The programs in examples/ run as they stand."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import iotscan
from iotscan.model import Impact
from iotscan.testing import HOSTILE, serve

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
CAPTURES = EXAMPLES.parent / "captures"


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "scan_and_report.py",
        "replay.py",
        "captures.py",
    }


def test_scan_and_report_tells_devices_findings_and_gaps() -> None:
    done = run("scan_and_report.py", "127.31.0.9")
    assert done.returncode == 0, done.stderr
    assert "0 devices, 0 findings" in done.stdout


async def test_replay_shows_the_bytes_that_prove_a_finding(tmp_path: Path) -> None:
    record = tmp_path / "home.jsonl"
    async with serve(HOSTILE["SSH greeting"], "127.31.0.9") as ssh:

        async def telnet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\xff\xfd\x18\r\nrouter login: ")
            await reader.read(-1)

        async with serve(telnet, "127.31.0.9") as port:
            await iotscan.scan(
                iotscan.Settings(
                    targets=("127.31.0.9",),
                    ports=(port, ssh),
                    impact=Impact.GREET,
                    discovery_time=0.05,
                    record=str(record),
                )
            )
    done = await asyncio.to_thread(run, "replay.py", str(record))
    assert done.returncode == 0, done.stderr
    assert "high: Telnet without encryption answers" in done.stdout
    assert "server said b'\\xff\\xfd\\x18\\r\\nrouter login: '" in done.stdout


def test_captures_tells_devices_whom_they_talk_to_and_the_frames_that_prove_findings() -> None:
    done = run("captures.py", str(EXAMPLES.parent / "captures" / "demo-home"))
    assert done.returncode == 0, done.stderr
    assert "1 captures, " in done.stdout
    assert "telnet-credentials-seen" in done.stdout
    assert "input.pcapng frame " in done.stdout
    one = run("captures.py", str(EXAMPLES.parent / "captures" / "demo-home"), "127.20.0.1")
    assert 0 < len(one.stdout) < len(done.stdout)
    assert "talks to " in one.stdout


@pytest.mark.parametrize("from_input", [False, True], ids=["script", "standard input"])
def test_the_library_reads_captures_side_by_side_for_any_program(
    from_input: bool, tmp_path: Path
) -> None:
    """A notebook or a script of three lines has no guard against being run again by a process."""
    for name in ("lab-mqtt-open", "lab-coap-plain"):
        given = CAPTURES / name / "input.pcapng"
        (tmp_path / f"{name}.pcapng").write_bytes(given.read_bytes())
    program = (
        "import iotscan, iotscan.offline\n"
        "iotscan.offline.WORTH_PROCESSES = 1\n"
        "reports = iotscan.replay('.'), iotscan.replay('lab-mqtt-open.pcapng')\n"
        "print(*[len(report.inputs) for report in reports])\n"
    )
    (tmp_path / "own.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-" if from_input else "own.py"],
        input=program if from_input else None,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("2 1\n", "")
