"""``make bench``: every benchmark of this folder, side by side with other tools, in one run.

``python -m benchmarks [NAME …]``. Nothing here passes or fails: figures are printed, and what was
measured is written into docs/performance.md by hand.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

import benchmarks


def main(names: Sequence[str]) -> int:
    found = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name.startswith("b_")]
    unknown = [name for name in names if f"b_{name}" not in found]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(n[2:] for n in found)}")
        return 2
    print(f"{os.cpu_count()} processors; times in seconds, peak memory in MB; median of the runs\n")
    for name in found:
        if names and name.removeprefix("b_") not in names:
            continue
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"## {(module.__doc__ or name).splitlines()[0]}")
        reason = module.missing()
        if reason:
            print(f"left out: {reason}\n")
            continue
        module.run()
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
