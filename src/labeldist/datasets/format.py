"""What a format of annotation files is, and the registry to which each in ``datasets/formats`` adds itself.

A format turns records, as a file holds them, into rows of the Items contract (:mod:`labeldist.datasets.rows`), and
items back into a file of its tool. How a file is stored (CSV, JSON, Parquet, gzip) is not its business: see
:mod:`labeldist.datasets.stored`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labeldist.core.errors import UsageError, shown
from labeldist.core.item import Item
from labeldist.core.registry import Registry
from labeldist.core.task import Task
from labeldist.datasets.jsonl import Rows

# In the records of a folder or a zip file: the name of the file in it that a record is from.
MEMBER = "file name"


@dataclass(frozen=True, slots=True)
class Sample:
    """The first records of a file, as it holds them, and how it is ``stored``: csv, jsonl, json, parquet, excel, zip,
    folder or frame. Cells of CSV are texts; those of all others are values as JSON has them.
    """

    records: Sequence[Mapping[str, Any]]
    stored: str
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Set the names of the columns, in the order in which they first occur."""
        names = dict.fromkeys(name for record in self.records for name in record)
        object.__setattr__(self, "columns", tuple(names))


# Items as a file of a tool; returns a sentence for each part of them that the format cannot hold.
Write = Callable[[Path, Iterable[Item], Task], Sequence[str]]


def nothing_to_note(sample: Sample) -> str:
    """The note of formats whose files say all there is to know."""
    return ""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of annotation files.

    ``title``: what it is, in words. ``recognises``: whether a file that begins so is one, told by marks that no other
    file has. ``rows``: records, and the columns that the user named by what they are (``{"label": "toxicity"}``), to
    rows of the Items contract. ``write``: the way back, where there is one; ``suffixes``: of the files that it writes.
    ``note``: a sentence on what a user of a file that begins so must know, or nothing.
    """

    name: str
    title: str
    recognises: Callable[[Sample], bool]
    rows: Callable[[Rows, Mapping[str, str]], Rows]
    write: Write | None = None
    suffixes: tuple[str, ...] = ()
    note: Callable[[Sample], str] = nothing_to_note


FORMATS: Registry[Format] = Registry(
    "format", "labeldist.datasets.formats", group="labeldist.formats", part_type=Format
)


def question_of(questions: Iterable[str], columns: Mapping[str, str], tool: str) -> str:
    """The question whose answers are the labels: the one that is named as ``label``, else the only one there is.

    Raises :class:`UsageError` where there are several and none is named, or the named one is not there.

    >>> question_of(["toxicity"], {}, "Argilla"), question_of(["a", "b"], {"label": "b"}, "Argilla")
    ('toxicity', 'b')
    """
    known = [*dict.fromkeys(questions)]
    chosen = columns.get("label")
    if chosen in known:
        return str(chosen)
    listed = shown(", ".join(known), 120)
    if chosen is not None:
        raise UsageError(f"no question {chosen!r} in this file of {tool}", hint=f"its questions are: {listed}")
    if len(known) == 1:
        return known[0]
    if not known:
        raise UsageError(f"no answer in this file of {tool}", hint="export it again once somebody has labelled")
    raise UsageError(
        f"{len(known)} questions in this file of {tool}: {listed}", hint=f"say which: --columns label={known[0]}"
    )
