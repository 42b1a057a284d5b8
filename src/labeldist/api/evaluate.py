"""``labeldist.evaluate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

from labeldist.api.read import Reading, opened
from labeldist.api.said import named, said_rows
from labeldist.datasets.files import records_from_rows
from labeldist.datasets.predictions import prediction_from_row
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.evaluation.evaluation import Evaluation
from labeldist.runs.distributions import evaluate_rows


def evaluate(
    predictions: Any = None,
    *,
    reference: Any,
    metrics: Sequence[str] | None = None,
    bootstrap: int = RESAMPLES,
    ceiling: bool | None = None,
    seed: int = 0,
    **how: Unpack[Reading],
) -> Evaluation:
    """Predicted distributions beside baselines, against the references of human labels.

    ``predictions``: what :func:`labeldist.estimate` gives, or a file, a data frame, an array, a mapping; or {name: one
    of these}. ``reference``: items with references, as for :func:`labeldist.read`; ``reference_annotators`` makes some
    of each item's annotators its reference. ``bootstrap``: resamples for the 95% intervals, 0 for none.

    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item("1", {}, (Annotation("ok"),), reference={"ok": 6, "toxic": 4})]
    >>> found = evaluate({"llm": {"1": {"ok": 0.5, "toxic": 0.5}}}, reference=items, metrics=["tvd"])
    >>> round(found.rows[0].metrics["tvd"].value, 6)
    0.1
    """
    dataset = opened(reference, how)
    given = [] if predictions is None else [*named(predictions, "prediction")]
    rows = {
        name: records_from_rows(said_rows(name, value, dataset), dataset.task, prediction_from_row)
        for name, value in given
    }
    found = evaluate_rows(dataset, rows, metrics=metrics, bootstrap=bootstrap, seed=seed, with_ceiling=ceiling)
    return replace(found, kind=dataset.kind)
