"""A description of labels and annotators as a report shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labeldist.evaluation.annotators import Annotator
from labeldist.evaluation.by_group import Group
from labeldist.evaluation.description import Description
from labeldist.evaluation.evaluation import Interval
from labeldist.reports.view import Ends, ViewAnnotator, ViewAnnotators, ViewGroup

MOST = 50  # annotators in the table


def ends(found: Interval | None) -> Ends:
    """A number with its interval; None for NaN."""
    values = (math.nan,) * 3 if found is None else (found.value, found.low, found.high)
    value, low, high = (None if math.isnan(one) else one for one in values)
    return {"value": value, "low": low, "high": high}


def view_annotators(found: Description) -> ViewAnnotators | None:
    """Those who are named, and groups; None where nobody is."""
    labels = [*found.label_counts]
    if not found.each_annotator and not found.groups:
        return None
    return {
        "people": [_annotator(one, labels) for one in found.each_annotator[:MOST]],
        "of": len(found.each_annotator),
        "by": found.by,
        "groups": [_group(one, labels) for one in found.groups],
    }


def _annotator(one: Annotator, labels: Sequence[str]) -> ViewAnnotator:
    return {
        "name": one.name,
        "items": one.items,
        "labels": one.labels,
        "compared": one.compared,
        "agreement": _known(one.agreement),
        "chance": one.chance,
        "stands_out": one.stands_out,
        "label": one.label,
        "chosen": one.chosen,
        "expected": _known(one.expected),
        "shares": [_known(one.shares[label]) for label in labels],
        "others": [_known(one.others[label]) for label in labels],
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _group(one: Group, labels: Sequence[str]) -> ViewGroup:
    return {
        "name": one.name,
        "annotators": one.annotators,
        "labels": one.labels,
        "shares": [ends(one.agreement.shares[label]) for label in labels],
        "difference": [ends(one.difference[label]) if label in one.difference else None for label in labels],
    }
