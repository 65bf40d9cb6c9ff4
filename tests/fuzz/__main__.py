"""``make fuzz``: every target for a while, with another seed each time; crashes become cases.

``python tests/fuzz [--seconds N] [--seed N] [NAME …]``; a name chooses all targets that begin with
it. What breaks a target is saved below ``cases/``, where the tests find it: add it with its repair.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzz_mutation import mutated
from fuzz_targets import Target, names

CASES = Path(__file__).resolve().parent / "cases"
# One input takes milliseconds; a reader that needs so many seconds hangs.
PATIENCE = 10
MEMORY = 3 << 30


def main(arguments: list[str]) -> int:
    """1 when anything broke."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Fuzz what reads bytes.")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each target")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_long)
    broken = 0
    for target in names(chosen.names):
        tried, crash = fuzz(target, chosen.seconds, Random(f"{chosen.seed}{target.name}"))
        print(f"{target.name:48}{tried:9,} inputs  {'BROKEN' if crash else 'holds'}", flush=True)
        if crash is not None:
            broken += 1
            print(f"  saved as {save(target, crash)}")
    print(f"{broken} targets broke; seed {chosen.seed}")
    return 1 if broken else 0


def fuzz(target: Target, seconds: float, dice: Random) -> tuple[int, bytes | None]:
    """How many inputs were tried, and the one that broke it."""
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        data = mutated(dice.choice(target.seeds), target.seeds, dice)
        tried += 1
        signal.alarm(PATIENCE)
        try:
            target.run(data)
        except Exception:
            signal.alarm(0)
            print("".join(traceback.format_exc(limit=-4)))
            return tried, data
        finally:
            signal.alarm(0)
    return tried, None


def save(target: Target, data: bytes) -> Path:
    folder = CASES / target.name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:12]
    path.write_bytes(data)
    return path


def _too_long(*_: object) -> None:
    raise TimeoutError(f"one input took longer than {PATIENCE} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
