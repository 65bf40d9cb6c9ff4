"""Runs commands to their end and prints what the operating system says they cost."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iotscan.capture.files import opened
from iotscan.capture.frames import Walk


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: seconds by the wall clock, seconds of processor time, peak memory in MB."""

    wall: float
    processor: float
    memory: float
    output: str


def run(argv: Sequence[str], timeout: float = 900.0) -> Cost:
    """Run a command; raises RuntimeError when it cannot be run at all."""
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode in (126, 127) or wall > timeout:
        raise RuntimeError(f"{argv[0]} failed: {output[-300:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def compare(
    commands: dict[str, Sequence[str]], found: Callable[[str, str], str], runs: int = 5
) -> dict[str, Cost]:
    """Run each command in turn, ``runs`` times, and print medians; the first is the yardstick.

    ``found(name, output)`` says in a few words what a run found, so that speed is not bought with
    blindness.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, argv in commands.items():
            costs[name].append(run(argv))
    medians = {name: _median(of) for name, of in costs.items()}
    own = next(iter(medians.values()))
    print(f"{'':34}{'wall':>8}{'cpu':>8}{'MB':>7}{'ratio':>8}  found")
    for name, cost in medians.items():
        ratio = cost.wall / own.wall
        print(
            f"{name:34}{cost.wall:8.2f}{cost.processor:8.2f}{cost.memory:7.0f}{ratio:8.1f}"
            f"  {found(name, cost.output)}"
        )
    return medians


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.processor for cost in costs),
        statistics.median(cost.memory for cost in costs),
        costs[-1].output,
    )


# tcpdump writes a capture's header when it has begun to listen.
_HEADER = 24


@dataclass
class Sent:
    """How many frames left an interface; filled in when the counting is over."""

    frames: int = 0


@contextlib.contextmanager
def counting(namespace: str, folder: Path, interface: str = "lan0") -> Iterator[Sent]:
    """Count the frames that leave an interface of a network namespace meanwhile."""
    sent, path = Sent(), folder / "sent.pcap"
    path.unlink(missing_ok=True)
    command = [
        "ip",
        "netns",
        "exec",
        namespace,
        "tcpdump",
        "-i",
        interface,
        "-Q",
        "out",
        "-U",
        "-w",
    ]
    sniffer = subprocess.Popen([*command, str(path)], stderr=subprocess.DEVNULL)
    while not path.exists() or path.stat().st_size < _HEADER:
        time.sleep(0.01)
    try:
        yield sent
    finally:
        sniffer.terminate()
        sniffer.wait()
        with opened(path) as source:
            sent.frames = sum(1 for _ in Walk(source).frames())


def missing(*programs: str) -> str:
    """Why a benchmark cannot run here, "" when it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "it needs root on Linux for network namespaces"
    lacking = [name for name in programs if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""
