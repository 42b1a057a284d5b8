"""What models say of an item's labels, from its row and back: a distribution, scores or logits, and what they saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Evidence
from labeldist.core.task import Task
from labeldist.datasets.cells import as_share
from labeldist.datasets.numbers import distribution_from_row, scores_from_row, softmax_from_row
from labeldist.datasets.values import label_of, only_keys, refuse, text_of

SAID = ("distribution", "scores", "logits")  # what a model says of the labels, in one of these forms
PREFIXES = ("", "p_", "prob_", "proba_")  # of columns with a probability for each label
EVIDENCE = (*SAID, "saw_labels", "leave_one_out")

T = TypeVar("T")


def evidence_of_item(found: Any, task: Task, place: Place) -> dict[str, Evidence]:
    """What is in the column ``evidence`` of an item, by the name of the model; none where that is null."""
    if found is None:
        return {}
    place = place.at("evidence")
    if type(found) is not dict and not isinstance(found, Mapping):
        refuse(shown(found), 'an object {model: {"distribution", "scores" or "logits", ...}}', place)
    evidence = {}
    for name, entry in found.items():
        text_of(name, "the name of a model", place)
        if entry is None:
            continue
        if type(entry) is not dict and not isinstance(entry, Mapping):
            refuse(f"{shown(entry)} for {shown(name)}", f"an object with: {', '.join(EVIDENCE)}", place)
        only_keys(entry, EVIDENCE, name, place)
        evidence[name] = evidence_from_row(entry, task, place, of=name)
    return evidence


def evidence_from_row(row: Mapping[str, Any], task: Task, place: Place, *, of: str | None = None) -> Evidence:
    """The evidence in the columns ``distribution``, ``scores``, ``logits``, ``saw_labels`` and ``leave_one_out`` of
    ``row``.

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
    scores = part("scores", scores_from_row)
    logits = part("logits", softmax_from_row)
    saw_labels = part("saw_labels", _flag)
    leave_one_out = part("leave_one_out", _leave_one_out) or {}
    given = [part is not None for part in (distribution, scores, logits)]
    where = place.at("distribution") if of is None else place
    whose = "" if of is None else f" for {shown(of)}"
    if not any(given):
        hint = f"the row has {shown(', '.join(map(str, row)), 100)}" if of is None else ""
        found = f"neither distribution nor scores{whose}"
        expected = "one of the two or logits, an object {label: number}"
        raise InputError(found, expected=expected, place=where, hint=hint)
    if logits is not None and sum(given) > 1:
        refuse(f"logits beside {'a distribution' if given[0] else 'scores'}{whose}", "one of the two", where)
    shares = distribution or logits or Evidence.from_scores(scores or {}).distribution
    return Evidence(shares, saw_labels, leave_one_out, scores)


def _flag(found: Any, task: Task, place: Place) -> bool:
    if not isinstance(found, bool):
        refuse(shown(found), "true, false or null", place)
    return found


def _leave_one_out(found: Any, task: Task, place: Place) -> dict[str, dict[str, float]]:
    if type(found) is not dict and not isinstance(found, Mapping):
        refuse(shown(found), "an object {label: {label: probability}}", place)
    leave_one_out: dict[str, dict[str, float]] = {}
    for spelling, distribution in found.items():
        label = label_of(spelling, task, place)
        if label in leave_one_out:
            refuse(f"label {label!r} twice in {shown(dict(found))}", "each label once", place)
        if distribution is None:
            continue
        try:
            leave_one_out[label] = distribution_from_row(distribution, task, place)
        except InputError as error:
            raise _told(error, f"without one {label!r}") from None
    return leave_one_out


def _told(error: InputError, where: str) -> InputError:
    return InputError(f"{error.found} {where}", expected=error.expected, place=error.place)


def with_bare_labels(row: Mapping[str, Any], task: Task) -> Mapping[str, Any]:
    """A row of a table with a column per label (``ok``, ``p_ok`` or ``prob_ok``) as one with a distribution.

    >>> from labeldist.tasks.labels import labels_task
    >>> with_bare_labels({"id": "1", "p_ok": "0,75", "p_toxic": "25%"}, labels_task(["ok", "toxic"]))
    {'id': '1', 'distribution': {'ok': 0.75, 'toxic': 0.25}}
    """
    if any(row.get(part) is not None for part in SAID):
        return row
    for prefix in PREFIXES:
        names = {label: prefix + label for label in task.label_names}
        shares = {label: as_share(row.get(name)) for label, name in names.items()}
        if all(share is not None for share in shares.values()):
            return {name: value for name, value in row.items() if name not in names.values()} | {"distribution": shares}
    return row


def evidence_to_row(evidence: Evidence) -> dict[str, Any]:
    """The entry that :func:`evidence_from_row` reads."""
    row: dict[str, Any] = {"distribution": dict(evidence.distribution), "saw_labels": evidence.saw_labels}
    if evidence.scores is not None:
        row["scores"] = dict(evidence.scores)
    if evidence.leave_one_out:
        row["leave_one_out"] = {label: dict(distribution) for label, distribution in evidence.leave_one_out.items()}
    return row
