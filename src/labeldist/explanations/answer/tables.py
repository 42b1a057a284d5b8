"""Markdown tables: the cells that hold the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from labeldist.explanations.answer.joining import titled
from labeldist.explanations.answer.wording import REASON_WORD

LONGEST_TITLE = 30
_ESCAPED = "\ue000"  # stands for \| while cells are cut


def table_items(text: str) -> list[str] | None:
    """The reasons in the tables of ``text``; None where there is none.

    They stand in the columns whose heading calls them reasons or explanations, joined where there are several, with the
    column of the longest texts where these are only titles; else in that column.

    >>> table_items("| # | Reason |\\n|---|---|\\n| 1 | Rain falls. |\\n| 2 | Streets are wet. |")
    ['Rain falls.', 'Streets are wet.']
    """
    items: list[str] = []
    found = False
    for header, rows in _tables(text.splitlines()):
        found = True
        columns = _columns(header, rows)
        for row in rows:
            cells = [row[at] for at in columns if at < len(row) and row[at]]
            item = ""
            for cell in cells:
                item = titled(item, cell)
            items.append(item)
    return [item for item in items if item] if found else None


def _tables(lines: Sequence[str]) -> list[tuple[list[str], list[list[str]]]]:
    """Header and rows of each table: a line of dashes and bars, what stands above it and what follows it.

    Without such a line, lines that bars begin and end are the rows of a table without a header.
    """
    found: list[tuple[list[str], list[list[str]]]] = []
    at = 1
    while at < len(lines):
        if _is_rule(lines[at]) and "|" in lines[at - 1]:
            end = at + 1
            while end < len(lines) and "|" in lines[end]:
                end += 1
            found.append((_cells(lines[at - 1]), [_cells(line) for line in lines[at + 1 : end] if not _is_rule(line)]))
            at = end
        at += 1
    rows = [_cells(line) for line in lines if len(line) > 2 and line.strip()[:1] == line.strip()[-1:] == "|"]
    return found or ([([""] * len(rows[0]), rows)] if len(rows) > 1 else [])


def _is_rule(line: str) -> bool:
    return ({*line.strip()} <= {*"|-: +"} and "--" in line and "|" in line) or {*line.strip()} == {*"|-"}


def _cells(line: str) -> list[str]:
    inner = line.strip().replace("\\|", _ESCAPED).removeprefix("|").removesuffix("|")
    return [cell.strip().replace(_ESCAPED, "|").replace("<br>", " ") for cell in inner.split("|")]


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    named = [at for at, name in enumerate(header) if REASON_WORD.search(name[:80]) and _length(rows, at) > 2]
    longest = max(range(len(header)), key=lambda at: _length(rows, at))
    if not named:
        return [longest]
    most = max(_length(rows, at) for at in named)
    # A column "Reason" of a word or two is a title; the reason itself stands in another one.
    titles = longest not in named and most < LONGEST_TITLE and _length(rows, longest) > 2 * most
    return sorted([*named, longest]) if titles else named


def _length(rows: Sequence[Sequence[str]], column: int) -> float:
    return fmean([len(row[column]) if column < len(row) else 0 for row in rows] or [0])
