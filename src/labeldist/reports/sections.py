"""Reports made of titled tables and lines: for terminals, as plain text and in Markdown."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from labeldist.core.visible import visible
from labeldist.reports.tables import escaped, table_line

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 100  # of plain text
LONGEST_NAME = 24  # in the first column, unbroken


@dataclass(frozen=True, slots=True)
class Section:
    """A title, lines of text, a table (the names of its columns, and rows), and notes below it. All may be empty."""

    title: str = ""
    lines: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = field(default=())


def terminal_parts(section: Section) -> Iterator[RenderableType]:
    """A section for a rich console."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    yield Text()
    if section.title:
        yield Text(section.title, style="bold")
    if section.lines:
        yield Text("\n".join(map(visible, section.lines)))
    if section.rows:
        table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for at, name in enumerate(section.head):
            longest = max(len(row[at]) for row in section.rows)
            wide = min(longest, LONGEST_NAME) if at == 0 else None
            side: Literal["left", "right"] = "right" if at else "left"
            table.add_column(Text(visible(name)), justify=side, overflow="fold", min_width=wide)
        for row in section.rows:
            table.add_row(*(Text(visible(cell)) for cell in row))
        yield table
    if section.notes:
        yield Text("\n".join(map(visible, section.notes)), style="dim")


def plain_text(sections: Sequence[Section]) -> str:
    """The sections as text of WIDTH columns, without anything that acts on a terminal."""
    from rich.console import Console

    screen = Console(file=(out := io.StringIO()), width=WIDTH, color_system=None, markup=False, highlight=False)
    for section in sections:
        for part in terminal_parts(section):
            screen.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines()) + "\n"


def markdown(title: str, sections: Sequence[Section]) -> str:
    """The sections in Markdown, each under its heading.

    >>> print(markdown("d", [Section("Labels", ["Two."], ["label", "n"], [["<b>", "2"]])]), end="")
    # d
    <BLANKLINE>
    ## Labels
    <BLANKLINE>
    - Two.
    <BLANKLINE>
    | label | n |
    | --- | ---: |
    | \\<b\\> | 2 |
    """
    blocks = [f"# {escaped(title)}"]
    for section in sections:
        blocks += [f"## {escaped(section.title)}"] if section.title else []
        # What is indented belongs to the line before.
        items = [f"{'  ' if line.startswith('  ') else ''}- {escaped(line)}" for line in section.lines]
        blocks += ["\n".join(items)] if items else []
        if section.rows:
            ruler = table_line(["---", *["---:"] * (len(section.head) - 1)])
            lines = [table_line([escaped(cell) for cell in row]) for row in (section.head, *section.rows)]
            blocks.append("\n".join([lines[0], ruler, *lines[1:]]))
        blocks += ["  \n".join(map(escaped, section.notes))] if section.notes else []
    return "\n\n".join(blocks) + "\n"
