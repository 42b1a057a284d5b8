"""A data set in a notebook: its first items, as far as they can be read."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from labeldist.core.errors import LabeldistError
from labeldist.core.item import Item
from labeldist.pictures.beside import side_by_side
from labeldist.pictures.counts import label_counts, labels_per_item
from labeldist.pictures.svg import shortened
from labeldist.pictures.table import ROWS, html_table

if TYPE_CHECKING:
    from labeldist.datasets.source import Dataset

FIRST = 200
LARGEST = 4 << 20  # bytes of a file that is read only to be shown: about half a second
MOST_RECORDS = 50_000  # of a data frame
LONGEST = 80  # characters of a text


def first_items_html(dataset: Dataset) -> str:
    """Label counts and a table of the first items; where the data cannot be read, what is wrong with them."""
    if _too_large(dataset):
        return html_table([], [], f"{dataset!r}; too large to be read only to be shown: labeldist.describe reads it")
    items: list[Item] = []
    wrong = ""
    try:
        for item in islice(dataset.items(), FIRST):
            items.append(item)
    except (LabeldistError, OSError) as error:
        wrong = f"cannot be read further: {error.in_a_line if isinstance(error, LabeldistError) else error}"
    labels = dataset.task.label_names
    return html_table(
        ["id", *_fields(items), *labels, *(["reference"] if _referenced(items) else [])],
        (_row(item, _fields(items), labels, reference=_referenced(items)) for item in items[:ROWS]),
        "; ".join(filter(None, (repr(dataset), _told(len(items)), wrong))),
        above=_pictures(items, labels, ordered=dataset.task.values is not None),
    )


def _too_large(dataset: Dataset) -> bool:
    """Whether looking would take seconds: annotations are put together by item before there is a first item."""
    if dataset.records is not None:
        return dataset.records > MOST_RECORDS
    try:
        return dataset.path.is_file() and dataset.path.stat().st_size > LARGEST
    except (OSError, ValueError):
        return False


def _pictures(items: list[Item], labels: tuple[str, ...], *, ordered: bool) -> str:
    given: Counter[str] = Counter()
    sizes: Counter[int] = Counter()
    for item in items:
        votes = item.votes()
        given.update(votes)
        sizes[votes.total()] += 1
    title = "labels of the first items" if len(items) == FIRST else "labels"
    counts = label_counts({label: given[label] for label in labels}, ordered=ordered, title=title)
    return side_by_side(counts, labels_per_item(sizes)) if counts else ""


def _row(item: Item, fields: list[str], labels: tuple[str, ...], *, reference: bool) -> list[object]:
    texts = [shortened(item.fields.get(name, ""), LONGEST) for name in fields]
    counts = [count or "" for count in item.label_counts(labels)]
    return [shortened(item.id, LONGEST), *texts, *counts, *(["yes" if item.reference else ""] if reference else [])]


def _fields(items: list[Item]) -> list[str]:
    return [*dict.fromkeys(name for item in items[:ROWS] for name in item.fields)]


def _referenced(items: list[Item]) -> bool:
    return any(item.reference for item in items[:ROWS])


def _told(count: int) -> str:
    if count == FIRST:
        return f"the first {FIRST} items are shown in the picture, {ROWS} of them in the table"
    return f"{count:,} item{'' if count == 1 else 's'}" + (f", the first {ROWS} in the table" if count > ROWS else "")
