"""The Items contract: a row (what a file holds) to an Item, strictly checked; :mod:`~labeldist.datasets.written_rows`
writes it back.

A row is a mapping with ``id`` and the task's fields, under ``fields`` or at the top level; all else is optional
and may be null:

- ``labels``: a list of ``{"annotator", "label"}``, a list of label names, or counts ``{label: number}``;
- ``explanations``: a list of ``{"label", "text", "source"}`` (source ``human`` unless told);
- ``answers``: raw answers of models, a list of ``{"label", "text", "source"}``; what a model said, here or as an
  explanation, is taken as it is, be it blank;
- ``evidence``: ``{model: {"distribution": {label: p}, "saw_labels": true|false|null}}``; instead of the distribution,
  or beside it, ``scores``, numbers ``{label: number}`` that need not sum to 1 (a label that is left out has 0), or
  ``logits``, any numbers for all labels, whose softmax is the distribution; and ``leave_one_out``, ``{label: {label:
  p}}``, the distributions without one annotator of that label;
- ``reference``: counts or probabilities ``{label: number}``; a label that is left out has 0.

``fields``, ``labels`` (as counts) and ``reference`` may also be spread over columns: ``labels.neutral``,
``reference.neutral``. A label may be written as any alias that the task knows. Names (labels, fields, annotators) are
compared in Unicode's composed form. Every other column is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Annotation, Answer, Explanation, Item
from labeldist.core.task import Task
from labeldist.datasets.columns import all_plain, gathered, unknown_columns, with_fields
from labeldist.datasets.evidence_rows import evidence_of_item
from labeldist.datasets.numbers import slack, sums_to_one, weights_from_row
from labeldist.datasets.values import is_plain, label_of, only_keys, refuse, string_of, text_of

HUMAN = "human"
MOST_LABELS = 1_000_000  # of one item: more than any data set has, so it is a slip
MOST_ANNOTATORS = 10_000  # of whom labels are kept to be used again


def item_from_row(row: Mapping[str, Any], task: Task, place: Place) -> Item:
    """The item that ``row`` describes; labels become the task's own names.

    Raises :class:`InputError` with ``place`` and the field for anything that does not keep the contract above.

    >>> from labeldist.tasks.load import load_task
    >>> row = {"id": 7, "premise": "It rains.", "hypothesis": "It is wet.", "labels": {"e": 2, "n": 1}, "by": "me"}
    >>> item = item_from_row(row, load_task("nli"), Place())
    >>> item.id, item.label_counts(["entailment", "neutral"]), item.extra
    ('7', (2, 1), {'by': 'me'})
    """
    columns = tuple(row)
    if not all_plain(columns):
        row = gathered(with_fields(row, task, place), place)
        columns = tuple(row)
    labels = row.get("labels")
    unknown = unknown_columns(columns, task.fields)
    return Item(
        id_from_row(row, place),
        _plain_fields(row, task) or _fields(row, task, place),
        _known_labels(labels, task) or tuple(_labels(labels, task, place)),
        tuple(Explanation(*said) for said in _texts(row, "explanations", task, place, default_source=HUMAN))
        if "explanations" in row
        else (),
        tuple(Answer(*said) for said in _texts(row, "answers", task, place)) if "answers" in row else (),
        evidence_of_item(row.get("evidence"), task, place),
        _reference(row.get("reference"), task, place),
        _extra({column: row[column] for column in unknown}, place) if unknown else {},
    )


def id_from_row(row: Mapping[str, Any], place: Place) -> str:
    """The row's id; a whole number is taken as text. Raises :class:`InputError` for any other or no id."""
    found = row.get("id")
    if is_plain(found):
        return cast(str, found)
    place = place.at("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if found is None:
        refuse("nothing", "an id: a text that is not empty", place)
    return text_of(found, "an id: a text that is not empty", place)


def _plain_fields(row: Mapping[str, Any], task: Task) -> dict[str, str] | None:
    """The texts where all stand at the top level and hold nothing to look at twice, as in most rows; else None."""
    if row.get("fields") is not None:
        return None
    fields = {name: row.get(name) for name in task.fields}
    return cast(dict[str, str], fields) if all(map(is_plain, fields.values())) else None


def _fields(row: Mapping[str, Any], task: Task, place: Place) -> dict[str, str]:
    if not task.fields:  # no text is read; what stands under ``fields`` is kept for whoever shows the item
        given = row.get("fields")
        pairs = given.items() if isinstance(given, Mapping) else ()
        return {name: text for name, text in pairs if isinstance(name, str) and isinstance(text, str)}
    expected = f"an object with the fields: {', '.join(task.fields)}"
    nested = row.get("fields")
    if nested is None:
        nested = {}
    elif type(nested) is not dict and not isinstance(nested, Mapping):
        refuse(shown(nested), expected, replace(place, field="fields"))
    else:
        nested = with_fields(nested, task, replace(place, field="fields"))
    unknown = [name for name in nested if name not in task.fields]
    if unknown:
        refuse(f"field {unknown[0]!r}", f"only: {', '.join(task.fields)}", replace(place, field="fields"))
    fields = {}
    for name in task.fields:
        found = row.get(name)
        if not nested and is_plain(found):
            fields[name] = cast(str, found)
            continue
        where = place.at(name)
        if name in nested and name in row and nested[name] != row[name]:
            refuse(f"two texts: {shown(nested[name], 40)} and {shown(row[name], 40)}", "one text", where)
        found = nested[name] if name in nested else row.get(name)
        if found is None:
            expected = f"a text: task {task.name!r} has the fields {', '.join(task.fields)}"
            hint = f"the row has {shown(', '.join(map(str, row)), 100)}; --task says which task it is of"
            raise InputError("nothing", expected=expected, place=where, hint=hint)
        fields[name] = text_of(found, "a text that is not empty", where)
    return fields


def _known_labels(found: Any, task: Task) -> tuple[Annotation, ...] | None:
    """The annotations of a list of which each was read before, as in most rows; None where one must be looked at."""
    if type(found) is not list:
        return None
    memo = task.memo
    try:  # the memo has pairs of texts only, and an entry of two keys no other ones
        known = tuple([memo[entry["annotator"], entry["label"]] for entry in found if len(entry) == 2])
    except (KeyError, TypeError):
        return None
    return known if len(known) == len(found) else None


def _labels(found: Any, task: Task, place: Place) -> Iterator[Annotation]:
    if found is None:
        return
    place = place.at("labels")
    if type(found) is dict or isinstance(found, Mapping):
        counts = weights_from_row(found, task, place)
        for label, count in counts.items():
            if count != int(count):
                refuse(f"count {shown(count)} for label {label!r}", "a whole number", place)
        if sum(counts.values()) > MOST_LABELS:
            refuse(f"{sum(counts.values()):.0f} labels", f"at most {MOST_LABELS} labels of one item", place)
        for label, count in counts.items():
            if count:
                yield Annotation(label, times=int(count))
    elif isinstance(found, list | tuple):
        for number, entry in enumerate(found, 1):
            yield _annotation(entry, number, task, place)
    else:
        expected = 'a list of {"annotator", "label"}, a list of label names, or counts {label: number}'
        refuse(shown(found), expected, place)


def _annotation(entry: Any, number: int, task: Task, place: Place) -> Annotation:
    if type(entry) is not dict and not isinstance(entry, Mapping):
        return Annotation(label_of(entry, task, place, " as entry {}", number))
    annotator = entry.get("annotator")
    if len(entry) == 2 and type(annotator) is str and type(entry.get("label")) is str:
        key = annotator, entry["label"]
        if (known := task.memo.get(key)) is not None:
            return cast(Annotation, known)
        if is_plain(annotator):
            made = Annotation(label_of(key[1], task, place, " in entry {}", number), annotator)
            return task.keep(key, made) if len(task.memo) < MOST_ANNOTATORS else made
    only_keys(entry, ("annotator", "label"), number, place)
    if isinstance(annotator, int) and not isinstance(annotator, bool):
        annotator = str(annotator)
    elif annotator is not None:
        annotator = text_of(annotator, "the annotator's name: a text that is not empty", place)
    return Annotation(label_of(entry.get("label"), task, place, " in entry {}", number), annotator)


def _texts(
    row: Mapping[str, Any], column: str, task: Task, place: Place, default_source: str | None = None
) -> Iterator[tuple[str, str, str]]:
    """(text, label, source) of each entry; a model may say nothing, a human explanation must say something."""
    found = row.get(column)
    if found is None:
        return
    place = place.at(column)
    if not isinstance(found, list | tuple):
        refuse(shown(found), 'a list of {"label", "text", "source"}', place)
    for number, entry in enumerate(found, 1):
        if type(entry) is not dict and not isinstance(entry, Mapping):
            refuse(f"{shown(entry)} as entry {number}", 'an object {"label", "text", "source"}', place)
        only_keys(entry, ("label", "text", "source"), number, place)
        source = entry.get("source")
        source = default_source if source is None and default_source else source
        source = text_of(source, f"the name of a source, in entry {number}", place)
        if column == "answers" or source != HUMAN:
            text = string_of(entry.get("text"), f"a text, in entry {number}", place)
        else:
            text = text_of(entry.get("text"), f"a text that is not empty, in entry {number}", place)
        yield text, label_of(entry.get("label"), task, place, " in entry {}", number), source


def _reference(found: Any, task: Task, place: Place) -> dict[str, float] | None:
    if found is None:
        return None
    place = place.at("reference")
    weights = weights_from_row(found, task, place)
    total = math.fsum(weights.values())
    if total <= 0:
        refuse(shown(dict(found)), "at least one number above 0", place)
    whole = all(type(number) is int or number == int(number) for number in weights.values())
    if not whole and not sums_to_one(weights, task):
        expected = f"whole counts, or probabilities with a sum of 1 (to {slack(task):.3g})"
        refuse(f"{shown(dict(found))} with a sum of {total:.6g}", expected, place)
    return weights


def _extra(extra: dict[str, Any], place: Place) -> dict[str, Any]:
    """The unknown columns, if they can be written back."""
    for column, value in extra.items():
        if is_plain(column) and is_plain(value):
            continue
        try:
            json.dumps([column, value], ensure_ascii=False, allow_nan=False).encode("utf-8")
        except (TypeError, ValueError, RecursionError):
            refuse(shown(value), "a value that JSON in UTF-8 can hold", replace(place, field=column))
    return extra
