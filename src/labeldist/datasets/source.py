"""Opens a SOURCE, which is the name of a data set or a file of your own, as a Dataset."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from labeldist.core.errors import Place, UsageError
from labeldist.core.item import Item
from labeldist.core.registry import did_you_mean
from labeldist.core.task import Task
from labeldist.datasets.catalog import DATASETS, Facts, data_folders, locate
from labeldist.datasets.failures import Failure, OnError
from labeldist.datasets.files import SUFFIXES, is_there, read_rows, readable_suffix, records_from_rows
from labeldist.datasets.hold_out import HoldOut, held_out, read_hold_out
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.meant import Columns, MeantColumnError, column_meant, columns_of, missing_labels, part_meant
from labeldist.datasets.meant import with_counts as meant_with_counts
from labeldist.datasets.repeated import Repeated, RepeatedLabelsError, counted_once, read_repeated, with_counts
from labeldist.datasets.rows import item_from_row
from labeldist.datasets.shard import Shard, read_shard
from labeldist.tasks.load import load_task, task_files


@dataclass(frozen=True, slots=True)
class Dataset:
    """Items of one task from one source. ``about`` is None for a file of your own; ``path`` is the file that is read.

    ``hold_out``: some annotators of each item are its reference instead. ``repeated``: which labels count of an
    annotator who labelled an item more than once; None refuses such items. ``shard``: only this part of the items, by
    their ids; the others are read and checked all the same. ``failures`` are the rows that the latest
    call of :meth:`items` has skipped so far, ``columns`` is what the items that it gave have. ``inputs``: the files
    that are read, those of the task among them.
    """

    name: str
    task: Task
    about: Facts | None
    path: Path
    read: Callable[[], Rows] = field(repr=False)
    on_error: OnError = "stop"
    limit: int | None = None
    hold_out: HoldOut | None = None
    repeated: Repeated | None = None
    shard: Shard | None = None
    failures: list[Failure] = field(default_factory=list)
    columns: Columns = field(default_factory=Columns, init=False)
    inputs: tuple[Path, ...] = field(default=(), repr=False)
    _excused: set[str] = field(default_factory=set, init=False, repr=False)

    def items(self) -> Iterator[Item]:
        """The items as a stream, read anew at each call, ``limit`` at most.

        Raises :class:`InputError` at a bad row, or skips it and adds to ``failures`` (``on_error``). A row is bad where
        an annotator has several labels and ``repeated`` does not say which count, and where it lacks labels, or another
        part, and has, in a file of your own, a column that looks like them; the error then says how many such items the
        source has.
        """
        self.failures.clear()
        self.columns.clear()
        items = records_from_rows(self.read(), self.task, self._item, on_error=self.on_error, failures=self.failures)
        return self._whole(columns_of(self._of_shard(self._limited(items)), self.task, self.columns))

    def labelled_items(self, why: str) -> Iterator[Item]:
        """As :meth:`items`; raises :class:`InputError` at the end where no item has a label, with ``why`` it should."""
        yield from self.items()
        if self.columns.items and not self.columns.labelled:
            raise missing_labels(self.columns, Place(self.path), why)

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
        return self._limited(records_from_rows(self.read(), self.task, item_from_row, on_error="skip"))

    def _item(self, row: Mapping[str, Any], task: Task, place: Place) -> Item:
        item = item_from_row(row, task, place)
        if self.about is None and item.extra:
            self._refuse_meant(item, place)
        item = counted_once(item, self.repeated, place)
        return item if self.hold_out is None else held_out(item, self.hold_out, place)

    def _refuse_meant(self, item: Item, place: Place) -> None:
        column, part = column_meant(item, self.task, self._excused), "labels"
        if column is None:
            other = part_meant(item, self.task, self._excused)
            if other is None:
                return
            column, part = other
        error = meant_with_counts(MeantColumnError(column, self.task, place, part), self._as_they_are(), self.task)
        if error is not None:
            raise error
        self._excused.add(column)
        self._refuse_meant(item, place)


def open_source(
    source: str,
    *,
    task: str | None = None,
    on_error: OnError = "stop",
    limit: int | None = None,
    hold_out: str | None = None,
    repeated_labels: str | None = None,
    shard: str | None = None,
    cache: Path | None = None,
) -> Dataset:
    """The data set ``NAME``, ``NAME:SPLIT``, or the file at the path ``source``.

    ``task`` is the name or the folder of a task; a named data set knows its own, a file has the default one.
    ``on_error`` is ``stop`` or ``skip``, ``limit`` the largest number of items. ``hold_out``, N or
    N:SEED: so many annotators of each item become its reference. ``repeated_labels``: which labels count of an
    annotator who labelled an item more than once, ``first``, ``last`` or ``each``; without it such items are refused,
    unless a named data set says what is right for it. ``shard``, NUMBER/OF: only that part of the items, by a hash of
    their ids (:mod:`labeldist.datasets.shard`). Raises :class:`UsageError` for an unknown name and
    :class:`InputError` for a file that cannot be read; rows are checked when they are read.

    >>> open_source("varier")
    Traceback (most recent call last):
    ...
    labeldist.core.errors.UsageError: no data set or file is named 'varier'
      hint: did you mean 'varierr'? Known: anli-r1, anli-r2, anli-r3, ...
    """
    if on_error not in ("stop", "skip"):
        raise UsageError(f"no way to treat bad rows is named {on_error!r}", hint="use one of: stop, skip")
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} items", hint="use a number of at least 1")
    hidden = None if hold_out is None else read_hold_out(hold_out)
    repeated = read_repeated(repeated_labels)
    part = None if shard is None else read_shard(shard)
    name, _, split = source.partition(":")
    if name in DATASETS.names():
        named = DATASETS.get(name)
        chosen = named.facts.split(split or None)
        folders = data_folders(cache)
        path = locate(named.facts, chosen, folders)
        known_task = load_task(task or named.facts.task)
        title = name if chosen == named.facts.default_split else f"{name}:{chosen}"
        read = partial(named.read, path, chosen, folders)
        repeated = repeated or named.facts.repeated_labels
        inputs = (path, *task_files(task or named.facts.task))
        return Dataset(
            title, known_task, named.facts, path, read, on_error, limit, hidden, repeated, part, inputs=inputs
        )
    path = Path(source)
    if not source or not (is_there(path) or source.lower().endswith(SUFFIXES) or os.sep in source):
        raise did_you_mean("data set or file", source, DATASETS.names())
    readable_suffix(path)
    read = partial(read_rows, path)
    inputs = (path, *task_files(task))
    return Dataset(path.name, load_task(task), None, path, read, on_error, limit, hidden, repeated, part, inputs=inputs)
