"""What a tool's file carries of an item beside its labels.

Texts and plain values are columns of their own, as a tool shows them. All else (explanations, evidence, a reference)
is JSON in one more column, which tools keep without looking at it, so that a round trip through them loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.jsonl import parse_json
from labeldist.datasets.written_rows import item_to_row

COLUMN = "labeldist"
OWN_ID = "labeldist_id"  # the item's id, for tools that give items ids of their own
ROW, MADE = "row", "made"  # in COLUMN: parts of the item's row; columns that were made for the tool alone


def is_scalar(value: Any) -> bool:
    """Whether JSON and Parquet hold ``value`` as one cell; null is none, since tools drop it."""
    return isinstance(value, str | int | float)


def is_text(value: Any) -> bool:
    """Whether a cell of CSV gives ``value`` back; of an empty one it cannot be told whether it is there."""
    return isinstance(value, str) and bool(value) and "\0" not in value


def is_reserved(name: str) -> bool:
    """Whether a column of this name would be taken for a part of the Items contract, or for what is carried."""
    return name in (*KNOWN, COLUMN, OWN_ID) or spread_over(name) is not None


def carried(
    item: Item,
    taken: Callable[[str], bool],
    *,
    is_cell: Callable[[Any], bool] = is_scalar,
    text_column: str | None = None,
) -> dict[str, Any]:
    """The columns that hold an item but for its id and its labels; :func:`restored` is the way back.

    ``taken``: names that the tool uses itself. ``is_cell``: values that come back from a column as they were.
    ``text_column``: the one column that the tool shows to people; where the item has none of that name it is made of
    all its texts.

    >>> carried(Item("7", {"premise": "It rains."}, extra={"page": 3, "tags": ["a"]}), lambda name: name == "label")
    {'premise': 'It rains.', 'page': 3, 'labeldist': '{"row": {"tags": ["a"]}}'}
    """
    columns: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    row = {name: value for name, value in item_to_row(item).items() if name not in ("id", "labels")}
    for name, text in row.pop("fields").items():
        if is_reserved(name) or taken(name) or not is_cell(text):
            rest.setdefault("fields", {})[name] = text
        else:
            columns[name] = text
    for name, value in row.items():
        if is_reserved(name) or taken(name) or not is_cell(value):
            rest[name] = value
        else:
            columns[name] = value
    more: dict[str, Any] = {ROW: rest} if rest else {}
    if text_column is not None and not isinstance(columns.get(text_column), str):
        columns, more = _with_text(item, columns, more, text_column)
    if more:
        columns[COLUMN] = json.dumps(more, ensure_ascii=False, allow_nan=False)
    return columns


def _with_text(
    item: Item, columns: Mapping[str, Any], more: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns with one text made of all, and a note that it is no part of the item."""
    texts = [f"{field}: {text}" for field, text in item.fields.items()]
    rest = dict(more.get(ROW, {}))
    if name in columns:
        rest[name] = columns[name]
    made = {name: "\n\n".join(texts) or item.id}
    return made | {one: value for one, value in columns.items() if one != name}, {ROW: rest, MADE: [name]}


def restored(columns: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The columns with what :func:`carried` put aside; :class:`InputError` where that was changed on the way.

    >>> restored({"premise": "It rains.", "labeldist": '{"row": {"tags": ["a"]}}'}, Place())
    {'premise': 'It rains.', 'tags': ['a']}
    """
    row = {name: value for name, value in columns.items() if name not in (COLUMN, OWN_ID)}
    found = columns.get(COLUMN)
    if found is None or found == "":
        return row
    place = place.at(COLUMN)
    more = parse_json(found, place) if isinstance(found, str) else found
    parts, made = (more.get(ROW, {}), more.get(MADE, [])) if isinstance(more, Mapping) else (None, None)
    if not isinstance(parts, Mapping) or not isinstance(made, list):
        raise InputError(shown(found, 60), expected="what labeldist wrote there", place=place)
    return {name: value for name, value in row.items() if name not in made} | dict(parts)
