"""A data frame of pandas, polars or pyarrow as rows of the Items contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from labeldist.core.errors import Place, UsageError
from labeldist.core.frames import kind_of
from labeldist.datasets.column_map import ID
from labeldist.datasets.failures import OnError
from labeldist.datasets.format import Sample
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.opening import Opened, Reading, open_records, read_reading
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.roles import UNNAMED, id_column
from labeldist.datasets.source import Dataset, dataset_of, read_how

NAME = Path("the frame")  # where a row stands
SAMPLE = 5_000  # rows by which a shape is known


def columns_of_frame(frame: Any) -> dict[str, list[Any]]:
    """The columns of a frame as lists of plain values, None for what is missing; an index of ids is the first of them.

    A named index is a column; one without a name may hold ids where no column does, and is named UNNAMED.

    Raises :class:`UsageError` for columns whose names are no texts.
    """
    import narwhals as nw

    found = nw.from_native(frame, eager_only=True)
    names = [*found.columns]
    odd = next((name for name in names if not isinstance(name, str)), None)
    if odd is not None:
        raise UsageError(
            f"a column named {odd!r}", hint="name columns by texts: frame.columns = map(str, frame.columns)"
        )
    columns = {name: _plain(found[name].to_list()) for name in names}
    index = _index(nw.maybe_get_index(found))
    if index is None or index[0] in columns or (index[0] is None and id_column(columns) is not None):
        return columns
    return {index[0] or UNNAMED: index[1], **columns}


def _index_of_items(frame: Any, table: Mapping[str, Any]) -> str | None:
    """The name of a named index, as the column of the items, where no other column is."""
    name = getattr(getattr(frame, "index", None), "name", None)
    named = isinstance(name, str) and name in table and id_column([one for one in table if one != name]) is None
    return str(name) if named else None


def columns_of_array(array: Any) -> dict[str, list[Any]]:
    """The columns of an array of items by annotators, named by their numbers; NaN is no label."""
    if array.ndim != 2:
        raise UsageError(
            f"an array of {array.ndim} dimensions", hint="give one of items by annotators, NaN for no label"
        )
    return {str(at): _plain(column) for at, column in enumerate(array.T.tolist())}


def _index(index: Any) -> tuple[str | None, list[Any]] | None:
    """The name, if it has one, and the values of pandas' row labels; None where they only count the rows."""
    if index is None or (type(index).__name__ == "RangeIndex" and index.name is None):
        return None
    if index.nlevels > 1:
        raise UsageError("a frame with several levels of row labels", hint="make them columns: frame.reset_index()")
    return None if index.name is None else str(index.name), _plain(index.tolist())


def _plain(values: Sequence[Any]) -> list[Any]:
    """Python's own values: numpy's scalars have ``item``, and what is missing is None."""
    return [None if _missing(value) else value.item() if hasattr(value, "item") else value for value in values]


def _missing(value: Any) -> bool:
    # pandas' NA and NaT, and NaN, are not equal to themselves; lists and arrays have no one answer.
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _records(columns: Mapping[str, Sequence[Any]], most: int | None = None) -> Rows:
    """The rows of a table; ``place`` is the row, from 1."""
    rows = islice(zip(*columns.values(), strict=True), most)
    return (
        (Place(NAME, number), {name: value for name, value in zip(columns, row, strict=True) if value is not None})
        for number, row in enumerate(rows, 1)
    )


def _opened(table: Mapping[str, Sequence[Any]], reading: Reading) -> Opened:
    first = [row for _, row in _records(table, SAMPLE) if isinstance(row, dict)]
    return open_records(partial(_records, table), Sample(first, "frame"), reading)


def _by_id(reading: Reading, column: str) -> Reading:
    return replace(reading, columns=replace(reading.columns, roles={**reading.columns.roles, ID: (column,)}))


def _counts_rows(opened: Opened) -> bool:
    """Whether rows are items that nothing names."""
    return opened.shape is not None and opened.shape.name != "long" and not opened.shape.id


def open_frame(
    frame: Any,
    *,
    read: ReadOptions | None = None,
    task: str | None = None,
    labels: Sequence[str] = (),
    scale: str | None = None,
    texts: bool = False,
    evidence: Sequence[Path] = (),
    on_error: OnError = "stop",
    limit: int | None = None,
    reference_annotators: str | None = None,
    repeated_labels: str | None = None,
) -> Dataset:
    """The items of a data frame of pandas, polars or pyarrow, or of an array of items by annotators.

    All else is as for :func:`~labeldist.datasets.source.open_source`. Raises :class:`UsageError` and
    :class:`InputError` as :func:`~labeldist.datasets.shapes.shape_of` does.
    """
    kind = kind_of(frame)
    table = columns_of_array(frame) if kind is None else columns_of_frame(frame)
    index = table.pop(UNNAMED, None)
    said = read or ReadOptions()
    reading = read_reading(said if said.format or kind is not None else replace(said, format="wide"))
    if ID not in reading.columns.roles and (id_ := _index_of_items(frame, table)) is not None:
        reading = _by_id(reading, id_)
    opened = _opened(table, reading)
    if index is not None and _counts_rows(opened):  # of annotations an index only counts the rows
        opened = _opened({UNNAMED: index, **table}, _by_id(reading, UNNAMED))
    how = read_how(on_error, limit, reference_annotators, repeated_labels, None)
    about: dict[str, Any] = {"task": task, "labels": labels, "scale": scale, "texts": texts, "evidence": evidence}
    found = dataset_of(opened, str(NAME), NAME, how, kind=kind, **about)
    return replace(found, records=len(next(iter(table.values()), ())))
