"""What models say of items, from whatever holds it: a file, a data frame, an array, a mapping, an estimate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeldist.api.distributions import Distributions
from labeldist.core.errors import Place, UsageError, shown
from labeldist.core.frames import kind_of
from labeldist.datasets.files import read_rows
from labeldist.datasets.frames import columns_of_array, columns_of_frame
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.datasets.roles import UNNAMED, id_column

if TYPE_CHECKING:
    from labeldist.datasets.source import Dataset

EXPECTED = "a file, a data frame with a column per label, an array of items by labels, or {id: {label: probability}}"


def said_rows(name: str, value: Any, dataset: Dataset, saw_labels: bool | None = None) -> Rows:
    """Rows ``{"id", "distribution"}`` of what ``value`` holds; an array's rows are the items, in their order.

    ``saw_labels``: what to say of rows that do not say whether the labels were seen. Raises :class:`UsageError` where
    ``value`` is none of these, or an array has another shape.
    """
    for place, row in _rows(name, value, dataset):
        if saw_labels is not None and isinstance(row, dict) and row.get("saw_labels") is None:
            row = {**row, "saw_labels": saw_labels}
        yield place, row


def _rows(name: str, value: Any, dataset: Dataset) -> Rows:
    from labeldist.estimation.estimate import Estimate

    if isinstance(value, str | Path):
        return read_rows(Path(value), DISTRIBUTIONS)
    if isinstance(value, Estimate):
        return ((Place(Path(name), at + 1), value.row(at)) for at in range(len(value.ids)))
    if isinstance(value, Distributions):
        return ((Place(Path(name), number), dict(row)) for number, row in enumerate(value.rows, 1))
    if isinstance(value, Mapping):
        return _of_mapping(name, value)
    if kind_of(value) is not None:
        return _of_frame(name, columns_of_frame(value), dataset.task.label_names)
    if hasattr(value, "ndim"):
        return _of_array(name, value, dataset)
    raise UsageError(f"{shown(type(value).__name__)} as {name!r}", hint=f"give {EXPECTED}")


def _of_mapping(name: str, value: Mapping[str, Mapping[str, float]]) -> Rows:
    for number, (id_, distribution) in enumerate(value.items(), 1):
        yield Place(Path(name), number), {"id": id_, "distribution": dict(distribution)}


def _of_frame(name: str, columns: Mapping[str, Sequence[Any]], labels: Sequence[str]) -> Rows:
    id_ = UNNAMED if UNNAMED in columns else id_column(columns)
    if id_ is None:
        raise UsageError(
            f"{name!r} has no column of ids", hint="name it 'id', or give an array in the order of the items"
        )
    bare = [label for label in labels if label in columns]
    for at, found in enumerate(columns[id_]):
        row = {column: columns[column][at] for column in columns if column != id_}
        shares = {label: row.pop(label) for label in bare}
        yield Place(Path(name), at + 1), {"id": found, **row, **({"distribution": shares} if bare else {})}


def _of_array(name: str, array: Any, dataset: Dataset) -> Rows:
    labels = dataset.task.label_names
    table = columns_of_array(array)
    ids = [item.id for item in dataset.items()]
    if array.shape != (len(ids), len(labels)):
        raise UsageError(
            f"an array of shape {array.shape} as {name!r}",
            hint=f"its rows are the {len(ids):,} items, its columns the labels {', '.join(labels)}",
        )
    for at, id_ in enumerate(ids):
        shares = {label: table[str(place)][at] for place, label in enumerate(labels)}
        yield Place(Path(name), at + 1), {"id": id_, "distribution": shares}


def files_in(given: Sequence[tuple[str, Any]]) -> list[Path]:
    """Those of the values that are files."""
    return [Path(value) for _, value in given if isinstance(value, str | Path)]


def named(values: Any, default: str) -> Iterator[tuple[str, Any]]:
    """Names and values of a mapping of several, or ``default`` and the one that there is."""
    several = isinstance(values, Mapping) and not all(map(_is_distribution, values.values()))
    return iter(values.items()) if several else iter([(default, values)])


def _is_distribution(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(isinstance(one, Mapping) for one in value.values())
