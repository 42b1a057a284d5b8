"""CSV as other tools read it: cells as they are, without the marks by which labeldist reads its own tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from labeldist.datasets.whole import whole_file

FORMULA = "=+-@\t\r"  # what a spreadsheet takes for the beginning of a formula
RUN_BY_SPREADSHEETS = "begin with = + - or @: a spreadsheet would run such cells, so do not open the file in one"


def write_plain_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Write a table in UTF-8; it appears whole or not at all (:func:`~labeldist.datasets.whole.whole_file`)."""
    with whole_file(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        table = csv.writer(text)
        table.writerow(header)
        table.writerows(lines)
        text.detach()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run the cell.

    >>> is_formula("=1+1"), is_formula("ann")
    (True, False)
    """
    return text.startswith(tuple(FORMULA))
