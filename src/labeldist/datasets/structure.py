"""Which column of a row per annotation holds the labels, by name, or else by how it varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labeldist.datasets.cells import MOST_DISTINCT, is_empty
from labeldist.datasets.column_map import ANNOTATOR, ID, LABEL
from labeldist.datasets.roles import MADE_OF_LABELS, NAMES, OF_AN_ITEM, bare

Columns = Mapping[str, Sequence[Any]]
ENOUGH_ITEMS = 20  # with several rows each, to say that a label is the same for all of an item's annotators


def label_columns(columns: Columns, roles: Mapping[str, str], *, sure: bool = False) -> list[str]:
    """The columns that may hold the labels of a table with a row per annotation; none of any other table.

    ``sure``: it has a row per annotation. One by its name, as long as no other has such a name; where it is the same
    on all rows of an item, so that it may be a gold label, those that are not, too. Without one by name, those that
    vary among the annotators of an item and among the items of an annotator, as texts, ages and groups do not.

    >>> table = {"post": ["1", "1", "2", "2"], "who": [*"abab"], "verdict": [*"xyyx"], "age": [30, 41, 30, 41]}
    >>> label_columns(table, {"id": "post", "annotator": "who"})
    ['verdict']
    """
    if ID not in roles:
        return [roles[LABEL]] if sure and LABEL in roles else []
    if not sure and ANNOTATOR not in roles and len({map_key(one) for one in columns[roles[ID]]}) == _rows(columns):
        return []
    rest = [name for name in columns if name not in (roles[ID], roles.get(ANNOTATOR))]
    if not sure and ANNOTATOR not in roles and any(_other_texts(columns, roles[ID], name) for name in rest):
        return []  # rows of one id are different items, of one document, say
    by_name = [name for name in rest if bare(name) in NAMES[LABEL]]
    if not by_name:
        return _varying(columns, roles, rest) if ANNOTATOR in roles else []
    if len(by_name) == 1 and _same_in_items(columns, roles[ID], by_name[0]):
        return by_name + [name for name in _varying(columns, roles, rest) if name not in by_name]
    return by_name


def map_key(value: Any) -> Any:
    """A value by which rows can be put together."""
    return value if isinstance(value, str | int | float) else str(value)


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


def _varying(columns: Columns, roles: Mapping[str, str], names: Sequence[str]) -> list[str]:
    if ANNOTATOR not in roles:
        return []
    found = []
    for name in names:
        values = [None if is_empty(value) else map_key(value) for value in columns[name]]
        distinct = {*values} - {None}
        few = 1 < len(distinct) <= min(MOST_DISTINCT, max(2, len(values) // 2))
        if few and not (MADE_OF_LABELS.search(name) or OF_AN_ITEM.fullmatch(name)):
            varies = (_varies(columns[roles[role]], values) for role in (ID, ANNOTATOR))
            if all(varies):
                found.append(name)
    return found


def _varies(keys: Sequence[Any], values: Sequence[Any]) -> bool:
    """Whether rows of the same key have different values."""
    seen: dict[Any, Any] = {}
    return any(
        seen.setdefault(map_key(key), value) != value
        for key, value in zip(keys, values, strict=True)
        if value is not None
    )


def _other_texts(columns: Columns, id_: str, name: str) -> bool:
    """Whether most ids with several rows have several long texts in a column."""
    texts: dict[Any, set[str]] = {}
    rows: dict[Any, int] = {}
    for key, value in zip(columns[id_], columns[name], strict=True):
        rows[map_key(key)] = rows.get(map_key(key), 0) + 1
        if isinstance(value, str) and " " in value.strip():
            texts.setdefault(map_key(key), set()).add(value)
    several = [key for key, times in rows.items() if times > 1]
    return bool(several) and 2 * sum(len(texts.get(key, ())) > 1 for key in several) > len(several)


def repeated_text(columns: Columns) -> str | None:
    """A column of long texts most of which stand on several rows, so that rows are no items of their own.

    >>> repeated_text({"post": ["Good day.", "Good day.", "Bye all.", "Bye all."], "label": [*"abab"]})
    'post'
    """
    for name, values in columns.items():
        texts = [value.strip() for value in values if isinstance(value, str) and " " in value.strip()]
        if len(texts) == len(values) > 1 and 3 * len({*texts}) <= 2 * len(texts) and len({*texts}) > 1:
            return name
    return None


def _same_in_items(columns: Columns, id_: str, name: str) -> bool:
    """Whether many items have several rows, and all rows of an item the same value."""
    rows: dict[Any, int] = {}
    for key in columns[id_]:
        rows[map_key(key)] = rows.get(map_key(key), 0) + 1
    several = sum(count > 1 for count in rows.values())
    values = [None if is_empty(value) else map_key(value) for value in columns[name]]
    return several >= ENOUGH_ITEMS and not _varies(columns[id_], values)
