"""The Items contract: a row (what a file holds) to an Item and back, strictly checked.

A row is a mapping with ``id`` and the task's fields, under ``fields`` or at the top level; all else is optional
and may be null:

- ``labels``: a list of ``{"annotator", "label"}``, a list of label names, or counts ``{label: number}``;
- ``explanations``: a list of ``{"label", "text", "source"}`` (source ``human`` unless told);
- ``answers``: raw answers of models, a list of ``{"label", "text", "source"}``; what a model said, here or as an
  explanation, is taken as it is, be it blank;
- ``evidence``: ``{model: {"distribution": {label: p}, "saw_labels": true|false|null}}``; instead of the distribution,
  or beside it, ``scores``, numbers ``{label: number}`` that need not sum to 1 (a label that is left out has 0), or
  ``logits``, any numbers for all labels, whose softmax is the distribution; and ``held_out``, ``{label: {label: p}}``,
  the distributions without one annotator of that label;
- ``reference``: counts or probabilities ``{label: number}``; a label that is left out has 0.

``fields``, ``labels`` (as counts) and ``reference`` may also be spread over columns: ``labels.neutral``,
``reference.neutral``. A label may be written as any alias that the task knows. Names (labels, fields, annotators) are
compared in Unicode's composed form. Every other column is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NoReturn, TypeVar, cast

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Annotation, Answer, Evidence, Explanation, Item
from labeldist.core.spelling import folded, nfc
from labeldist.core.task import Task

SPREAD = ("fields", "labels", "reference")
HUMAN = "human"
KNOWN = ("id", *SPREAD, "explanations", "answers", "evidence")
SAID = ("distribution", "scores", "logits")  # what a model says of the labels, in one of these forms
EVIDENCE = (*SAID, "saw_labels", "held_out")
MOST_LABELS = 1_000_000  # of one item: more than any data set has, so it is a slip
MOST_ANNOTATORS = 10_000  # of whom labels are kept to be used again
LARGEST = 1e15  # a count: up to about here floats are exact, and sums cannot overflow
ROUNDING = 0.005  # of each probability: published ones often have two decimals

T = TypeVar("T")


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
    if not _plain(columns):
        row = gathered(_with_fields(row, task, place), place)
        columns = tuple(row)
    labels = row.get("labels")
    unused = _unused(columns, task.fields)
    return Item(
        id_from_row(row, place),
        _plain_fields(row, task) or _fields(row, task, place),
        _known_labels(labels, task) or tuple(_labels(labels, task, place)),
        tuple(Explanation(*said) for said in _texts(row, "explanations", task, place, default_source=HUMAN))
        if "explanations" in row
        else (),
        tuple(Answer(*said) for said in _texts(row, "answers", task, place)) if "answers" in row else (),
        _evidence(row.get("evidence"), task, place),
        _reference(row.get("reference"), task, place),
        _extra({column: row[column] for column in unused}, place) if unused else {},
    )


@lru_cache(maxsize=1 << 10)
def _unused(columns: tuple[str, ...], fields: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the contract does not know."""
    return tuple(column for column in columns if column not in KNOWN and column not in fields)


@lru_cache(maxsize=1 << 10)
def _plain(columns: tuple[object, ...]) -> bool:
    """Whether no column can be a part of another or a name in another Unicode form: so it is in most files."""
    return all(isinstance(column, str) and column.isascii() and "." not in column for column in columns)


def item_to_row(item: Item) -> dict[str, Any]:
    """The row that :func:`item_from_row` turns into an equal item; parts that the item lacks are left out.

    Raises :class:`InputError` where a column of ``extra`` has a name that the contract uses.

    >>> item_to_row(Item("7", {"text": "Hi."}, (Annotation("yes", "a1"), Annotation("no")), extra={"by": "me"}))
    {'id': '7', 'fields': {'text': 'Hi.'}, 'labels': [{'annotator': 'a1', 'label': 'yes'}, 'no'], 'by': 'me'}
    """
    for column in item.extra:
        if column in (*KNOWN, *item.fields) or spread_over(column):
            raise InputError(
                f"extra column {column!r} of item {item.id!r}", expected="a name that the contract does not use"
            )
    row: dict[str, Any] = {"id": item.id, "fields": dict(item.fields)}
    if item.labels:
        row["labels"] = _labels_row(item.labels)
    for part, entries in (("explanations", item.explanations), ("answers", item.answers)):
        if entries:
            row[part] = [{"label": e.label, "text": e.text, "source": e.source} for e in entries]
    if item.evidence:
        row["evidence"] = {name: _evidence_row(evidence) for name, evidence in item.evidence.items()}
    if item.reference is not None:
        row["reference"] = dict(item.reference)
    return row | dict(item.extra)


def _labels_row(labels: Sequence[Annotation]) -> dict[str, int] | list[str | dict[str, str]]:
    """Counts where all are counted, each label once; else an entry per label that was given."""
    counts = {one.label: one.times for one in labels}
    counted = len(counts) == len(labels) and all(one.annotator is None for one in labels)
    if counted and any(one.times > 1 for one in labels):
        return counts
    return [
        one.label if one.annotator is None else {"annotator": one.annotator, "label": one.label}
        for one in labels
        for _ in range(one.times)
    ]


def id_from_row(row: Mapping[str, Any], place: Place) -> str:
    """The row's id; a whole number is taken as text. Raises :class:`InputError` for any other or no id."""
    found = row.get("id")
    if _is_plain(found):
        return cast(str, found)
    place = place.at("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if found is None:
        _refuse("nothing", "an id: a text that is not empty", place)
    return _text(found, "an id: a text that is not empty", place)


def weights_from_row(found: Any, task: Task, place: Place, *, complete: bool = False) -> dict[str, float]:
    """A mapping ``{label: number}`` with the task's own label names, every number finite and at least 0.

    A label whose number is null is left out; ``complete`` demands all labels of the task. Raises :class:`InputError`.
    """
    if type(found) is not dict and not isinstance(found, Mapping):
        _refuse(shown(found), "an object {label: number}", place)
    weights: dict[str, float] = {}
    memo = task.memo
    for spelling, number in found.items():
        label = memo.get(spelling) if type(spelling) is str else None
        if label is None:
            label = _label(spelling, task, place)
        if label in weights:
            _refuse(f"label {label!r} twice in {shown(dict(found))}", "each label once", place)
        if number is None:
            continue
        if type(number) not in (int, float) and (isinstance(number, bool) or not isinstance(number, int | float)):
            _refuse(f"{shown(number)} for label {label!r}", "a number", place)
        if not 0 <= number <= LARGEST:  # also where it is NaN
            expected = f"a finite number of at least 0 and at most {LARGEST:g}"
            _refuse(f"{shown(number)} for label {label!r}", expected, place)
        weights[label] = number
    if complete and len(weights) < len(task.label_names):
        missing = [label for label in task.label_names if label not in weights]
        expected = f"a number for each of: {', '.join(task.label_names)}"
        _refuse(f"no number for label {missing[0]!r} in {shown(dict(found))}", expected, place)
    return weights


def distribution_from_row(found: Any, task: Task, place: Place) -> dict[str, float]:
    """A mapping ``{label: probability}`` over all labels of the task. Raises :class:`InputError`.

    The sum must be 1, give or take 0.005 per label: published numbers are often rounded to two decimals.
    """
    weights = weights_from_row(found, task, place, complete=True)
    if not _sums_to_one(weights, task):
        found = f"probabilities that sum to {math.fsum(weights.values()):.6g}"
        _refuse(found, f"a sum of 1 (to {_slack(task):.3g})", place)
    return weights


def evidence_from_row(row: Mapping[str, Any], task: Task, place: Place, *, of: str | None = None) -> Evidence:
    """The evidence in the columns ``distribution``, ``scores``, ``logits``, ``saw_labels`` and ``held_out`` of ``row``.

    The distribution is as given, in proportion to the scores, or the softmax of the logits.

    Raises :class:`InputError` with the column as field; or, where ``row`` is the entry called ``of`` in an item's
    evidence, with ``place`` as it is and the column in the message.

    >>> from labeldist.tasks.load import load_task
    >>> found = evidence_from_row({"scores": {"e": 0.9, "n": 0.3, "c": None}}, load_task("nli"), Place())
    >>> found.distribution
    {'entailment': 0.75, 'neutral': 0.25, 'contradiction': 0.0}
    """

    def part(column: str, read: Callable[[Any, Task, Place], T]) -> T | None:
        found = row.get(column)
        if found is None:
            return None
        try:
            return read(found, task, place.at(column) if of is None else place)
        except InputError as error:
            raise (error if of is None else _told(error, f"in {column!r} of {shown(of)}")) from None

    distribution = part("distribution", distribution_from_row)
    scores = part("scores", _scores)
    logits = part("logits", _softmax)
    saw_labels = part("saw_labels", _flag)
    held_out = part("held_out", _held_out) or {}
    given = [part is not None for part in (distribution, scores, logits)]
    where = place.at("distribution") if of is None else place
    whose = "" if of is None else f" for {shown(of)}"
    if not any(given):
        hint = f"the row has {shown(', '.join(map(str, row)), 100)}" if of is None else ""
        found = f"neither distribution nor scores{whose}"
        expected = "one of the two or logits, an object {label: number}"
        raise InputError(found, expected=expected, place=where, hint=hint)
    if logits is not None and sum(given) > 1:
        _refuse(f"logits beside {'a distribution' if given[0] else 'scores'}{whose}", "one of the two", where)
    shares = distribution or logits or Evidence.from_scores(scores or {}).distribution
    return Evidence(shares, saw_labels, held_out, scores)


def _scores(found: Any, task: Task, place: Place) -> dict[str, float]:
    weights = weights_from_row(found, task, place)
    return {label: weights.get(label, 0.0) for label in task.label_names}


def _softmax(found: Any, task: Task, place: Place) -> dict[str, float]:
    """The softmax of a finite number, negative or not, for each label of the task."""
    if type(found) is not dict and not isinstance(found, Mapping):
        _refuse(shown(found), "an object {label: number}", place)
    logits: dict[str, float] = {}
    for spelling, number in found.items():
        label = _label(spelling, task, place)
        if label in logits:
            _refuse(f"label {label!r} twice in {shown(dict(found))}", "each label once", place)
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= LARGEST:
            _refuse(f"{shown(number)} for label {label!r}", f"a finite number of at most {LARGEST:g}", place)
        logits[label] = float(number)
    missing = [label for label in task.label_names if label not in logits]
    if missing:
        expected = f"a number for each of: {', '.join(task.label_names)}"
        _refuse(f"no number for label {missing[0]!r} in {shown(dict(found))}", expected, place)
    most = max(logits.values())
    weights = {label: math.exp(logits[label] - most) for label in task.label_names}
    total = math.fsum(weights.values())
    return {label: weight / total for label, weight in weights.items()}


def _flag(found: Any, task: Task, place: Place) -> bool:
    if not isinstance(found, bool):
        _refuse(shown(found), "true, false or null", place)
    return found


def _held_out(found: Any, task: Task, place: Place) -> dict[str, dict[str, float]]:
    if type(found) is not dict and not isinstance(found, Mapping):
        _refuse(shown(found), "an object {label: {label: probability}}", place)
    held_out: dict[str, dict[str, float]] = {}
    for spelling, distribution in found.items():
        label = _label(spelling, task, place)
        if label in held_out:
            _refuse(f"label {label!r} twice in {shown(dict(found))}", "each label once", place)
        if distribution is None:
            continue
        try:
            held_out[label] = distribution_from_row(distribution, task, place)
        except InputError as error:
            raise _told(error, f"without one {label!r}") from None
    return held_out


def _told(error: InputError, where: str) -> InputError:
    return InputError(f"{error.found} {where}", expected=error.expected, place=error.place)


def _slack(task: Task) -> float:
    return ROUNDING * len(task.labels)


def _sums_to_one(weights: Mapping[str, float], task: Task) -> bool:
    return abs(math.fsum(weights.values()) - 1) <= _slack(task) + 1e-9


def gathered(row: Mapping[str, Any], place: Place, parts: Sequence[str] = SPREAD) -> dict[str, Any]:
    """The row with columns such as ``labels.neutral`` gathered under ``labels``, for each of ``parts``.

    Raises :class:`InputError` for ``Labels.neutral``: beside ``labels.entailment`` it would be left out of the counts.
    """
    if _plain(tuple(row)):
        return row if isinstance(row, dict) else dict(row)
    for column in row:
        base, dot, label = column.partition(".")
        if dot and base not in parts and folded(base) in parts:
            _refuse(f"column {shown(column)}", repr(f"{folded(base)}.{label}"), replace(place, field=folded(base)))
    whole = {column: value for column, value in row.items() if not spread_over(column, parts)}
    for column, value in row.items():
        part = spread_over(column, parts)
        if not part:
            continue
        if row.get(part) is not None:
            if value is None:
                continue
            _refuse(f"both {part!r} and {column!r}", "one of the two", replace(place, field=part))
        whole[part] = (whole.get(part) or {}) | {column[len(part) + 1 :]: value}
    for part in parts:
        # All cells of a row empty: the row has no such part.
        if part not in row and part in whole and all(value is None for value in whole[part].values()):
            del whole[part]
    return whole


def spread_over(column: str, parts: Iterable[str] = SPREAD) -> str | None:
    """The part of the contract that a column such as ``labels.neutral`` belongs to, or None.

    >>> spread_over("labels.neutral"), spread_over("labels"), spread_over("label.neutral")
    ('labels', None, None)
    """
    return next((part for part in parts if column.startswith(part + ".")), None)


def _with_fields(row: Mapping[str, Any], task: Task, place: Place) -> Mapping[str, Any]:
    """``row`` with the task's fields under the task's own spelling, whichever Unicode form their columns have."""
    other = {column: nfc(column) for column in row if isinstance(column, str) and nfc(column) != column}
    other = {column: name for column, name in other.items() if name in task.fields}
    for column, name in other.items():
        if name in row:
            _refuse(f"two columns named {shown(column)}, in two Unicode forms", "each column once", place)
    return {other.get(column, column): value for column, value in row.items()} if other else row


def _plain_fields(row: Mapping[str, Any], task: Task) -> dict[str, str] | None:
    """The texts where all stand at the top level and hold nothing to look at twice, as in most rows; else None."""
    if row.get("fields") is not None:
        return None
    fields = {name: row.get(name) for name in task.fields}
    return cast(dict[str, str], fields) if all(map(_is_plain, fields.values())) else None


def _fields(row: Mapping[str, Any], task: Task, place: Place) -> dict[str, str]:
    if not task.fields:  # no text is read
        return {}
    expected = f"an object with the fields: {', '.join(task.fields)}"
    nested = row.get("fields")
    if nested is None:
        nested = {}
    elif type(nested) is not dict and not isinstance(nested, Mapping):
        _refuse(shown(nested), expected, replace(place, field="fields"))
    else:
        nested = _with_fields(nested, task, replace(place, field="fields"))
    unknown = [name for name in nested if name not in task.fields]
    if unknown:
        _refuse(f"field {unknown[0]!r}", f"only: {', '.join(task.fields)}", replace(place, field="fields"))
    fields = {}
    for name in task.fields:
        found = row.get(name)
        if not nested and _is_plain(found):
            fields[name] = cast(str, found)
            continue
        where = place.at(name)
        if name in nested and name in row and nested[name] != row[name]:
            _refuse(f"two texts: {shown(nested[name], 40)} and {shown(row[name], 40)}", "one text", where)
        found = nested[name] if name in nested else row.get(name)
        if found is None:
            expected = f"a text: task {task.name!r} has the fields {', '.join(task.fields)}"
            hint = f"the row has {shown(', '.join(map(str, row)), 100)}; --task says which task it is of"
            raise InputError("nothing", expected=expected, place=where, hint=hint)
        fields[name] = _text(found, "a text that is not empty", where)
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
                _refuse(f"count {shown(count)} for label {label!r}", "a whole number", place)
        if sum(counts.values()) > MOST_LABELS:
            _refuse(f"{sum(counts.values()):.0f} labels", f"at most {MOST_LABELS} labels of one item", place)
        for label, count in counts.items():
            if count:
                yield Annotation(label, times=int(count))
    elif isinstance(found, list | tuple):
        for number, entry in enumerate(found, 1):
            yield _annotation(entry, number, task, place)
    else:
        expected = 'a list of {"annotator", "label"}, a list of label names, or counts {label: number}'
        _refuse(shown(found), expected, place)


def _annotation(entry: Any, number: int, task: Task, place: Place) -> Annotation:
    if type(entry) is not dict and not isinstance(entry, Mapping):
        return Annotation(_label(entry, task, place, " as entry {}", number))
    annotator = entry.get("annotator")
    if len(entry) == 2 and type(annotator) is str and type(entry.get("label")) is str:
        key = annotator, entry["label"]
        if (known := task.memo.get(key)) is not None:
            return cast(Annotation, known)
        if _is_plain(annotator):
            made = Annotation(_label(key[1], task, place, " in entry {}", number), annotator)
            return task.keep(key, made) if len(task.memo) < MOST_ANNOTATORS else made
    _only(entry, ("annotator", "label"), number, place)
    if isinstance(annotator, int) and not isinstance(annotator, bool):
        annotator = str(annotator)
    elif annotator is not None:
        annotator = _text(annotator, "the annotator's name: a text that is not empty", place)
    return Annotation(_label(entry.get("label"), task, place, " in entry {}", number), annotator)


def _texts(
    row: Mapping[str, Any], column: str, task: Task, place: Place, default_source: str | None = None
) -> Iterator[tuple[str, str, str]]:
    """(text, label, source) of each entry; a model may say nothing, a human explanation must say something."""
    found = row.get(column)
    if found is None:
        return
    place = place.at(column)
    if not isinstance(found, list | tuple):
        _refuse(shown(found), 'a list of {"label", "text", "source"}', place)
    for number, entry in enumerate(found, 1):
        if type(entry) is not dict and not isinstance(entry, Mapping):
            _refuse(f"{shown(entry)} as entry {number}", 'an object {"label", "text", "source"}', place)
        _only(entry, ("label", "text", "source"), number, place)
        source = entry.get("source")
        source = default_source if source is None and default_source else source
        source = _text(source, f"the name of a source, in entry {number}", place)
        if column == "answers" or source != HUMAN:
            text = _string(entry.get("text"), f"a text, in entry {number}", place)
        else:
            text = _text(entry.get("text"), f"a text that is not empty, in entry {number}", place)
        yield text, _label(entry.get("label"), task, place, " in entry {}", number), source


def _evidence(found: Any, task: Task, place: Place) -> dict[str, Evidence]:
    if found is None:
        return {}
    place = place.at("evidence")
    if type(found) is not dict and not isinstance(found, Mapping):
        _refuse(shown(found), 'an object {model: {"distribution", "scores" or "logits", ...}}', place)
    evidence = {}
    for name, entry in found.items():
        _text(name, "the name of a model", place)
        if entry is None:
            continue
        if type(entry) is not dict and not isinstance(entry, Mapping):
            _refuse(f"{shown(entry)} for {shown(name)}", f"an object with: {', '.join(EVIDENCE)}", place)
        _only(entry, EVIDENCE, name, place)
        evidence[name] = evidence_from_row(entry, task, place, of=name)
    return evidence


def _evidence_row(evidence: Evidence) -> dict[str, Any]:
    row: dict[str, Any] = {"distribution": dict(evidence.distribution), "saw_labels": evidence.saw_labels}
    if evidence.scores is not None:
        row["scores"] = dict(evidence.scores)
    if evidence.held_out:
        row["held_out"] = {label: dict(distribution) for label, distribution in evidence.held_out.items()}
    return row


def _reference(found: Any, task: Task, place: Place) -> dict[str, float] | None:
    if found is None:
        return None
    place = place.at("reference")
    weights = weights_from_row(found, task, place)
    total = math.fsum(weights.values())
    if total <= 0:
        _refuse(shown(dict(found)), "at least one number above 0", place)
    whole = all(type(number) is int or number == int(number) for number in weights.values())
    if not whole and not _sums_to_one(weights, task):
        expected = f"whole counts, or probabilities with a sum of 1 (to {_slack(task):.3g})"
        _refuse(f"{shown(dict(found))} with a sum of {total:.6g}", expected, place)
    return weights


def _extra(extra: dict[str, Any], place: Place) -> dict[str, Any]:
    """The unknown columns, if they can be written back."""
    for column, value in extra.items():
        if _is_plain(column) and _is_plain(value):
            continue
        try:
            json.dumps([column, value], ensure_ascii=False, allow_nan=False).encode("utf-8")
        except (TypeError, ValueError, RecursionError):
            _refuse(shown(value), "a value that JSON in UTF-8 can hold", replace(place, field=column))
    return extra


def _label(found: Any, task: Task, place: Place, where: str = "", number: int = 0) -> str:
    """The task's own name of a label; ``where`` with the ``number`` of an entry says where it stands."""
    if type(found) is str and (known := task.memo.get(found)) is not None:
        return cast(str, known)
    where = where.format(number)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    expected = f"one of: {', '.join(task.label_names)}"
    if not isinstance(found, str):
        _refuse(f"label {shown(found)}{where}", expected, place)
    try:
        return task.canonical(found)
    except InputError as error:
        raise InputError(f"label {shown(found)}{where}", expected=error.expected, place=place) from None


def _is_plain(found: Any) -> bool:
    """Whether ``found`` is a text that says something and holds nothing to look at twice: so are nearly all."""
    return type(found) is str and found.isascii() and "\0" not in found and not found.isspace() and bool(found)


def _text(found: Any, expected: str, place: Place) -> str:
    """A text that says something."""
    text = _string(found, expected, place)
    if not text.strip():
        _refuse(shown(text), expected, place)
    if "\0" in text:
        _refuse(f"a NUL character in {shown(text)}", "a text without NUL characters", place)
    return text


def _string(found: Any, expected: str, place: Place) -> str:
    """Any text that can be written back."""
    if not isinstance(found, str):
        _refuse("nothing" if found is None else shown(found), expected, place)
    try:
        found.encode("utf-8")
    except UnicodeEncodeError:
        _refuse(f"half a surrogate pair in {shown(found)}", "a text that UTF-8 can hold", place)
    return found


def _only(entry: Mapping[str, Any], known: tuple[str, ...], of: object, place: Place) -> None:
    for key in entry:
        if key not in known:
            _refuse(f"key {shown(key)} in entry {shown(of)}", f"only: {', '.join(known)}", place)


def _refuse(found: str, expected: str, place: Place) -> NoReturn:
    raise InputError(found, expected=expected, place=place)
