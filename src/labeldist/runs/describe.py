"""Describe a dataset: read once as a stream, of which the annotations are kept as arrays, and the items to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.core.registry import did_you_mean
from labeldist.core.task import Task
from labeldist.datasets.label_names import RARE
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.datasets.texts import SAMPLE, text_columns, texts_of
from labeldist.evaluation.agreement import LEVELS, NOMINAL, agreement
from labeldist.evaluation.annotations import AnnotationLog
from labeldist.evaluation.annotators import annotators_of
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.evaluation.by_group import MOST_GROUPS, groups_of, too_many_groups
from labeldist.evaluation.contested import ChosenItems, disagreement
from labeldist.evaluation.description import Description, OfItems, ShownItem
from labeldist.evaluation.problems import NAMED, problems_of, repeated_texts
from labeldist.runs.learnt_biases import learnt_biases
from labeldist.tasks.labels import as_numbers

ANNOTATOR_GROUP = "group"  # that an annotator's name states, unless a column is called so
SHOW = ("disputed:3", "agreed:1")


def describe_dataset(
    dataset: Dataset,
    *,
    by: str | None = None,
    show: int | Sequence[str] = SHOW,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    biases: bool = True,
) -> Description:
    """What ``dataset`` holds; groups are those of annotators' names, or the values of the column ``by``.

    ``show``: the first so many items, or some by id, ``disputed:N`` or ``agreed:N``. An annotator's several labels of
    an item all count, unless the dataset says which do. ``biases``: whether to learn those of annotators. Raises
    :class:`UsageError` for an unknown column.
    """
    dataset = replace(dataset, repeated=dataset.repeated or "each")
    seen = _Reading(dataset, by, show)
    found = seen.log.annotations()
    counts = found.counts()
    levels, values = levels_of(dataset.task)
    how: dict[str, Any] = {"resamples": bootstrap, "seed": seed}
    whole = agreement(counts, found.labels, levels, values, **how)
    people = annotators_of(found)
    groups = groups_of(found, levels, values, **how) if by is not None or len(found.groups) > 1 else []
    problems = problems_of(found, counts, people, RARE)
    if seen.texts_again:
        problems.append(repeated_texts(seen.first_again, seen.texts_again))
    shown = [
        ShownItem(item.id, texts_of(item, seen.text_columns), _counted(item, found.labels), of_item)
        for item, of_item in seen.chosen.items()
    ]
    return Description(
        dataset.name,
        len(found.ids),
        len(people),
        {label: int(count) for label, count in zip(found.labels, counts.sum(axis=0), strict=True)},
        {int(size): times for size, times in sorted(Counter(counts.sum(axis=1).tolist()).items())},
        seen.with_reference,
        whole,
        OfItems(found.ids, counts, disagreement(counts)),
        tuple(seen.evidence),
        seen.report.rows(),
        dataset.told,
        dataset.kind,
        tuple(people),
        by or (ANNOTATOR_GROUP if groups else None),
        tuple(groups),
        tuple(shown),
        tuple(problems),
        (*seen.notes(), *_unknown(seen.chosen.missing, found.ids)),
        bootstrap,
        seed,
        learnt_biases(found, counts, seed) if biases else (),
    )


def levels_of(task: Task) -> tuple[tuple[str, ...], Sequence[float] | None]:
    """The levels of measurement that mean something for the labels, and where each label stands, if that is known."""
    values = task.values or as_numbers(task.label_names)
    return (LEVELS, values) if values and len(values) > 2 else ((NOMINAL,), None)  # of two, all levels are one


class _Reading:
    """One pass over the items: their annotations, and what else is counted on the way."""

    def __init__(self, dataset: Dataset, by: str | None, show: int | Sequence[str]) -> None:
        self.report = ReadReport()
        self.chosen = ChosenItems(show, dataset.task.label_names)
        self.log = AnnotationLog(dataset.task.label_names)
        self.by, self.with_reference, self.texts_again = by, 0, 0
        self.evidence: dict[str, None] = {}
        self.first_again: list[tuple[str, str]] = []
        self._columns, self._ragged, self._stated = dict[str, None](), 0, False
        self._names: dict[str, str | None] = {}
        items = dataset.items(self.report)
        sample = [*islice(items, SAMPLE)]
        self.text_columns = text_columns(sample, dataset.task.fields)
        texts: dict[int, str] = {}
        for item in chain(sample, items):
            self._take(item, texts)
        if by is not None and not self._stated:
            self._refuse(by, dataset)

    def _take(self, item: Item, texts: dict[int, str]) -> None:
        self.with_reference += item.reference is not None
        if item.evidence:
            self.evidence |= dict.fromkeys(item.evidence)
        self.chosen.add(item)
        self.log.add(item, self._groups(item))
        if self.log.groups > MOST_GROUPS:
            raise too_many_groups(self.by or ANNOTATOR_GROUP)
        said = texts_of(item, self.text_columns)
        if said:
            first = texts.setdefault(hash(tuple(said.items())), item.id)
            if first != item.id:
                self.texts_again += 1
                if len(self.first_again) < NAMED:
                    self.first_again.append((first, item.id))

    def _groups(self, item: Item) -> Sequence[str | None]:
        """The group of each of the item's labels."""
        if self.by is None:
            return [one.group for one in item.labels]
        if item.extra and len(self._columns) < MOST_GROUPS:
            self._columns |= dict.fromkeys(item.extra)
        value, there = column_of(item, self.by)
        if not there and self.by == ANNOTATOR_GROUP:
            groups = [one.group for one in item.labels]
            self._stated = self._stated or any(groups)
            return groups
        self._stated = self._stated or there
        if isinstance(value, list | tuple):
            if len(value) == len(item.labels):
                return [self._name_of(one) for one in value]
            self._ragged += 1
            return [None] * len(item.labels)
        return [self._name_of(value)] * len(item.labels)

    def _name_of(self, value: Any) -> str | None:
        if type(value) is not str:  # 1, 1.0 and True are one key
            return _group_name(value)
        if value not in self._names:
            self._names[value] = _group_name(value)
        return self._names[value]

    def _refuse(self, by: str, dataset: Dataset) -> None:
        if by == ANNOTATOR_GROUP:
            raise InputError(
                "no annotator whose name states a group",
                expected="names such as women/ann, or a column of that name",
                place=Place(dataset.path),
                hint=f"other columns: {', '.join(self._columns) or 'none'}",
            )
        raise did_you_mean("column", by, [*self._columns, ANNOTATOR_GROUP])

    def notes(self) -> Iterator[str]:
        """What else to know."""
        if self._ragged:
            yield (
                f"{self._ragged:,} items have another number of values in {self.by!r} than labels: which value is of "
                "which label is not known, and they are left out of the groups"
            )


def column_of(item: Item, name: str) -> tuple[Any, bool]:
    """The value of a column that labeldist does not know, or of ``a.b`` within it, and whether it is there.

    >>> column_of(Item("1", {}, extra={"info": {"domain": "sports"}}), "info.domain")
    ('sports', True)
    """
    if name in item.extra:
        return item.extra[name], True
    value: Any = item.extra
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None, False
        value = value[part]
    return value, True


def _group_name(value: Any) -> str | None:
    """A value as the name of a group; None for nothing, NaN and what is no plain value."""
    if value is None or value != value or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _counted(item: Item, labels: Sequence[str]) -> dict[str, int]:
    return dict(zip(labels, item.label_counts(labels), strict=True))


def _unknown(missing: Sequence[str], ids: Sequence[str]) -> Iterator[str]:
    if missing:
        hint = did_you_mean("item", missing[0], ids).hint.partition("Known:")[0]
        yield f"--show names no item: {', '.join(missing)}. {hint}".rstrip()
