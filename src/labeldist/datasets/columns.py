"""The columns of a row: those that the Items contract knows, and parts of it that are spread over several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from labeldist.core.errors import Place, shown
from labeldist.core.spelling import folded, nfc
from labeldist.core.task import Task
from labeldist.datasets.values import refuse

SPREAD = ("fields", "labels", "reference")
KNOWN = ("id", *SPREAD, "explanations", "answers", "evidence")


def gathered(row: Mapping[str, Any], place: Place, parts: Sequence[str] = SPREAD) -> dict[str, Any]:
    """The row with columns such as ``labels.neutral`` gathered under ``labels``, for each of ``parts``.

    Raises :class:`InputError` for ``Labels.neutral``: beside ``labels.entailment`` it would be left out of the counts.
    """
    if all_plain(tuple(row)):
        return row if isinstance(row, dict) else dict(row)
    for column in row:
        base, dot, label = column.partition(".")
        if dot and base not in parts and folded(base) in parts:
            refuse(f"column {shown(column)}", repr(f"{folded(base)}.{label}"), replace(place, field=folded(base)))
    whole = {column: value for column, value in row.items() if not spread_over(column, parts)}
    for column, value in row.items():
        part = spread_over(column, parts)
        if not part:
            continue
        if row.get(part) is not None:
            if value is None:
                continue
            refuse(f"both {part!r} and {column!r}", "one of the two", replace(place, field=part))
        whole[part] = (whole.get(part) or {}) | {column[len(part) + 1 :]: value}
    for part in parts:
        # All cells of a row empty: the row has no such part.
        if part not in row and part in whole and all(value is None for value in whole[part].values()):
            del whole[part]
    return whole


def spread_over(column: str, parts: Iterable[str] = SPREAD) -> str | None:
    """The part of the contract that a column such as ``labels.neutral`` belongs to, or None.

    >>> spread_over("labels.neutral"), spread_over("labels"), spread_over("label.neutral")
    ('labels', None, None)
    """
    return next((part for part in parts if column.startswith(part + ".")), None)


def with_fields(row: Mapping[str, Any], task: Task, place: Place) -> Mapping[str, Any]:
    """``row`` with the task's fields under the task's own spelling, whichever Unicode form their columns have."""
    other = {column: nfc(column) for column in row if isinstance(column, str) and nfc(column) != column}
    other = {column: name for column, name in other.items() if name in task.fields}
    for column, name in other.items():
        if name in row:
            refuse(f"two columns named {shown(column)}, in two Unicode forms", "each column once", place)
    return {other.get(column, column): value for column, value in row.items()} if other else row


@lru_cache(maxsize=1 << 10)
def all_plain(columns: tuple[object, ...]) -> bool:
    """Whether no column can be a part of another or a name in another Unicode form: so it is in most files."""
    return all(isinstance(column, str) and column.isascii() and "." not in column for column in columns)


@lru_cache(maxsize=1 << 10)
def unknown_columns(columns: tuple[str, ...], fields: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the contract does not know."""
    return tuple(column for column in columns if column not in KNOWN and column not in fields)
