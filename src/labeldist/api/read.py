"""``labeldist.read``: labels of annotators, from a file, a named data set, a data frame or an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

from labeldist.core.errors import Place, UsageError, shown
from labeldist.core.frames import kind_of
from labeldist.core.item import Item
from labeldist.datasets.failures import OnError
from labeldist.datasets.frames import open_frame
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.read_options import ReadOptions
from labeldist.datasets.source import Dataset, open_source, read_how, task_of
from labeldist.datasets.written_rows import item_to_row

TASK = "task=NAME, one of `labeldist tasks` or a folder of your own"
OF_READING = ("format", "columns", "missing", "aliases")


class Reading(TypedDict, total=False):
    """How a source is read; all of it may be left out.

    ``task``: a task's name or folder; without one, ``labels`` names the labels, else they are found in the data.
    ``scale``: nominal or ordinal. ``columns``: which column is the ``id``, the ``label``, the ``annotator``, the
    ``group`` of annotators; a list of columns as ``label`` are an annotator each; any other name renames a column.
    ``format``: long, wide, counts, lists, by-label, items, or that of an annotation tool. ``missing``: what stands for
    no label. ``aliases``: other spellings of labels, ``{"1.0": "1"}``. ``reference_annotators``: N or
    ``"N:SEED"``, so many annotators of each item become its reference. ``repeated_labels``: first, last or each, of an
    annotator who labelled an item more than once. ``on_error``: stop or skip, at a bad row. ``limit``: only the first
    items.
    """

    task: str | None
    labels: Sequence[str]
    scale: str | None
    columns: str | Mapping[str, str | Sequence[str]] | Sequence[str] | None
    format: str | None
    missing: str | Sequence[str]
    aliases: Mapping[str, str]
    reference_annotators: str | int | None
    repeated_labels: str | None
    on_error: OnError
    limit: int | None


def read(source: Any, **how: Unpack[Reading]) -> Dataset:
    """The items and labels of ``source``: a file, the name of a data set, a data frame, an array, or Items.

    Nothing is kept of a file: it is read anew whenever it is used. ``how``: see :class:`Reading`. Raises
    :class:`~labeldist.core.errors.UsageError` and :class:`~labeldist.core.errors.InputError` for what cannot be read.

    >>> read([Item("1", {}, ()), Item("2", {}, ())], labels=["toxic", "ok"]).task.label_names
    ('toxic', 'ok')
    """
    return opened(source, how)


def opened(source: Any, how: Reading, *, evidence: Sequence[Path] = (), texts: bool = False) -> Dataset:
    """As :func:`read`; files of ``evidence`` may name labels that no annotator chose.

    ``texts``: the items' texts are read, so there must be a task that says which and what to ask.
    """
    source = getattr(source, "dataset", source)  # of labeldist.explain
    if isinstance(source, Dataset):
        if how:
            raise UsageError(f"{', '.join(how)} of what was read already", hint="give it to labeldist.read")
        return _with_texts(source) if texts else replace(source, texts=False)
    given: dict[str, Any] = {**how}
    if texts and (given.get("labels") or given.get("scale")):
        raise UsageError(
            "labels or a scale where a model is asked", hint=f"name the task that says what to ask: {TASK}"
        )
    said = ReadOptions(**{name: given.pop(name) for name in OF_READING if name in given})
    if said.any():
        given["read"] = said
    if given.get("reference_annotators") is not None:
        given["reference_annotators"] = str(given["reference_annotators"])
    if isinstance(source, str | Path):
        return open_source(str(source), texts=texts, evidence=evidence, **given)
    if kind_of(source) is not None or hasattr(source, "ndim"):
        return open_frame(source, evidence=evidence, texts=texts, **given)
    items = [*source] if isinstance(source, list | tuple) else []
    if items and all(isinstance(one, Item) for one in items):
        return _of_items(items, given, evidence, texts=texts)
    raise UsageError(
        f"{shown(type(source).__name__)} as a source",
        hint="give a file, the name of a data set, a data frame, an array of items by annotators, or Items",
    )


def _with_texts(dataset: Dataset) -> Dataset:
    """The dataset for verbs that ask a model, which takes a task with prompts."""
    if not dataset.task.judge_prompts:
        labels = ", ".join(dataset.task.label_names)
        raise UsageError(
            f"labels alone ({labels}), where a model is asked",
            hint=f"read them with the task that says what to ask: {TASK}",
        )
    return replace(dataset, texts=True)


def rows_of(items: Sequence[Item], path: Path) -> Rows:
    """The items as rows that a :class:`Dataset` reads."""
    return ((Place(path, number), item_to_row(item)) for number, item in enumerate(items, 1))


def _of_items(items: Sequence[Item], given: Mapping[str, Any], evidence: Sequence[Path], *, texts: bool) -> Dataset:
    path = Path("the items")
    rows = partial(rows_of, items, path)
    about = {"task": given.get("task"), "labels": given.get("labels", ()), "scale": given.get("scale")}
    task, told = task_of(rows, path, texts=texts, evidence=evidence, **about)
    how = read_how(
        given.get("on_error", "stop"),
        given.get("limit"),
        given.get("reference_annotators"),
        given.get("repeated_labels"),
        None,
    )
    return Dataset("the items", task, None, path, rows, texts=texts, told=told, **how)
