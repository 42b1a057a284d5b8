"""The shape of a table of labels: which column is what, found by names and values, and never guessed between two.

- ``long``: a row per annotation, with columns for the item, the label and mostly the annotator (crowd-kit's ``task``,
  ``worker``, ``label``);
- ``wide``: a row per item and a column per annotator, some cells empty (cleanlab's);
- ``counts``: a row per item and a column per label, with how many annotators chose it;
- ``items``: a row per item as the Items contract has it (``labels``, ``labels.neutral``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labeldist.core.errors import InputError, UsageError, shown
from labeldist.core.registry import did_you_mean

SHAPES = ("long", "wide", "counts", "items")
ID, LABEL, ANNOTATOR = "id", "label", "annotator"
# What columns are called in annotation files; compared without case and signs, the first that is there. Names that
# texts have too (question, answer, response, user) are not among them: they would be taken for labels.
NAMES = {
    ID: ("id", "item", "itemid", "task", "taskid", "instance", "instanceid", "example", "exampleid"),
    LABEL: ("label", "annotation", "rating", "judgment", "judgement"),
    ANNOTATOR: ("annotator", "annotatorid", "worker", "workerid", "rater", "raterid", "coder",
                "performer"),
}  # fmt: skip
OF_A_PERSON = re.compile(r"(annotator|annot|ann|worker|rater|coder|user|person|judge|expert|a|w|r)?[\s_.\-]*\d+", re.I)
OF_AN_ITEM = re.compile(r"(.*[\W_])?(id|ID|Id)|.*[a-z]I[dD]")  # such as tweet_id
OF_SOMEBODY = re.compile(r"annot|worker|rater|coder|performer|user|person|judge|expert|author", re.I)
MOST_DISTINCT = 50  # values of a column of labels; a column of texts has more, or as many as it has rows


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table holds labels: the column ``id`` (None: rows are counted), and by ``name`` of SHAPES the others.

    ``values``: the columns of annotators (wide) or of labels (counts).
    """

    name: str
    id: str | None
    label: str | None = None
    annotator: str | None = None
    values: tuple[str, ...] = ()

    def told(self) -> str:
        """In words.

        >>> Shape("long", "task", "label", "worker").told()
        "a row per annotation: item 'task', label 'label', annotator 'worker'"
        """
        item = "row number" if self.id is None else repr(self.id)
        if self.name == "long":
            who = "not named" if self.annotator is None else repr(self.annotator)
            return f"a row per annotation: item {item}, label {self.label!r}, annotator {who}"
        if self.name == "items":
            return f"a row per item: {item}, with the column 'labels'"
        what = "an annotator" if self.name == "wide" else "the count of a label"
        return f"a row per item: {item}; each of {_listed(self.values)} is {what}"


def shape_of(
    columns: Mapping[str, Sequence[Any]], *, shape: str | None = None, roles: Mapping[str, str] | None = None
) -> Shape:
    """The shape of a table with these columns of equal lengths, None or NaN for empty cells.

    ``shape``: one of SHAPES, where it is known. ``roles``: the columns of ``id``, ``label`` and ``annotator``, where
    their names do not tell. Raises :class:`InputError` where no shape fits and :class:`UsageError` where two do, or for
    a shape, role or column that is not there.

    >>> shape_of({"task": ["t1", "t1"], "worker": ["a", "b"], "label": ["ok", "toxic"]}).name
    'long'
    >>> shape_of({"id": ["1", "2"], "ok": [3, 1], "toxic": [0, 2]}).values
    ('ok', 'toxic')
    """
    if shape is not None and shape not in SHAPES:
        raise did_you_mean("shape", shape, SHAPES)
    known = _roles(columns, roles or {})
    rest = [name for name in columns if name not in (known.get(ID), known.get(LABEL), known.get(ANNOTATOR))]
    if shape in (None, "items") and ("labels" in columns or any(name.startswith("labels.") for name in columns)):
        return Shape("items", known.get(ID))
    if LABEL in known and (shape == "long" or (shape is None and ID in known and _are_annotations(columns, known))):
        return Shape("long", known.get(ID), known[LABEL], known.get(ANNOTATOR))
    if shape in ("long", "items"):
        raise UsageError(
            f"no column {'label' if shape == 'long' else 'labels'!r} among {_listed(columns)}",
            hint="name it: columns={'id': ..., 'label': ..., 'annotator': ...}",
        )
    others = [*rest, *(known[role] for role in (LABEL, ANNOTATOR) if role in known)]
    # Who says who annotated has a row per annotation, and only the names of its other columns are not known.
    chosen = [] if shape is None and ANNOTATOR in known else _values_of(columns, others)
    name = shape or (_wide_or_counts(columns, chosen) if chosen else "")
    if not chosen or (shape is None and name == "counts" and ID not in known and _any_repeats(columns, others, chosen)):
        raise InputError(
            f"a table with the columns {_listed(columns)}",
            expected="a row per annotation (id, annotator, label), a column per annotator, or a count per label",
            hint="say which column is what: columns={'id': ..., 'label': ..., 'annotator': ...}",
        )
    return Shape(name, known.get(ID), values=tuple(chosen))


def _any_repeats(columns: Mapping[str, Sequence[Any]], names: Sequence[str], chosen: Sequence[str]) -> bool:
    """Whether another column has texts that come again, so that rows may be annotations."""
    return any(_is_labels(columns[name]) for name in names if name not in chosen)


def id_column(columns: Iterable[str]) -> str | None:
    """The column that names items, by its name; None where there is none.

    >>> id_column(["ok", "Item_ID"])
    'Item_ID'
    """
    return _roles(columns, {}).get(ID)


def _roles(columns: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The column of each role that has one."""
    bare = {re.sub(r"[\W_]+", "", name).lower(): name for name in reversed([*columns])}
    unknown = next((role for role in given if role not in NAMES), None)
    if unknown is not None:
        raise did_you_mean("role of a column", unknown, [*NAMES])
    lacking = next((name for name in given.values() if name not in bare.values()), None)
    if lacking is not None:
        raise did_you_mean("column", lacking, [*bare.values()])
    found: dict[str, str] = dict(given)
    for role, names in NAMES.items():
        column = next((bare[name] for name in names if name in bare and bare[name] not in found.values()), None)
        if role not in found and column is not None:
            found[role] = column
    alike = [name for name in columns if OF_AN_ITEM.fullmatch(name) and not OF_SOMEBODY.search(name)]
    alike = [name for name in alike if name not in found.values()]
    return found if ID in found or len(alike) != 1 else {ID: alike[0], **found}


def _are_annotations(columns: Mapping[str, Sequence[Any]], known: Mapping[str, str]) -> bool:
    """Whether rows are annotations, and not items with a label each, such as a gold label."""
    ids = columns[known[ID]]
    return ANNOTATOR in known or len(set(ids)) < len(ids)


def _values_of(columns: Mapping[str, Sequence[Any]], names: Sequence[str]) -> list[str]:
    """Those of the named columns that hold labels or counts: texts that annotators share, or whole numbers."""
    texts = [name for name in names if _is_labels(columns[name])]
    distinct = {name: set(columns[name]) - {None} for name in texts}
    if len(texts) > 1:  # a column of texts, or of genders, has nothing in common with what annotators chose
        texts = [name for name in texts if any(distinct[name] & distinct[other] for other in texts if other != name)]
    return texts or [name for name in names if _is_whole(columns[name])]


def _wide_or_counts(columns: Mapping[str, Sequence[Any]], names: Sequence[str]) -> str:
    """Which of the two these columns are: texts are labels; numbers may be labels or counts."""
    if not all(_is_whole(columns[name]) for name in names):
        return "wide"
    people = all(OF_A_PERSON.fullmatch(name) for name in names)
    numbered = all(name.isdecimal() for name in names)
    empty = any(is_empty(value) for name in names for value in columns[name])
    if (empty and not people) or (numbered and not empty):
        raise UsageError(
            f"numbers in the columns {_listed(names)}: labels of annotators, or counts of labels?",
            hint="say which: shape='wide' or shape='counts'",
        )
    return "wide" if people else "counts"


def _is_labels(values: Sequence[Any]) -> bool:
    found = [value for value in values if not is_empty(value)]
    if not found or not all(isinstance(value, str) for value in found):
        return False
    distinct = len(set(found))
    return distinct <= MOST_DISTINCT and (distinct < len(found) or len(found) < 5)


def _is_whole(values: Sequence[Any]) -> bool:
    found = [value for value in values if not is_empty(value)]
    return bool(found) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == value // 1
        for value in found
    )


def is_empty(value: Any) -> bool:
    """Whether a cell says nothing.

    >>> is_empty(None), is_empty(float("nan")), is_empty(" "), is_empty(0)
    (True, True, True, False)
    """
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def _listed(names: Iterable[str]) -> str:
    names = [*names]
    return shown(", ".join(names[:8]) + (", ..." if len(names) > 8 else ""), 120)


def columns_of_annotations(columns: Iterable[str]) -> Shape | None:
    """The shape of a file with a row per annotation, by the names of its columns; None for any other.

    >>> columns_of_annotations(["item_id", "rater", "rating", "text"]).told()
    "a row per annotation: item 'item_id', label 'rating', annotator 'rater'"
    >>> columns_of_annotations(["id", "labels", "annotator"]) is None
    True
    """
    names = [*columns]
    if any(name == "labels" or name.startswith("labels.") for name in names):
        return None
    known = _roles(names, {})
    if not {*known} >= {ID, LABEL, ANNOTATOR}:
        return None
    return Shape("long", known[ID], known[LABEL], known[ANNOTATOR])
