"""Which shape a table has, by the names and the values of its columns; never guessed between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.registry import did_you_mean
from labeldist.datasets.candidates import by_label, counted, in_lists, numbered, sharing
from labeldist.datasets.cells import are_decimal, are_whole, are_yes_or_no, as_share, is_empty
from labeldist.datasets.column_map import ANNOTATOR, COUNTS, GROUP, ID, LABEL, LABELS, ROW_NUMBER, WAY, ColumnMap, there
from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.entries import keys_in
from labeldist.datasets.roles import (
    OF_AN_ITEM,
    OF_LABELS,
    OF_SOMEBODY,
    OF_WHO_LABELLED,
    misspelt,
    roles_of,
)
from labeldist.datasets.shape import SHAPES, Shape, labels_of, listed
from labeldist.datasets.structure import label_columns, repeated_text

MAP = "--columns id=...,label=...,annotator=... (in Python: columns={'id': ...})"
Columns = Mapping[str, Sequence[Any]]
MANY_ROWS = 5  # that have the same value in a column, which then names no item


def shape_of(columns: Columns, *, shape: str | None = None, named: ColumnMap | None = None) -> Shape:
    """The shape of a table with these columns of equal lengths, None or NaN for empty cells.

    ``shape``: one of SHAPES, where it is known. ``named``: what the user said of the columns. Raises
    :class:`InputError` where no shape fits and :class:`UsageError` where two do, or for a shape or a column that is not
    there.

    >>> shape_of({"task": ["t1", "t1"], "worker": ["a", "b"], "label": ["ok", "toxic"]}).name
    'long'
    >>> shape_of({"id": ["1", "2"], "ok": [3, 1], "toxic": [0, 2]}).values
    ('ok', 'toxic')
    """
    if shape is not None and shape not in SHAPES:
        raise did_you_mean("shape", shape, SHAPES)
    given = there(named or ColumnMap(), columns)
    found = _as_named(columns, given, shape)
    if found is not None:
        return found
    id_ = _id(columns, given)
    if shape in (None, "items") and ("labels" in columns or any(name.startswith("labels.") for name in columns)):
        return Shape("items", id_)
    candidates = [one for one in _candidates(columns, given, shape) if shape in (None, one.name)]
    if not candidates:
        raise _no_shape(columns, shape)
    return _with_unseen(columns, _only(columns, candidates))


def _with_unseen(columns: Columns, found: Shape) -> Shape:
    """Annotators by the first rows: whoever labelled none of these is not known to be one."""
    if found.name != "wide":
        return found
    empty = [name for name in columns if name not in found.used and all(map(is_empty, columns[name]))]
    return replace(found, unseen=tuple(empty))


def _id(columns: Columns, given: ColumnMap) -> tuple[str, ...]:
    if ID in given.roles:
        return given.roles[ID]
    column = _roles(columns, {}).get(ID)
    taken = {name for role, names in given.roles.items() if role != ID for name in names}
    return () if column is None or column in taken else (column,)


def _roles(columns: Columns, given: Mapping[str, str]) -> dict[str, str]:
    """The column of each role, by its name; an item has a name that is no object, and not that of all others."""
    names = [*columns]
    while True:
        found = roles_of(names, given)
        id_ = found.get(ID)
        if id_ is None or ID in given or _may_name_items(columns[id_]):
            return found
        names.remove(id_)


def _may_name_items(values: Sequence[Any]) -> bool:
    found = [value for value in values if not is_empty(value)]
    if any(isinstance(value, Mapping | list) for value in found):
        return False
    return len(found) < MANY_ROWS or len({*map(str, found)}) > 1


def _as_named(columns: Columns, given: ColumnMap, shape: str | None) -> Shape | None:
    """The shape that follows from the columns that were named, where they tell."""
    id_ = _id(columns, given)
    if LABELS in given.roles:
        if (entries := _of_entries(columns, given, str(given.one(LABELS)))) is not None:
            return entries
        column, who = str(given.one(LABELS)), given.one(ANNOTATOR)
        return in_lists(columns, column, id_, who) or Shape("lists", id_, column, who)
    if COUNTS in given.roles:
        names = given.roles[COUNTS]
        return Shape("counts", id_, names[0]) if len(names) == 1 else counted(id_, names)
    labels = given.roles.get(LABEL, ())
    if labels and labels[0] not in columns:
        column = labels[0].partition(WAY)[0]
        if (entries := _of_entries(columns, given, column)) is None:
            raise UsageError(f"{labels[0]!r} as the label", hint=f"{column!r} has no lists of objects: name a column")
        return entries
    if len(labels) > 1 and len(given.roles.get(ANNOTATOR, ())) > 1:
        return _of_pairs(columns, given, id_)
    if len(labels) > 1 and (long := _one_hot(columns, given)) is not None:
        return long
    if len(labels) > 1 and (found := by_label(columns, labels, id_)) is not None:
        return found
    if len(labels) > 1 or (labels and shape == "wide"):
        return Shape("wide", id_, values=labels, decimal=_decimal(columns, labels))
    if not labels or shape not in (None, "long"):
        return None
    if (entries := _of_entries(columns, given, labels[0])) is not None:
        return entries
    lists = in_lists(columns, labels[0], id_, given.one(ANNOTATOR))
    return lists if lists is not None and shape is None else _long(columns, given, labels[0])


def _of_entries(columns: Columns, given: ColumnMap, column: str) -> Shape | None:
    """Annotations that are objects in a list, each key as it was named, or by its name."""
    named = {role: str(given.one(role)) for role in (LABEL, ANNOTATOR, GROUP) if role in given.roles}
    keys = {role: name.removeprefix(column + WAY) for role, name in named.items() if name.startswith(column + WAY)}
    found = keys_in(columns, column, keys)
    return None if found is None else Shape("lists", _id(columns, given), column, keys=found)


def _of_pairs(columns: Columns, given: ColumnMap, id_: tuple[str, ...]) -> Shape:
    labels, people = given.roles[LABEL], given.roles[ANNOTATOR]
    if len(labels) != len(people):
        raise UsageError(
            f"{len(labels)} columns of labels and {len(people)} of annotators",
            hint="name an annotator for each label: --columns label=score1+score2,annotator=who1+who2",
        )
    return Shape("wide", id_, values=labels, people=people, decimal=_decimal(columns, labels))


def _one_hot(columns: Columns, given: ColumnMap) -> Shape | None:
    """A row per annotation whose labels are columns with 1 for those that were chosen; None where ids do not repeat."""
    labels = given.roles[LABEL]
    roles = _roles(columns, _one_column_each(given))
    id_ = given.roles.get(ID) or ((roles[ID],) if ID in roles else ())
    rows = [*zip(*(columns[name] for name in id_ if name != ROW_NUMBER), strict=True)]
    if ROW_NUMBER in id_ or len({*map(str, rows)}) == len(rows):
        return None
    if not all(are_yes_or_no(columns[name]) for name in labels):
        odd = next(name for name in labels if not are_yes_or_no(columns[name]))
        raise UsageError(
            f"a row per annotation, and more than 1 and 0 in {odd!r}, one of {len(labels)} columns named as labels",
            hint=f"name one column with the label: --columns label={labels[0]}",
        )
    return Shape("long", id_, annotator=roles.get(ANNOTATOR), group=given.one(GROUP), values=labels)


def _long(columns: Columns, given: ColumnMap, label: str) -> Shape:
    named = _one_column_each(given)
    roles = _roles(columns, {**named, LABEL: label})
    id_ = given.roles.get(ID) or ((roles[ID],) if ID in roles else ())
    group = given.one(GROUP)
    if not id_ or (
        ID not in given.roles and ANNOTATOR in roles and len({*map(str, columns[id_[0]])}) == _rows(columns)
    ):
        _refuse_nameless(columns, roles, label)
    return Shape("long", id_, label, roles.get(ANNOTATOR), group, decimal=_decimal(columns, [label]))


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


def _refuse_nameless(columns: Columns, roles: Mapping[str, str], label: str) -> None:
    """Annotations of one item, each taken for an item of its own, would lose who disagrees."""
    rest = {name: values for name, values in columns.items() if name not in roles.values()}
    ids = [name for name in rest if OF_AN_ITEM.fullmatch(name) and not OF_SOMEBODY.search(name)]
    ids = [name for name in ids if 1 < len({*map(str, rest[name])}) < _rows(columns)]
    item, id_ = next(iter(ids), None) or repeated_text(rest), roles.get(ID)
    if item is None and (id_ is not None or ANNOTATOR not in roles):
        return
    named = "nothing names the item" if id_ is None else f"{id_!r} is another on each row"
    found = f"; values of {item!r} stand on several" if item is not None else ""
    raise UsageError(
        f"a row per annotation (label {label!r}, annotator {roles.get(ANNOTATOR)!r}), but {named}{found}",
        hint=f"say what the item is: --columns id={item or '...'},label={label}"
        f" (id={id_ or ROW_NUMBER}: each row is one)",
    )


def _candidates(columns: Columns, given: ColumnMap, shape: str | None) -> list[Shape]:
    """Every shape that the table may have."""
    named = _one_column_each(given)
    roles = _roles(columns, named)
    id_ = _id(columns, given)
    if long := label_columns(columns, roles, sure=shape == "long"):
        if len(long) > 1:
            raise _several(columns, roles, long)
        _refuse_misspelt(columns, roles)
        return [_long(columns, given, long[0])]
    rest = [name for name in columns if name not in (*id_, roles.get(ANNOTATOR)) and not _of_contract(name)]
    lists = [name for name in rest if OF_LABELS.search(name) or OF_SOMEBODY.search(name)]
    lists = lists if shape in (None, "lists") else []
    entries = [one for name in lists if (one := _of_entries(columns, given, name)) is not None]
    plain = [name for name in rest if name not in {one.label for one in entries}]
    found = [one for name in plain if (one := in_lists(columns, name, id_, None, by_name=True)) is not None]
    found += [one for one in (by_label(columns, plain, id_), numbered(columns, plain, id_, shape)) if one is not None]
    found += [] if any(one.name == "by-label" for one in found) else entries
    # Who says who annotated has a row per annotation, and only the names of its other columns are not known.
    if found or (shape is None and ANNOTATOR in roles):
        return found
    other = sharing(columns, rest, id_, shape)
    if other is None or shape is not None:
        return [] if other is None else [other]
    whose = [name for name in columns if name not in other.used and OF_SOMEBODY.search(name)]
    _refuse_people(columns, other, whose)
    # Beside one who labelled, a column is no annotator: model_a and model_b beside the judge.
    return [] if any(OF_WHO_LABELLED.search(name) and _are_names(columns[name]) for name in whose) else [other]


def _are_names(values: Sequence[Any]) -> bool:
    found = [value for value in values if not is_empty(value)]
    return bool(found) and all(isinstance(one, str) and " " not in one and as_share(one) is None for one in found)


def _refuse_people(columns: Columns, found: Shape, whose: Sequence[str]) -> None:
    """Where each row is a person, the columns are the items."""
    rows = _rows(columns)
    each = [name for name in whose if rows > 1 and len({*map(str, columns[name])} - {"", "None"}) == rows]
    if each and not found.id:
        raise UsageError(
            f"a row per annotator ({each[0]!r}), and a column per item: {listed(found.values)}",
            hint="turn it into a row per annotation (pandas: frame.melt); if rows are items: --format wide",
        )


def _several(columns: Columns, roles: Mapping[str, str], may: Sequence[str]) -> UsageError:
    spelt = {str(value) for name in may for value in columns[name]}
    binary = [name for name in columns if name not in roles.values() and are_yes_or_no(columns[name])]
    binary = [name for name in binary if {*map(str, columns[name])} <= spelt]
    one_hot = f"; if each is a label, chosen or not: --columns label={'+'.join(binary)}" if {*may} <= {*binary} else ""
    return UsageError(
        f"a row per annotation (item {roles.get(ID, ROW_NUMBER)!r}, annotator {roles.get(ANNOTATOR)!r}), and "
        f"{len(may)} columns that may be the label: {listed(may)}",
        hint=f"say which: --columns label={may[0]}{one_hot}",
    )


def _one_column_each(given: ColumnMap) -> dict[str, str]:
    """The columns of items and annotators that were named; where rows are counted there is none."""
    named = {role: given.roles[role][0] for role in (ID, ANNOTATOR) if role in given.roles}
    return {role: name for role, name in named.items() if name != ROW_NUMBER}


def _of_contract(name: str) -> bool:
    """Whether a column is another part of the contract: what it holds is known."""
    return (name in KNOWN and name != "labels") or spread_over(name) in ("fields", "reference")


def _refuse_misspelt(columns: Columns, roles: Mapping[str, str]) -> None:
    """Labels without annotators are worth less, so nobody may lose them by a letter."""
    near = None if ANNOTATOR in roles else misspelt(columns).get(ANNOTATOR)
    if near is not None:
        raise UsageError(
            f"a row per annotation without an annotator, but with the column {near!r}",
            hint=f"is it misspelt? --columns annotator={near}; if it is something else, rename it",
        )


def _decimal(columns: Columns, names: Sequence[str]) -> bool:
    return are_decimal(value for name in names for value in columns[name])


def _only(columns: Columns, candidates: Sequence[Shape]) -> Shape:
    """The one candidate, or the first of several that say the same; :class:`UsageError` for any others."""
    if len(candidates) > 1 and not _same_labels(columns, candidates):
        places = "; ".join(one.told().partition("; ")[2] for one in candidates)
        raise UsageError(
            f"labels in {len(candidates)} places that differ: {places}",
            hint="say which: " + ", or ".join(f"--columns {_named_so(one)}" for one in candidates),
        )
    return candidates[0]


def _named_so(shape: Shape) -> str:
    if shape.label is not None:
        return f"{'counts' if shape.name == 'counts' else 'labels'}={shape.label}"
    return f"{'counts' if shape.name == 'counts' else 'label'}={'+'.join(shape.values)}"


def _same_labels(columns: Columns, candidates: Sequence[Shape]) -> bool:
    """Whether all candidates find the same labels in the first rows."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    try:
        found = [[_counted(labels_of(row, one, Place())) for row in rows] for one in candidates]
    except InputError:
        return False
    return all(one == found[0] for one in found)


def _counted(labels: Any) -> dict[str, int]:
    if isinstance(labels, Mapping):
        return {name: count for name, count in labels.items() if count}
    times: dict[str, int] = {}
    for entry in labels:
        name = entry.get("label") if isinstance(entry, Mapping) else entry
        times[str(name)] = times.get(str(name), 0) + 1
    return times


def _no_shape(columns: Columns, shape: str | None) -> InputError:
    empty = not any(not is_empty(value) for values in columns.values() for value in values)
    return InputError(
        "a table without values" if empty else f"a table with the columns {listed(columns)}",
        expected=f"the shape {shape}"
        if shape
        else "a row per annotation (id, annotator, label), a column per annotator, or a count per label",
        hint=_what_mends(columns, shape),
    )


def _what_mends(columns: Columns, shape: str | None) -> str:
    near, roles = misspelt(columns), _roles(columns, {})
    label, who, id_ = roles.get(LABEL), roles.get(ANNOTATOR), roles.get(ID)
    rest = [name for name in columns if name not in (id_, who)]
    lists = [name for name in rest if (one := in_lists(columns, name, (), None)) is not None and one.name == "lists"]
    if label is not None and shape is None:
        if who is not None or repeated_text(columns) is not None:
            return f"{label!r} has labels; say what the item is: --columns id={_item_of(columns, roles)},label={label}"
        return f"{label!r} has one label of each item; if it is an annotator's: --columns label={label}"
    if near:
        told = ",".join(f"{role}={name}" for role, name in near.items())
        return f"is {' and '.join(map(repr, near.values()))} misspelt? --columns {told}"
    if who is not None:
        item = "" if id_ is not None else f"id={_item_of(columns, roles)},"
        return f"annotators are in {who!r}; say which column has their labels: --columns {item}label=..."
    if lists:
        return f"lists are in {listed(lists)}; if they are the labels of all annotators: --columns labels={lists[0]}"
    if shares := _shares(columns, rest):
        return f"{shares} are no counts of annotators; what a model says of the labels is evidence: --evidence FILE"
    return f"say which column is what: {MAP}"


def _item_of(columns: Columns, roles: Mapping[str, str]) -> str:
    rest = {name: values for name, values in columns.items() if name not in roles.values()}
    return repeated_text(rest) or "..."


def _shares(columns: Columns, rest: Sequence[str]) -> str:
    """Numbers that can be no counts, in words; empty where there are none, or where most columns are something else."""
    numeric = []
    for name in rest:
        numbers = [as_share(value) for value in columns[name] if not is_empty(value)]
        if numbers and all(number is not None for number in numbers):
            numeric.append(name)
    for name in numeric if 2 * len(numeric) > len(rest) else ():
        values = columns[name]
        if not are_whole(values):
            found = next(value for value in values if not is_empty(value))
            return f"numbers such as {str(found)!r} in {name!r}"
    return ""
