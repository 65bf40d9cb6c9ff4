"""Judge a recording again and show which bytes prove a finding.

iotscan scan 192.168.1.0/24 --record home.jsonl
python examples/replay.py home.jsonl
"""

from __future__ import annotations

import sys
from pathlib import Path

import iotscan


def main(path: str) -> None:
    report = iotscan.replay([path])
    transcripts = {talk.id: talk for talk in iotscan.load_recording(Path(path)).transcripts}
    for finding in report.findings:
        print(f"{finding.severity.value}: {finding.detail}")
        for proof in finding.proofs:
            talk = transcripts.get(proof.source)
            for index in proof.turns if talk else ():
                turn = talk.turns[index] if talk else None
                if turn is not None:
                    print(f"  {proof.source}[{index}] {turn.sender} said {turn.data[:60]!r}")


if __name__ == "__main__":
    main(sys.argv[1])
