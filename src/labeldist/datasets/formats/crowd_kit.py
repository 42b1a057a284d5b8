"""crowd-kit: a CSV with the columns task, worker and label, as its aggregators take them. It is read as any table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.format import FORMATS, Format
from labeldist.datasets.plain_csv import RUN_BY_SPREADSHEETS, is_formula, write_plain_csv
from labeldist.datasets.tool_items import given_labels, sentences
from labeldist.datasets.written_only import left_out, not_read, recognises_nothing

NAME = "crowd-kit"
UNNAMED = "unnamed"


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """A row per label; ``pandas.read_csv`` gives the frame that crowd-kit's ``fit_predict`` takes."""
    told: Counter[str] = Counter()
    write_plain_csv(path, ["task", "worker", "label"], (line for item in items for line in _lines(item, told)))
    return sentences(told)


def _lines(item: Item, told: Counter[str]) -> Iterator[tuple[str, str, str]]:
    told.update(left_out(item))
    given = [*given_labels(item)]
    if not given:
        told["without labels, left out"] += 1
    if any(who is None for who, _ in given):
        told[f"labels without annotators have workers {UNNAMED} 1, 2, ..., who are nobody: do not weigh workers"] += 1
    nameless = 0
    for who, label in given:
        nameless += who is None
        line = (item.id, f"{UNNAMED} {nameless}" if who is None else who, label)
        if any(map(is_formula, line)):
            told[RUN_BY_SPREADSHEETS] += 1
        yield line


FORMATS.add(NAME)(Format(NAME, "crowd-kit's task, worker, label", recognises_nothing, not_read(NAME), write, (".csv",)))
