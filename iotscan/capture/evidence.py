"""One small capture per finding: the frames that prove it, for other eyes and other tools.

They hold what was on the wire, passwords too, so each file is readable for its owner alone.
"""

from __future__ import annotations

import io
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

from iotscan.capture.context import Context
from iotscan.capture.files import STANDARD_INPUT, opened
from iotscan.capture.frames import Frame, Walk
from iotscan.capture.writer import Writer
from iotscan.errors import UsageError
from iotscan.model import Finding
from iotscan.protocols.tls.keylog import Keys, parse_keylog

# A record of TLS with a client's greeting, up to its random number (RFC 5246, 7.4.1.2).
_HELLO = re.compile(rb"\x16\x03[\0-\4]..\x01...\x03[\0-\4](.{32})", re.DOTALL)
# Findings whose evidence is gathered at a time: what it holds is in memory until it is written.
_AT_ONCE = 1000


def write(findings: Sequence[Finding], files: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Write the evidence of each finding into ``folder``, and tell the names of the files.

    Each holds the frames that prove it, and what is needed of their conversations to understand
    them: a replay of it alone gives the finding again. ``files``: names in proofs → paths; they are
    read again. Raises UsageError where that cannot be done, or the folder cannot be written to.
    """
    prepare(files, folder)
    names = []
    try:
        for first in range(0, len(findings), _AT_ONCE):
            some = findings[first : first + _AT_ONCE]
            for index, data in _packed(some, files):
                finding = some[index]
                number = f"{first + index + 1:03}"
                names.append(f"{number}-{finding.rule}-{finding.fingerprint[:8]}.pcapng")
                _save(folder / names[-1], data)
    except OSError as error:
        raise UsageError(f"evidence cannot be written to {folder}: {error.strerror}") from error
    return tuple(names)


def prepare(files: Mapping[str, str], folder: Path) -> None:
    """Make the folder. Raises UsageError where no evidence could be written: better before captures
    are read than afterwards.
    """
    if STANDARD_INPUT in files.values():
        raise UsageError("evidence is read from the capture again: give it as a file, not as -")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"evidence cannot be written to {folder}: {error.strerror}") from error


def _packed(findings: Sequence[Finding], files: Mapping[str, str]) -> Iterator[tuple[int, bytes]]:
    """The evidence of those findings that have any, by their places in the list."""
    writers: dict[int, tuple[io.BytesIO, Writer]] = {}
    for name, cited in _cited(findings).items():
        wanted, keys = _with_company(files[name], cited)
        for number, at, link, data, wire in _frames(files[name], max(wanted)):
            for index in wanted.get(number, ()):
                if index not in writers:
                    buffer = io.BytesIO()
                    writers[index] = buffer, Writer(buffer)
                secrets = _secrets(data, keys) if keys else b""
                if secrets:
                    writers[index][1].secrets(secrets)
                comment = f"{name} frame {number}"
                if number in cited[index]:
                    comment += f": {findings[index].detail}"
                writers[index][1].packet(at, link, data, wire, comment)
    for index, (buffer, _) in sorted(writers.items()):
        yield index, buffer.getvalue()


def _cited(findings: Sequence[Finding]) -> Mapping[str, Mapping[int, Set[int]]]:
    """File of the capture → place of the finding → the frames that prove it."""
    cited: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for index, finding in enumerate(findings):
        for proof in finding.proofs:
            if proof.file and proof.frames:
                cited[proof.file][index].update(proof.frames)
    return cited


def _with_company(
    path: str, cited: Mapping[int, Set[int]]
) -> tuple[Mapping[int, Sequence[int]], Keys]:
    """Frame → places of the findings in whose evidence it belongs; and the keys in the file."""
    context, proving = Context(), frozenset().union(*cited.values())
    for frame in _frames(path, max(proving)):
        if frame[0] in proving:
            context.cite(frame)
    with opened(path) as source:
        walk = Walk(source)
        for frame in walk.frames():
            context.add(frame)
    wanted: dict[int, list[int]] = defaultdict(list)
    for index, frames in cited.items():
        for number in frames | context.company(frames):
            wanted[number].append(index)
    return wanted, parse_keylog(b"\n".join(walk.told.keylog))


def _secrets(data: bytes, keys: Keys) -> bytes:
    """The lines of a key log for the session that begins in this frame; others stay with others."""
    hello = _HELLO.search(data)
    if hello is None:
        return b""
    random = hello[1]
    secrets = keys.get(random, {}).items()
    lines = (f"{label} {random.hex()} {secret.hex()}\n" for label, secret in secrets)
    return "".join(lines).encode()


def _frames(path: str, last: int) -> Iterator[Frame]:
    with opened(path) as source:
        for frame in Walk(source).frames():
            yield frame
            if frame[0] >= last:
                return


def _save(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
