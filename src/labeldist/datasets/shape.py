"""The shape of a table of labels, and the labels that a record of such a table holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.cells import as_number, is_empty, name_of, parsed, split
from labeldist.datasets.column_map import ROW_NUMBER
from labeldist.datasets.entries import Keys, entry_labels

SHAPES = ("long", "wide", "counts", "lists", "by-label", "items")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table holds labels, by ``name`` of SHAPES.

    - ``long``: a row per annotation, with the columns ``label``, ``annotator`` and perhaps ``group``; or each of
      ``values`` is a label that was chosen or not;
    - ``wide``: a row per item, and each of ``values`` is an annotator, or the label of one of ``people``;
    - ``counts``: a row per item, and each of ``values`` is the count of a label, called as in ``labels``; or ``label``
      holds a count for each;
    - ``lists``: a row per item, with a list in ``label``, of the annotators in ``annotator``, or by annotator, or of
      objects with these ``keys``;
    - ``by-label``: a row per item, and each of ``values`` is a label with a list of those who chose it;
    - ``items``: a row per item as the Items contract has it.

    ``id``: the columns that name the item, none where rows are counted. ``separator``: between labels in a cell.
    ``decimal``: labels like 1.0 are whole numbers. ``beside``: columns that hold labels, too, and are left out.
    ``missing``: what a cell says that holds no label. ``unseen``: columns that may be annotators, too: the first
    rows have nothing in them.
    """

    name: str
    id: tuple[str, ...] = ()
    label: str | None = None
    annotator: str | None = None
    group: str | None = None
    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    separator: str | None = None
    decimal: bool = False
    beside: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    unseen: tuple[str, ...] = ()
    keys: Keys | None = None
    people: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that are no others beside the labels."""
        id_ = self.id if len(self.id) == 1 else ()  # of several, each says more than the id
        whole = self.label if self.keys is None or self.label == "labels" else None  # the objects say more
        named = (*id_, whole, self.annotator, self.group, *self.people)
        return tuple(name for name in (*named, *self.values) if name is not None and name != ROW_NUMBER)

    def told(self) -> str:
        """In words.

        >>> Shape("long", ("task",), "label", "worker").told()
        "a row per annotation: item 'task', label 'label', annotator 'worker'"
        """
        item = "+".join(map(repr, self.id)) if self.id and ROW_NUMBER not in self.id else "row number from 0"
        return f"{self._told(item)}{self._notes()}"

    def _told(self, item: str) -> str:
        if self.name == "long":
            who = "not named" if self.annotator is None else repr(self.annotator)
            group = "" if self.group is None else f", group {self.group!r}"
            label = repr(self.label) if self.label else f"each of {listed(self.values)} that is 1 (none: all 0)"
            return f"a row per annotation: item {item}, label {label}, annotator {who}{group}"
        if self.name == "items":
            return f"a row per item: {item}, with the column 'labels'"
        if self.name == "lists":
            who = "" if self.annotator is None else f", of the annotators in {self.annotator!r}"
            if self.keys is not None:
                names = ", ".join(f"{role} {key!r}" for role, key in self.keys._asdict().items() if key is not None)
                who = f", an object each: {names}"
            return f"a row per item: {item}; all its labels in {self.label!r}{who}"
        if self.label is not None:
            return f"a row per item: {item}; the counts of labels in {self.label!r}"
        if self.people:
            return (
                f"a row per item: {item}; each of {listed(self.values)} is a label, of those in {listed(self.people)}"
            )
        kinds = {"wide": "an annotator", "counts": "the count of a label"}
        return f"a row per item: {item}; each of {listed(self.values)} is {kinds.get(self.name, 'a label')}"

    def _notes(self) -> str:
        notes = f"; several labels in a cell, between {self.separator!r}" if self.separator else ""
        return notes + (f"; not used, though they hold labels, too: {listed(self.beside)}" if self.beside else "")


def listed(names: Iterable[str]) -> str:
    """Names with commas between them, the first of many."""
    names = [*names]
    return shown(", ".join(names[:8]) + (", ..." if len(names) > 8 else ""), 120)


def labels_of(record: Mapping[str, Any], shape: Shape, place: Place) -> list[Any] | dict[str, Any]:
    """The labels of a record that is a whole item, as the Items contract has them.

    Raises :class:`InputError` where there are more labels than annotators, or fewer.

    >>> labels_of({"a": "yes", "b": ""}, Shape("wide", values=("a", "b")), Place())
    [{'annotator': 'a', 'label': 'yes'}]
    >>> labels_of({"n_yes": "2"}, Shape("counts", values=("n_yes",), labels=("yes",)), Place())
    {'yes': 2}
    """
    if shape.name == "wide":
        if shape.unseen:
            _refuse_unseen(record, shape, place)
        if shape.people:
            return [*_of_people(record, shape)]
        return [{"annotator": who, "label": label} for who in shape.values for label in _names(record.get(who), shape)]
    if shape.name == "counts":
        if shape.label is not None:
            return _counts(record, shape, place)
        names = shape.labels or shape.values
        return {name: _count(record.get(column)) for name, column in zip(names, shape.values, strict=True)}
    if shape.name == "by-label":
        return [entry for label in shape.values for entry in _who_chose(record.get(label), label, place)]
    if shape.keys is not None:
        return [*entry_labels(parsed(record.get(str(shape.label))), str(shape.label), shape.keys, place)]
    return [*_listed_labels(record, shape, place)]


def _of_people(record: Mapping[str, Any], shape: Shape) -> Iterator[dict[str, Any]]:
    for column, who in zip(shape.values, shape.people, strict=True):
        yield from ({"annotator": name_of(record.get(who)), "label": one} for one in _names(record.get(column), shape))


def _refuse_unseen(record: Mapping[str, Any], shape: Shape, place: Place) -> None:
    """Labels of an annotator who comes late would be lost."""
    late = next((name for name in shape.unseen if not is_empty(record.get(name))), None)
    if late is not None:
        raise InputError(
            f"{shown(record[late])} in a column that is empty in the first rows",
            expected="that it is known as an annotator, or as none",
            place=place.at(late),
            hint=f"name the annotators: --columns label={'+'.join((*shape.values, late))}, or without {late}",
        )


def _count(value: Any) -> Any:
    return 0 if name_of(value) is None else as_number(value)


def _counts(record: Mapping[str, Any], shape: Shape, place: Place) -> dict[str, Any]:
    found = parsed(record.get(str(shape.label)))
    if name_of(found) is None:
        return {}
    if not isinstance(found, Mapping):
        raise InputError(shown(found), expected="a count for each label", place=place.at(str(shape.label)))
    return {str(name): _count(value) for name, value in found.items()}


def _names(value: Any, shape: Shape) -> Iterator[str]:
    for part in split(value, shape.separator):
        if (name := name_of(part, decimal=shape.decimal)) is not None and name not in shape.missing:
            yield name


def _who_chose(found: Any, label: str, place: Place) -> Iterator[dict[str, Any]]:
    for entry in split(found, None):
        if not isinstance(entry, Mapping):
            raise InputError(shown(entry), expected='an object with the "annotator"', place=place.at(label))
        yield {"annotator": entry.get("annotator"), "label": label}


def _listed_labels(record: Mapping[str, Any], shape: Shape, place: Place) -> Iterator[Any]:
    column = str(shape.label)
    found = parsed(record.get(column))
    if isinstance(found, Mapping):
        for who, value in found.items():
            yield from ({"annotator": str(who).strip(), "label": label} for label in _names(value, shape))
        return
    # Whole entries stay as they are, whoever reads the row checks them; None keeps its place beside its annotator.
    parts = split(found, shape.separator)
    given = [part if isinstance(part, Mapping) else name_of(part, decimal=shape.decimal) for part in parts]
    if shape.annotator is None:
        yield from (label for label in given if label is not None)
        return
    people = [name_of(who) for who in split(record.get(shape.annotator), shape.separator or ",")]
    if len(people) != len(given):
        found = f"{len(given)} labels in {column!r} of {len(people)} annotators in {shape.annotator!r}"
        raise InputError(found, expected="an annotator for each label", place=place)
    yield from (
        {"annotator": who, "label": label} for who, label in zip(people, given, strict=True) if label is not None
    )
