"""One small capture per finding: the frames that prove it, for other eyes and other tools.

They hold what was on the wire, passwords too, so each file is readable for its owner alone.
"""

from __future__ import annotations

import io
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from iotscan.capture.files import STANDARD_INPUT, opened
from iotscan.capture.frames import Walk
from iotscan.capture.writer import Writer
from iotscan.errors import UsageError
from iotscan.model import Finding

# (file of the capture, number of the frame) → which findings it proves
_Wanted = Mapping[str, Mapping[int, Sequence[int]]]


def write(findings: Sequence[Finding], files: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Write the evidence of each finding into ``folder``, and tell the names of the files.

    ``files``: names in proofs → paths; they are read a second time. Raises UsageError where that
    cannot be done, or the folder cannot be written to.
    """
    if STANDARD_INPUT in files.values():
        raise UsageError("evidence is read from the capture again: give it as a file, not as -")
    packed: dict[int, tuple[io.BytesIO, Writer]] = {}
    for name, wanted in _wanted(findings).items():
        for number, at, link, data, wire in _frames(files[name], max(wanted)):
            for index in wanted.get(number, ()):
                if index not in packed:
                    buffer = io.BytesIO()
                    packed[index] = buffer, Writer(buffer)
                comment = f"{name} frame {number}: {findings[index].detail}"
                packed[index][1].packet(at, link, data, wire, comment)
    names = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index, (buffer, _) in sorted(packed.items()):
            finding = findings[index]
            names.append(f"{index + 1:03}-{finding.rule}-{finding.fingerprint[:8]}.pcapng")
            _save(folder / names[-1], buffer.getvalue())
    except OSError as error:
        raise UsageError(f"evidence cannot be written to {folder}: {error.strerror}") from error
    return tuple(names)


def _wanted(findings: Sequence[Finding]) -> _Wanted:
    wanted: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, finding in enumerate(findings):
        for proof in finding.proofs:
            for frame in proof.frames if proof.file else ():
                if index not in wanted[proof.file][frame]:
                    wanted[proof.file][frame].append(index)
    return wanted


def _frames(path: str, last: int) -> Iterator[tuple[int, float, int, bytes, int]]:
    with opened(path) as source:
        for frame in Walk(source).frames():
            yield frame
            if frame[0] >= last:
                return


def _save(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
