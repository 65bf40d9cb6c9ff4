"""Lines on a screen: wrapping by what characters take up there, hanging labels, one write a block.

rich decides about colour and width; the wrapping is our own because one wrap a paragraph through a
console takes seconds for a thousand devices. Without colours nothing is left for it to do.
"""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from iotscan.report import Options

# Longer lines are hard to read, however wide the screen is.
_WIDEST = 100
_NARROWEST = 30


class Page:
    """Collects lines and writes them out block by block. Everything is text, never markup."""

    def __init__(self, out: TextIO, options: Options) -> None:
        self._out = out
        self._console = Console(
            file=out,
            width=options.width,
            force_terminal=options.colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.width = max(_NARROWEST, min(self._console.width, _WIDEST))
        # (words, style), one after another.
        self._block: list[tuple[str, str]] = []

    def line(self, words: str = "", style: str = "", indent: int = 0, hang: int = 0) -> None:
        """A paragraph; lines after its first are indented by ``hang`` more."""
        left = " " * indent
        for line in wrapped(words, self.width - indent, hang) or [""]:
            self._block.append((f"{left}{line}\n", style))
            left = " " * (indent + hang)

    def labelled(self, label: str, words: str, column: int, indent: int = 0) -> None:
        """A paragraph ``column`` cells to the right of ``indent``, where its label stands."""
        left = " " * indent + label.ljust(column)
        for line in wrapped(words, self.width - indent - column):
            self._block.append((left, "bold"))
            self._block.append((line + "\n", ""))
            left = " " * (indent + column)

    def verbatim(self, words: str) -> None:
        """A line that is never wrapped, so that it can be copied whole."""
        self._block.append((words + "\n", ""))

    def rule(self) -> None:
        self._block.append(("─" * self.width + "\n", "dim"))

    def flush(self) -> None:
        """Write what was collected."""
        if self._console.color_system is None:
            self._out.write("".join(words for words, _ in self._block))
        elif self._block:
            self._console.print(Text.assemble(*self._block), soft_wrap=True, end="")
        self._block = []


def wrapped(words: str, width: int, hang: int = 0) -> list[str]:
    """Lines of at most ``width`` cells, the later ones ``hang`` narrower; long words are cut."""
    lines: list[str] = []
    line, used = "", 0
    for word in words.split():
        room = width - (hang if lines else 0)
        size = cell_len(word)
        if line and used + 1 + size <= room:
            line, used = f"{line} {word}", used + 1 + size
            continue
        if line:
            lines.append(line)
            room = width - hang
        pieces = [word] if size <= room else chop_cells(word, width - hang)
        lines += pieces[:-1]
        line, used = pieces[-1], cell_len(pieces[-1])
    return [*lines, line] if line else lines
