"""A data frame of pandas, polars or pyarrow as rows of the Items contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from labeldist.core.errors import Place, UsageError
from labeldist.core.frames import kind_of
from labeldist.datasets.failures import OnError
from labeldist.datasets.grouped import grouped
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.shapes import Shape, id_column, is_empty, shape_of
from labeldist.datasets.source import Dataset, reading, task_of

NAME = Path("the frame")  # where a row stands
UNNAMED = "row label"


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


def _roles(frame: Any, table: Mapping[str, Any], given: Mapping[str, str] | None) -> dict[str, str]:
    """The columns that are named, and a named index as that of the items where no other column is."""
    roles, name = dict(given or {}), getattr(getattr(frame, "index", None), "name", None)
    named = isinstance(name, str) and name in table and id_column([one for one in table if one != name]) is None
    return {"id": str(name), **roles} if named else roles


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


def rows_of_table(columns: Mapping[str, Sequence[Any]], shape: Shape) -> Rows:
    """The rows of the Items contract that a table of this shape holds, in the order in which items first occur.

    A long table is grouped (:mod:`labeldist.datasets.grouped`); ``place`` is the row, from 1. A label that is a number
    without fraction is written as one.

    >>> from labeldist.datasets.shapes import shape_of
    >>> columns = {"task": ["t1", "t1"], "worker": ["a", "b"], "label": [1.0, 0.0], "text": ["Hi.", "Hi."]}
    >>> [row for _, row in rows_of_table(columns, shape_of(columns))]
    [{'id': 't1', 'labels': [{'annotator': 'a', 'label': '1'}, {'annotator': 'b', 'label': '0'}], 'text': 'Hi.'}]
    """
    if shape.name == "long":
        return _long(columns, shape)
    return _one_per_item(columns, shape)


def _long(columns: Mapping[str, Sequence[Any]], shape: Shape) -> Rows:
    roles = (shape.id, shape.label, shape.annotator)
    table = {name: [*map(_name, values)] if name in roles else values for name, values in columns.items()}
    if shape.id is None:
        count = len(next(iter(columns.values()), ()))
        table, shape = {"id": [*map(str, range(count))], **table}, replace(shape, id="id")
    rows = zip(*table.values(), strict=True)
    return grouped(
        (
            (Place(NAME, number), {name: value for name, value in zip(table, row, strict=True) if value is not None})
            for number, row in enumerate(rows, 1)
        ),
        shape,
    )


def _one_per_item(columns: Mapping[str, Sequence[Any]], shape: Shape) -> Rows:
    count = len(next(iter(columns.values()), ()))
    others = [name for name in columns if name not in (shape.id, *shape.values)]
    for at in range(count):
        row: dict[str, Any] = {"id": str(at) if shape.id is None else _name(columns[shape.id][at])}
        if shape.name == "wide":
            row["labels"] = [
                {"annotator": name, "label": _name(columns[name][at])}
                for name in shape.values
                if not is_empty(columns[name][at])
            ]
        elif shape.name == "counts":
            row["labels"] = {name: columns[name][at] or 0 for name in shape.values}
        row |= {name: columns[name][at] for name in others if columns[name][at] is not None}
        yield Place(NAME, at + 1), row


def _name(value: Any) -> str | None:
    """A label, an id or an annotator as a name: numbers without fraction as whole ones; None where there is none."""
    if is_empty(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def open_frame(
    frame: Any,
    *,
    columns: Mapping[str, str] | None = None,
    shape: str | None = None,
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

    ``columns`` names those of ``id``, ``label`` and ``annotator`` where their names do not tell, ``shape`` one of
    ``long``, ``wide``, ``counts`` and ``items`` (:mod:`labeldist.datasets.shapes`). All else is as for
    :func:`~labeldist.datasets.source.open_source`.

    Raises :class:`UsageError` and :class:`InputError` as :func:`~labeldist.datasets.shapes.shape_of` does.
    """
    kind = kind_of(frame)
    table = columns_of_array(frame) if kind is None else columns_of_frame(frame)
    index = table.pop(UNNAMED, None)
    found = shape_of(table, shape=shape or ("wide" if kind is None else None), roles=_roles(frame, table, columns))
    if index is not None and found.id is None and found.name != "long":  # of annotations it only counts the rows
        table, found = {UNNAMED: index, **table}, replace(found, id=UNNAMED)
    read = partial(rows_of_table, table, found)
    known, told = task_of(read, NAME, task=task, labels=labels, scale=scale, texts=texts, evidence=evidence)
    told = "; ".join(filter(None, (f"{NAME}, {found.told()}", told)))
    how = reading(on_error, limit, reference_annotators, repeated_labels, None)
    return Dataset(str(NAME), known, None, NAME, read, texts=texts, told=told, kind=kind, **how)
