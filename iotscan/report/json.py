"""The report as JSON that loads back equal; described by ``schema.json`` beside this file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import TextIO

import msgspec

from iotscan import codec
from iotscan.errors import UsageError
from iotscan.model import Report
from iotscan.report import Options

# The version of the JSON form: it goes up when a field changes its meaning or leaves.
FORMAT = 1
_PIECE = 1 << 20
# Legal inside JSON strings, yet a terminal or a browser acts on them: written as escapes.
_UNSAFE = (*range(0x7F, 0xA0), 0x61C, *range(0x200E, 0x2010), *range(0x2028, 0x202F))
_ESCAPES = {code: f"\\u{code:04x}" for code in (*_UNSAFE, *range(0x2066, 0x206A))}


def dumps(noun: object) -> str:
    """JSON with two spaces of indent, fields in declared order, mappings sorted by key.

    ``noun``: a report, or any other that goes through :mod:`iotscan.codec`.
    """
    return "".join(_pieces(noun))


def _pieces(noun: object) -> Iterator[str]:
    """What ``dumps`` returns, a piece at a time: the text of a large report takes a lot of room."""
    text = msgspec.json.format(codec.encode(noun), indent=2)
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(text), _PIECE):
        yield decoder.decode(text[start : start + _PIECE]).translate(_ESCAPES)
    yield "\n"


def written(tree: object, indent: int | None = 2) -> str:
    """Any tree of plain values as JSON that no screen and no browser acts on; None: on one line."""
    data = msgspec.json.encode(tree)
    return escaped(data if indent is None else msgspec.json.format(data, indent=indent)) + "\n"


def escaped(text: bytes) -> str:
    """JSON with what is legal in it, yet acted upon, as escapes."""
    return text.decode().translate(_ESCAPES)


def loads(text: str | bytes) -> Report:
    """The report that ``dumps`` wrote. Raises UsageError when it is no such text."""
    try:
        report = codec.decode(text, Report)
    except ValueError as error:
        raise UsageError(f"this is not an iotscan report: {error}") from error
    if report.format != FORMAT:
        raise UsageError(
            f"this report has format {report.format}, and this iotscan reads format {FORMAT}: "
            "use the version that wrote it"
        )
    return report


def render(report: Report, out: TextIO, options: Options) -> None:
    """The same text whatever the options: JSON is for machines."""
    out.writelines(_pieces(report))


RENDERER = render
