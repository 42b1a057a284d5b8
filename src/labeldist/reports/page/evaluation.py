"""An evaluation as a page shows it: what is best, and what must be known, are those of the tables in terminals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from labeldist.evaluation.evaluation import Column, Evaluation, Interval, Row
from labeldist.reports import tables


def evaluation_of(found: Mapping[str, Any]) -> Evaluation:
    """The record that ``Evaluation.as_dict`` wrote."""
    return Evaluation(
        task=found["task"],
        items=found["items"],
        columns=tuple(Column(**column) for column in found["metrics"]),
        rows=tuple(_row(row) for row in found["rows"]),
        resamples=found["resamples"],
        seed=found["seed"],
        left_out=found["left_out"],
        reference_note=found.get("reference"),
        votes=found["votes"],
    )


def evaluation_table(found: Mapping[str, Any]) -> dict[str, Any]:
    """The rows by kind, each with its place in ``found`` and which of its values are best; the notes."""
    evaluation = evaluation_of(found)
    best = tables.best_values(evaluation)
    places = {id(row): place for place, row in enumerate(evaluation.rows)}
    return {
        "columns": evaluation.columns,
        "counted": tables.items_differ(evaluation),
        "notes": tables.notes(evaluation),
        "sections": [
            (title, [(places[id(row)], row, _best_columns(row, evaluation, best)) for row in rows])
            for title, rows in tables.sections(evaluation)
        ],
    }


def _best_columns(row: Row, evaluation: Evaluation, best: Mapping[str, str]) -> set[str]:
    return {column.name for column in evaluation.columns if tables.is_best(row, column, evaluation, best)}


def _row(found: Mapping[str, Any]) -> Row:
    metrics = {name: Interval(**_numbers(interval)) for name, interval in found["metrics"].items()}
    return Row(found["name"], found["kind"], found["items"], metrics, found.get("chance") or {})


def _numbers(interval: Mapping[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in interval.items()}
