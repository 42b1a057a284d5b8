"""What people found of Llama3's explanations: ``Validated_Llama3_Explanations.xlsx`` of MJD-Estimator.

A person read each explanation of the first 100 items and answered: does it faithfully describe what premise and
hypothesis mean (Q1)? Does it bring additional relevant information (Q2)? Which label does it speak for (Q3)?

Chen, Peng, Korhonen, Plank. A Rose by Any Other Name. Findings of ACL 2025. arXiv:2412.13942
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, MissingExtraError, Place, UsageError, shown
from labeldist.datasets.catalog import Folders

FILES = (
    "mjd_estimator/Validated_Llama3_Explanations.xlsx",
    "mjd_estimator/MJD-Estimator/Model-Explanation/Validated_Llama3_Explanations.xlsx",
)
SOURCE = "llama3"
PROFILE = "mjd-estimator:llama3"  # the parser whose numbering the sheet follows
TITLES = ("ID", "Context/Premise", "Statement/Hypothesis", "LLM-Label", "LLM-Explanation", "Q1", "Q2", "Q3")
LABELS = {
    "Entailment": "entailment",
    "NotEntailment": "entailment",
    "Neutral": "neutral",
    "Contradiction": "contradiction",
}
ANSWERS = {"y": True, "n": False, "-": None}
SPEAKS_FOR = {"E": "entailment", "N": "neutral", "C": "contradiction", "-": None}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the sheet: the ``number``-th explanation (from 1) that Llama3 gave for ``label`` of an item.

    ``faithful`` (Q1), ``relevant`` (Q2) and ``speaks_for`` (Q3) are None where nothing was answered. ``refuses``: asked
    for reasons why the hypothesis is true, the model listed reasons why it is not (``NotEntailment`` in the sheet).
    ``row``: where it stands in the sheet, from 1.
    """

    item: str
    label: str
    number: int
    text: str
    faithful: bool | None
    relevant: bool | None
    speaks_for: str | None
    refuses: bool
    row: int

    @property
    def preferred(self) -> bool | None:
        """Faithful and with relevant information; None where that was not answered.

        >>> Verdict("mjd-000", "neutral", 1, "It may.", True, False, None, False, 4).preferred
        False
        """
        if self.faithful is False or self.relevant is False:
            return False
        return None if self.faithful is None or self.relevant is None else True

    @property
    def confirmed(self) -> bool | None:
        """Preferred, and found to speak for the label that it was written for."""
        return self.preferred and self.speaks_for == self.label


def verdicts_file(folders: Folders) -> Path:
    """The sheet in the folders of data sets; :class:`UsageError` that says how to get it where there is none."""
    found = folders.find(*FILES)
    if found is None:
        raise UsageError(
            "the human verdicts on Llama3's explanations are not on this machine",
            hint=f"set LABELDIST_DATA to the folder that has {FILES[0]}, or clone "
            "https://github.com/mainlp/MJD-Estimator to mjd_estimator/MJD-Estimator in it",
        )
    return found


def read_verdicts(file: Path) -> list[Verdict]:
    """The verdicts in the order of the sheet; blank rows separate labels and are no rows.

    Capital letters in answers are read as small ones. Raises :class:`MissingExtraError` without openpyxl and
    :class:`InputError`, with the row and the column, for whatever the sheet should not have.
    """
    return [_verdict(cells, Place(file, line=row), row) for row, cells in _rows(file)]


def matched(verdicts: Sequence[Verdict], pools: Mapping[str, Mapping[str, Sequence[str]]], file: Path) -> list[Verdict]:
    """The verdicts of the items in ``pools``, {item: {label: texts in the order of the answer}}, with these texts.

    The sheet lost quotation marks at the beginning of some texts, so they are compared without; the text of the answer
    is the one that is kept. Raises :class:`InputError` for a verdict whose place in the answer is empty or holds
    another text.
    """
    found = []
    for verdict in verdicts:
        if verdict.item not in pools:
            continue
        texts = pools[verdict.item].get(verdict.label, ())
        text = texts[verdict.number - 1] if verdict.number <= len(texts) else None
        if text is None or _bare(text) != _bare(verdict.text):
            raise InputError(
                f"the explanation {shown(verdict.text)}",
                expected=f"number {verdict.number} of {len(texts)} that {SOURCE} gave for {verdict.label!r} of item "
                f"{verdict.item!r}, which is {shown(text)}",
                place=Place(file, line=verdict.row, field="LLM-Explanation"),
                hint="use the sheet and the raw answers of the same version of MJD-Estimator",
            )
        found.append(replace(verdict, text=text))
    return found


def _rows(file: Path) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """(row number from 1, its eight cells), without the titles and blank rows. Formulas are not evaluated."""
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError("reading a sheet of verdicts", "variability") from error
    try:
        book = load_workbook(file, read_only=True, data_only=True)
        rows = [tuple(cell for cell in row[: len(TITLES)]) for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except Exception as error:  # broken zips, broken XML, wrong kinds of file: openpyxl lets each out as it is
        found = f"{type(error).__name__} ({error})"
        raise InputError(found, expected="a sheet that can be read (.xlsx)", place=Place(file)) from error
    titles = [str(title or "") for title in rows[0]] if rows else []
    if len(titles) != len(TITLES) or not all(map(str.startswith, titles, TITLES)):
        raise InputError(
            f"columns {shown(titles)}", expected=f"columns that begin {', '.join(TITLES)}", place=Place(file, line=1)
        )
    for number, cells in enumerate(rows[1:], 2):
        if any(cell is not None for cell in cells):
            yield number, cells


def _verdict(cells: Sequence[Any], place: Place, row: int) -> Verdict:
    index, _, _, name, text, faithful, relevant, speaks_for = cells
    if not isinstance(index, int) or index < 0:
        raise _wrong(index, "the number of an item, from 0", place, "ID")
    asked, _, number = str(name).rpartition("-")
    if asked not in LABELS or not number.isdigit() or int(number) < 1:
        raise _wrong(name, f"one of {', '.join(LABELS)}, a hyphen and a number from 1", place, "LLM-Label")
    if not isinstance(text, str) or not text.strip():
        raise _wrong(text, "a text", place, "LLM-Explanation")
    return Verdict(
        item=f"mjd-{index:03d}",
        label=LABELS[asked],
        number=int(number),
        text=text,
        faithful=_answer(faithful, str.lower, ANSWERS, place, "Q1"),
        relevant=_answer(relevant, str.lower, ANSWERS, place, "Q2"),
        speaks_for=_answer(speaks_for, str.upper, SPEAKS_FOR, place, "Q3"),
        refuses=asked == "NotEntailment",
        row=row,
    )


def _answer(cell: Any, case: Any, known: Mapping[str, Any], place: Place, field: str) -> Any:
    """What a cell says; nothing where it is empty."""
    if cell is None:
        return None
    answer = case(str(cell).strip())
    if answer not in known:
        raise _wrong(cell, f"one of: {', '.join(known)}", place, field)
    return known[answer]


def _wrong(cell: Any, expected: str, place: Place, field: str) -> InputError:
    return InputError(shown(cell), expected=expected, place=Place(place.file, place.line, field))


def _bare(text: str) -> str:
    """A text without quotation marks and with single spaces."""
    return " ".join(text.replace('"', "").split())
