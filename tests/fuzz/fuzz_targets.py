"""What is fuzzed: everything that reads bytes from the network or from files, found by itself.

A target is a name and a function of bytes. Whatever it raises is a defect; what a reader may raise
by its contract is caught here. A new codec, probe or discoverer is a target without being listed.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from fuzz_seeds import corpus
from fuzz_talks import packed, unpacked

import iotscan.protocols
from iotscan import labels
from iotscan.assess.reading import Plugins, fenced
from iotscan.assess.rulebook import yamltree
from iotscan.capture import recording
from iotscan.capture.reader import Reader
from iotscan.capture.sorter import Sorter
from iotscan.codec import decode
from iotscan.errors import IotscanError, Malformed
from iotscan.model import Gap, Packet, Report
from iotscan.probe_api import Discoverer, Probe
from iotscan.settings.loader import load as load_settings

# How parameters that take what was heard are written in codecs, and how to make such from pieces.
PIECEWISE: dict[str, Callable[[Sequence[bytes]], object]] = {
    "bytes": lambda parts: b"".join(parts),
    "bytes | bytearray": lambda parts: bytearray(b"".join(parts)),
    "bytes | str": lambda parts: b"".join(parts),
    "Iterable[bytes]": list,
    "Sequence[bytes]": list,
    "Iterable[tuple[int, bool, bytes]]": lambda parts: [
        (i, bool(i % 2), part) for i, part in enumerate(parts)
    ],
    "Sequence[tuple[int, bool, bytes]]": lambda parts: [
        (i, bool(i % 2), part) for i, part in enumerate(parts)
    ],
    "Iterable[tuple[int, str, bytes]]": lambda parts: [
        (i, ("client", "server")[i % 2], part) for i, part in enumerate(parts)
    ],
    "Iterable[tuple[int, Sender, bytes]]": lambda parts: [
        (i, ("client", "server")[i % 2], part) for i, part in enumerate(parts)
    ],
    "Iterable[tuple[int, bytes]]": lambda parts: list(enumerate(parts)),
    "Sequence[tuple[int, bytes]]": lambda parts: list(enumerate(parts)),
}
# Between the pieces of one input, where a function takes several.
SEAM = b"\xf5\xfa"
MOST_RESULTS = 100_000
PLUGINS = Plugins()


@dataclass(frozen=True)
class Target:
    """``run`` raises for a defect only; ``seeds`` are inputs that lead inside."""

    name: str
    run: Callable[[bytes], None]
    seeds: Sequence[bytes]


def targets() -> list[Target]:
    """All of them, by name."""
    found = [*_files(), *_codecs(), *_probes(), *_discoverers()]
    return sorted(found, key=lambda target: target.name)


def _codecs() -> Iterator[Target]:
    for module in _modules(iotscan.protocols):
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != module.__name__:
                continue
            title = f"{module.__name__.removeprefix('iotscan.')}.{name}"
            if inspect.isfunction(thing) and (makers := _makers(thing)):
                run = partial(_call, thing, makers)
                yield Target(title, run, _accepted(run, thing, makers))
            elif inspect.isclass(thing) and _is_decoder(thing):
                yield Target(title, partial(_feed, thing), corpus().pieces)


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(info.name)


def _makers(function: Callable[..., object]) -> list[Callable[[Sequence[bytes]], object]] | None:
    """How to make each required argument; None if that of one is not known."""
    required = [
        parameter.annotation
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
    ]
    if not required or any(written not in PIECEWISE for written in required):
        return None
    return [PIECEWISE[written] for written in required]


def _call(
    function: Callable[..., object],
    makers: Sequence[Callable[[Sequence[bytes]], object]],
    data: bytes,
) -> None:
    parts = data.split(SEAM)
    share = max(1, len(parts) // len(makers))
    arguments = [make(parts[i * share : (i + 1) * share]) for i, make in enumerate(makers)]
    with contextlib.suppress(Malformed):
        _exhaust(function(*arguments))


def _exhaust(result: object) -> None:
    if isinstance(result, Iterator):
        for _ in islice(result, MOST_RESULTS):
            pass
        assert next(result, None) is None, "it never ends"


def _is_decoder(thing: type) -> bool:
    takes = (hasattr(thing, "receive") and hasattr(thing, "next")) or hasattr(thing, "feed")
    signature = inspect.signature(thing).parameters.values()
    return takes and all(parameter.default is not parameter.empty for parameter in signature)


def _feed(decoder: type, data: bytes) -> None:
    """Bytes in pieces, as a stream brings them."""
    machine: Any = decoder()
    try:
        for piece in data.split(SEAM):
            if hasattr(machine, "feed"):
                machine.feed(piece)
                continue
            machine.receive(piece)
            for _ in range(MOST_RESULTS):
                if machine.next() is None:
                    break
            else:
                raise AssertionError("it never ends")
    except Malformed:
        pass


def _accepted(
    run: Callable[[bytes], None], function: Callable[..., object], makers: Sequence[object]
) -> list[bytes]:
    """The pieces of the corpus that the function reads without complaint; all if there are few."""
    if len(makers) > 1 or makers[0] is not PIECEWISE["bytes"]:
        return corpus().pieces
    found = []
    for piece in corpus().pieces[:400]:
        try:
            result = function(piece)
        except Exception:
            continue
        if result is not None:
            found.append(piece)
    return found or corpus().pieces


def _probes() -> Iterator[Target]:
    seeds = [packed(talk) for talk in corpus().talks]
    for probe in PLUGINS.probes.values():
        told = [
            packed(talk)
            for talk in corpus().talks
            if fenced(partial(probe.read, talk), probe, "", PLUGINS, [])
        ]
        yield Target(f"probes.{probe.name}.read", partial(_read, probe), told or seeds)
        yield Target(f"probes.{probe.name}.recognises", partial(_recognise, probe), corpus().pieces)


def _read(probe: Probe, data: bytes) -> None:
    talk = unpacked(data, PLUGINS.probes[probe.name])
    gaps: list[Gap] = []
    probe_read = partial(probe.read, talk)
    list(probe_read())
    fenced(probe_read, probe, "c1", PLUGINS, gaps)
    assert not gaps, gaps[0].reason


def _recognise(probe: Probe, data: bytes) -> None:
    assert probe.recognises(data) in (True, False)


def _discoverers() -> Iterator[Target]:
    for reader in PLUGINS.discoverers.values():
        heard = [p.data for p in corpus().packets if p.protocol == reader.name]
        yield Target(
            f"discovery.{reader.name}.read", partial(_announce, reader), heard or corpus().pieces
        )


def _announce(reader: Discoverer, data: bytes) -> None:
    source = ip_address("fe80::1") if len(data) % 3 == 0 else ip_address("192.0.2.1")
    mac = None if len(data) % 5 == 0 else "02:00:00:00:00:01"
    packet = Packet("p1", 0.0, reader.name, data, source if len(data) % 7 else None, mac)
    list(reader.read(packet))
    gaps: list[Gap] = []
    fenced(partial(reader.read, packet), reader, "p1", PLUGINS, gaps)
    assert not gaps, gaps[0].reason


def _files() -> Iterator[Target]:
    yield Target("capture.file", _capture, corpus().files)
    frames = [link.to_bytes(2, "big") + frame for link, frame in corpus().frames]
    yield Target("capture.frames", _frames, frames)
    report = b'{"format": 1, "devices": [], "findings": []}'
    header = b'{"header": {"format": 1, "version": "1", "started": "", "scope": {"allow": []}}}\n'
    yield Target("files.report", _json_report, [report])
    yield Target("files.recording", partial(_from_file, recording.load), [header])
    yield Target("files.labels", partial(_from_file, labels.load), [b"captures: []\n"])
    yield Target("files.settings", partial(_from_file, _settings), [b"[scan]\nports = [80]\n"])
    yield Target("files.rules", _yaml, [b"id: a\nwhen: {any_of: [1, 2]}\n"])


def _capture(data: bytes) -> None:
    """Any file at all: read to an end, with a word on where it stopped."""

    def heard(path: Path) -> object:
        hears = {
            place: reader.name for reader in PLUGINS.discoverers.values() for place in reader.hears
        }
        return Reader(hears, lambda _: len(data) % 2 == 0, lambda _: None, lambda _: None).read(
            path
        )

    _from_file(heard, data)


def _frames(data: bytes) -> None:
    """Frames of one link type through the sorter; in the end nothing is held back."""
    link = int.from_bytes(data[:2], "big")
    sorter = Sorter({}, lambda _: True, lambda _: None, lambda *_, **__: None)
    for number, frame in enumerate(data[2:].split(SEAM), 1):
        sorter.take((number, float(number), link, frame, len(frame)))
    sorter.finish()
    assert sorter.held.size == 0


def _settings(path: Path) -> object:
    return load_settings({}, path, {})


def _json_report(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        decode(data, Report)


def _yaml(data: bytes) -> None:
    yamltree.parse(data.decode("utf-8", "replace"), "x.yaml")


def _from_file(read: Callable[[Path], object], data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".fuzz") as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(IotscanError):
            read(Path(file.name))


def names(chosen: Iterable[str]) -> list[Target]:
    """The targets whose names begin with one of these; all if there are none."""
    wanted = tuple(chosen)
    return [target for target in targets() if not wanted or target.name.startswith(wanted)]
