"""Opens a SOURCE, which is the name of a data set or a file of your own, as a Dataset."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from labeldist.core.errors import Place, UsageError
from labeldist.core.item import Item
from labeldist.core.registry import did_you_mean
from labeldist.core.task import NOMINAL, Task
from labeldist.datasets.catalog import DATASETS, Facts, data_folders, locate
from labeldist.datasets.failures import OnError
from labeldist.datasets.files import is_there, read_rows, records_from_rows
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.label_names import found_labels
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.datasets.meant import MeantColumnError, column_meant, columns_of, missing_labels, part_meant
from labeldist.datasets.meant import with_counts as meant_with_counts
from labeldist.datasets.opening import Opened, open_file, read_reading
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.reference_annotators import ReferenceAnnotators, read_reference_annotators, with_reference
from labeldist.datasets.repeated import Repeated, RepeatedLabelsError, counted_once, read_repeated, with_counts
from labeldist.datasets.rows import item_from_row
from labeldist.datasets.shard import Shard, read_shard
from labeldist.datasets.stored import READABLE
from labeldist.datasets.whole import is_special
from labeldist.tasks.labels import labels_task, without_texts
from labeldist.tasks.load import load_task, task_files


@dataclass(frozen=True, slots=True)
class Dataset:
    """Items of one task from one source. ``about`` is None for a file of your own; ``path`` is the file that is read.

    ``reference_annotators``: some annotators of each item are its reference instead. ``repeated``: which labels count
    of an annotator who labelled an item more than once; None refuses such items. ``shard``: only this part of the
    items, by their ids; the others are read and checked all the same. ``texts``: whether items need the task's texts.
    ``told``: where the labels come from, if no task was named. ``kind``: which library's data frame this is.
    ``inputs``: the files that are read, those of the task among them. ``opened_by``: what :func:`reopened` takes; empty
    for what is no file. ``records``: the rows of a data frame.
    """

    name: str
    task: Task
    about: Facts | None
    path: Path
    read: Callable[[], Rows] = field(repr=False)
    on_error: OnError = "stop"
    limit: int | None = None
    reference_annotators: ReferenceAnnotators | None = None
    repeated: Repeated | None = None
    shard: Shard | None = None
    texts: bool = True
    told: str = ""
    kind: str | None = None
    inputs: tuple[Path, ...] = field(default=(), repr=False)
    opened_by: Mapping[str, Any] = field(default_factory=dict, repr=False)
    records: int | None = field(default=None, repr=False)
    _read_as: Task = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Set what rows are read as: without texts, items need no fields."""
        object.__setattr__(self, "_read_as", self.task if self.texts else without_texts(self.task))

    def __repr__(self) -> str:
        told = f"; {self.told}" if self.told else ""
        return f"Dataset({self.name}: labels {', '.join(self.task.label_names)}{told})"

    def _repr_html_(self) -> str:
        from labeldist.datasets.first_items import first_items_html

        return first_items_html(self)

    def items(self, report: ReadReport | None = None) -> Iterator[Item]:
        """The items as a stream, read anew at each call, ``limit`` at most; ``report`` is told of what is found.

        Raises :class:`InputError` at a bad row, or skips it, as the report then says (``on_error``). A row is bad where
        an annotator has several labels and ``repeated`` does not say which count, and where it lacks labels, or another
        part, and has, in a file of your own, a column that looks like them; the error then says how many such items the
        source has.
        """
        found = ReadReport() if report is None else report
        excused: set[str] = set()

        def checked(row: Mapping[str, Any], task: Task, place: Place) -> Item:
            return self._item(row, task, place, excused)

        items = records_from_rows(self.read(), self._read_as, checked, on_error=self.on_error, failures=found.failures)
        return self._whole(columns_of(self._of_shard(self._limited(items)), self.task, found.columns))

    def labelled_items(self, why: str, report: ReadReport | None = None) -> Iterator[Item]:
        """As :meth:`items`; raises :class:`InputError` at the end where no item has a label, with ``why`` it should."""
        found = ReadReport() if report is None else report
        yield from self.items(found)
        if found.columns.items and not found.columns.labelled:
            raise missing_labels(found.columns, Place(self.path), why)

    def _limited(self, items: Iterator[Item]) -> Iterator[Item]:
        return items if self.limit is None else islice(items, min(self.limit, sys.maxsize))

    def _of_shard(self, items: Iterator[Item]) -> Iterator[Item]:
        shard = self.shard
        return items if shard is None else (item for item in items if shard.has(item.id))

    def _whole(self, items: Iterator[Item]) -> Iterator[Item]:
        try:
            yield from items
        except RepeatedLabelsError as error:
            raise with_counts(error, self._as_they_are()) from None

    def _as_they_are(self) -> Iterator[Item]:
        """All the items anew, for counting what is wrong with them."""
        return self._limited(records_from_rows(self.read(), self._read_as, item_from_row, on_error="skip"))

    def _item(self, row: Mapping[str, Any], task: Task, place: Place, excused: set[str]) -> Item:
        item = item_from_row(row, task, place)
        if self.about is None and item.extra:
            self._refuse_meant(item, place, excused)
        item = counted_once(item, self.repeated, place)
        return item if self.reference_annotators is None else with_reference(item, self.reference_annotators, place)

    def _refuse_meant(self, item: Item, place: Place, excused: set[str]) -> None:
        """Refuse a column that looks like a part under another name; ``excused`` are those found harmless so far."""
        task = self._read_as
        column, part = column_meant(item, task, excused), "labels"
        if column is None:
            other = part_meant(item, task, excused)
            if other is None:
                return
            column, part = other
        error = meant_with_counts(MeantColumnError(column, task, place, part), self._as_they_are(), task)
        if error is not None:
            raise error
        excused.add(column)
        self._refuse_meant(item, place, excused)


def open_source(
    source: str,
    *,
    task: str | None = None,
    labels: Sequence[str] = (),
    scale: str | None = None,
    texts: bool = True,
    evidence: Sequence[Path] = (),
    on_error: OnError = "stop",
    limit: int | None = None,
    reference_annotators: str | None = None,
    repeated_labels: str | None = None,
    shard: str | None = None,
    read: ReadOptions | None = None,
    cache: Path | None = None,
) -> Dataset:
    """The data set ``NAME``, ``NAME:SPLIT``, or the file at the path ``source``.

    ``task`` is the name or the folder of a task; a named data set knows its own. Where no model is asked (``texts``
    false) a file needs none: its labels are the names in ``labels``, on a ``scale``, or are found in it and in the
    files of ``evidence`` (:mod:`labeldist.datasets.label_names`). Else a file has the default task.
    ``on_error`` is ``stop`` or ``skip``, ``limit`` the largest number of items. ``reference_annotators``, N or
    N:SEED: so many annotators of each item become its reference. ``repeated_labels``: which labels count of an
    annotator who labelled an item more than once, ``first``, ``last`` or ``each``; without it such items are refused,
    unless a named data set says what is right for it. ``shard``, NUMBER/OF: only that part of the items, by a hash of
    their ids (:mod:`labeldist.datasets.shard`). ``read``: how a file is to be read, where that cannot be found
    out. Raises :class:`UsageError` for an unknown name and
    :class:`InputError` for a file that cannot be read; rows are checked when they are read.

    >>> open_source("varier")
    Traceback (most recent call last):
    ...
    labeldist.core.errors.UsageError: no data set or file is named 'varier'
      hint: did you mean 'varierr'? Known: anli-r1, anli-r2, anli-r3, ...
    """
    how = read_how(on_error, limit, reference_annotators, repeated_labels, shard)
    said = read or ReadOptions()
    opened_by: dict[str, Any] = {
        "source": source,
        "task": task,
        "labels": [*labels],
        "scale": scale,
        "on_error": on_error,
    }
    opened_by |= {"limit": limit, "reference_annotators": reference_annotators, "repeated_labels": repeated_labels}
    opened_by |= {"evidence": [*map(str, evidence)], "read": asdict(said), "texts": texts, "shard": shard}
    reading = read_reading(said)
    if source.partition(":")[0] in DATASETS.names():
        _refuse_reading(source.partition(":")[0], said)
        known = _named_labels(task, labels, scale)
        return replace(_named(source, known, task, texts, how, cache), opened_by=opened_by)
    path = Path(source)
    if not source or not (is_there(path) or source.lower().endswith(READABLE) or os.sep in source):
        raise did_you_mean("data set or file", source, DATASETS.names())
    opened = open_file(path, reading)
    if not (texts or task or labels):
        _refuse_pipe(path)
    about: dict[str, Any] = {"task": task, "labels": labels, "scale": scale, "texts": texts, "evidence": evidence}
    return replace(dataset_of(opened, path.name, path, how, **about), opened_by=opened_by)


def _named(
    source: str, labels: Task | None, task: str | None, texts: bool, how: dict[str, Any], cache: Path | None
) -> Dataset:
    """The named data set; ``labels``: the task of the labels that were named, if any were."""
    name, _, split = source.partition(":")
    named = DATASETS.get(name)
    chosen = named.facts.split(split or None)
    folders = data_folders(cache)
    path = locate(named.facts, chosen, folders)
    title = name if chosen == named.facts.default_split else f"{name}:{chosen}"
    rows = partial(named.read, path, chosen, folders)
    own = task or named.facts.task
    repeated = how["repeated"] or named.facts.repeated_labels
    inputs = (path, *task_files(own))
    found = labels or load_task(own)
    return Dataset(title, found, named.facts, path, rows, texts=texts, inputs=inputs, **(how | {"repeated": repeated}))


def reopened(opened_by: Mapping[str, Any]) -> Dataset:
    """The dataset that was opened so, as :attr:`Dataset.opened_by` tells. Raises as :func:`open_source` does."""
    how = {**opened_by, "evidence": [*map(Path, opened_by["evidence"])], "read": ReadOptions(**opened_by["read"])}
    return open_source(**how)


def dataset_of(
    opened: Opened,
    name: str,
    path: Path,
    how: Mapping[str, Any],
    *,
    task: str | None,
    labels: Sequence[str],
    scale: str | None,
    texts: bool,
    evidence: Sequence[Path],
    kind: str | None = None,
) -> Dataset:
    """The dataset of what was opened; ``path``: the file, or what stands for the frame in messages."""
    known, told = task_of(opened.rows, path, task=task, labels=labels, scale=scale, texts=texts, evidence=evidence)
    said = f"{name}, {opened.told}" if opened.told else ""
    told = "; ".join(filter(None, (said, told)))
    inputs = () if kind is not None or not is_there(path) else (path, *task_files(task))
    return Dataset(name, known, None, path, opened.rows, texts=texts, told=told, kind=kind, inputs=inputs, **how)


def _refuse_reading(name: str, said: ReadOptions) -> None:
    if said.any():
        raise UsageError(
            f"--format, --columns, --missing or --alias for the data set {name!r}",
            hint="they say what a file of your own is; that of a named data set is known",
        )


def read_how(
    on_error: OnError,
    limit: int | None,
    reference_annotators: str | None,
    repeated_labels: str | None,
    shard: str | None,
) -> dict[str, Any]:
    """How a :class:`Dataset` reads its rows, from what :func:`open_source` takes; raises :class:`UsageError`."""
    if on_error not in ("stop", "skip"):
        raise UsageError(f"no way to treat bad rows is named {on_error!r}", hint="use one of: stop, skip")
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} items", hint="use a number of at least 1")
    return {
        "on_error": on_error,
        "limit": limit,
        "reference_annotators": None
        if reference_annotators is None
        else read_reference_annotators(reference_annotators),
        "repeated": read_repeated(repeated_labels),
        "shard": None if shard is None else read_shard(shard),
    }


def task_of(
    read: Callable[[], Rows],
    path: Path,
    *,
    task: str | None,
    labels: Sequence[str],
    scale: str | None,
    texts: bool,
    evidence: Sequence[Path] = (),
) -> tuple[Task, str]:
    """The task of rows that know none themselves, and where its labels come from if they were found in the rows."""
    named = _named_labels(task, labels, scale)
    if named is not None or task or texts:
        return named or load_task(task), ""
    found = found_labels(read(), [read_rows(file, DISTRIBUTIONS) for file in evidence], Place(path), scale)
    return (load_task(), "") if found is None else (found.task, found.told)


def _named_labels(task: str | None, labels: Sequence[str], scale: str | None) -> Task | None:
    """The task of the labels that were named, if any were."""
    if task is not None and (labels or scale):
        raise UsageError(f"task {task!r} and labels or a scale", hint="a task names its own: give one of the two")
    return labels_task(labels, scale=scale or NOMINAL) if labels else None


def _refuse_pipe(path: Path) -> None:
    """The rows of a file can be read again; those of a pipe are gone once they are read."""
    if is_special(path):
        raise UsageError(
            f"{path} can be read only once, and its labels are not known", hint="name them: --labels a,b,c, or --task"
        )
