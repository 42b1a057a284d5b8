"""Predictions beside baselines on the same items: the one function behind ``labeldist evaluate``."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from labeldist.core.distribution import LabelDistribution, proportions
from labeldist.core.errors import InputError, UsageError, shown
from labeldist.core.item import Item
from labeldist.core.spelling import composed_alike
from labeldist.core.task import Task
from labeldist.evaluation.baselines import Candidate, baselines_of
from labeldist.evaluation.bootstrap import RESAMPLES, all_intervals
from labeldist.evaluation.ceiling import ceiling_of
from labeldist.evaluation.evaluation import Column, Evaluation, Interval, Row
from labeldist.evaluation.few_votes import are_few
from labeldist.evaluation.metric import METRICS, Array, Metric, all_metrics, scaled
from labeldist.evaluation.metrics.dcorr import dcorr_by_chance
from labeldist.evaluation.people import Referenced, referenced
from labeldist.evaluation.votes import median_of, votes_behind

# A distribution by item id, or pairs of both: a stream is taken into an array as it comes.
PredictionRows = Mapping[str, Mapping[str, float]] | Iterable[tuple[str, Mapping[str, float] | LabelDistribution]]
Predictions = Mapping[str, PredictionRows]
Missing = Literal["stop", "skip"]
Ceiling = Literal["all", "reference"]
NO_REFERENCE = "no reference"
SHOWN_IDS = 5


def evaluate(
    items: Iterable[Item],
    predictions: Predictions,
    task: Task,
    *,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    missing: Missing = "stop",
    with_ceiling: Ceiling | None = None,
) -> Evaluation:
    """Every prediction and every baseline against the reference of the items that have one.

    ``predictions`` are {name: {item id: {label: probability}}} with the labels of ``task``, or {name: pairs of id and
    distribution}, which are read after the items, once, and not kept. Each metric (all, proper
    scores first where references have few votes; or those named in ``metrics``) comes with a 95% interval from
    ``bootstrap`` resamples (0: no intervals). Where the ids of a prediction are not those of the items with a
    reference, ``missing="stop"`` raises :class:`InputError` and ``"skip"`` evaluates every row on the items common to
    all; ``left_out`` of the result names the others. Without predictions the baselines stand alone. ``with_ceiling``
    shows the human ceiling as well, how well annotators predict others (:mod:`labeldist.evaluation.ceiling`): of
    ``"all"`` annotators, where those of the labels and of the references are of the same kind, or of those of the
    ``"reference"`` alone. Raises :class:`InputError` where nothing is left to evaluate, and :class:`UsageError` for a
    metric of a scale where the labels have none.

    >>> from labeldist.core.item import Annotation
    >>> from labeldist.tasks.load import load_task
    >>> items = [Item("1", {}, (Annotation("neutral"),), reference={"neutral": 60, "entailment": 40})]
    >>> llm = {"1": {"entailment": 0.5, "neutral": 0.5, "contradiction": 0.0}}
    >>> for row in evaluate(items, {"llm": llm}, load_task("nli"), metrics=["tvd"]).rows:
    ...     print(f"{row.metrics['tvd'].value:.4f} {row.name}")
    0.1000 llm
    0.3333 uniform
    0.4000 1 label, majority
    0.4000 1 label, frequencies
    0.2000 1 label, + 0.5 per label
    0.2500 1 label, + 1 per label
    """
    if missing not in ("stop", "skip"):
        raise UsageError(f"missing={missing!r}", hint="use 'stop' or 'skip'")
    named = None if metrics is None else _named(metrics, task)
    labels = task.label_names
    known = referenced(items, labels)
    used, matrices, left_out = _common(known, predictions, labels, missing)
    votes = median_of(votes_behind(used.weights))
    few = are_few(votes)
    chosen = all_metrics(task.values, few_votes=few) if named is None else named
    rows = [
        *_rows(used, matrices, chosen, bootstrap, seed),
        *(() if with_ceiling is None else _ceiling(used, chosen, with_ceiling, bootstrap, seed)),
    ]
    return Evaluation(
        task=task.name,
        items=len(used.ids),
        columns=columns_of(chosen, few_votes=few),
        rows=tuple(rows),
        resamples=bootstrap,
        seed=seed,
        left_out=left_out,
        votes=votes,
    )


def columns_of(metrics: Sequence[Metric], *, few_votes: bool) -> tuple[Column, ...]:
    """The columns of a table of these metrics, where references have few votes or many."""
    return tuple(
        Column(metric.name, metric.title, metric.higher_is_better, few_votes and metric.favours_sharp)
        for metric in metrics
    )


def _named(metrics: Sequence[str], task: Task) -> list[Metric]:
    if not metrics:
        raise UsageError("no metric to evaluate", hint=f"name some of: {', '.join(METRICS.names())}")
    found = [METRICS.get(name) for name in dict.fromkeys(metrics)]
    lacking = [metric.name for metric in found if metric.on_scale is not None and task.values is None]
    if lacking:
        raise UsageError(
            f"metric {lacking[0]!r}, which needs an ordinal scale, for task {task.name!r}, which has none",
            hint="leave the metric away, or give the task a scale (task.toml: scale and the labels' values)",
        )
    return [scaled(metric, task.values) for metric in found]


def _rows(
    used: Referenced, matrices: Mapping[str, Array], metrics: Sequence[Metric], bootstrap: int, seed: int
) -> list[Row]:
    """The predictions' rows of the table, then those of the baselines."""
    everywhere = np.arange(len(used.ids))
    candidates = [
        *(Candidate(name, "prediction", everywhere, matrix) for name, matrix in matrices.items()),
        *baselines_of(used.votes),
    ]
    correlated = next((metric for metric in metrics if metric.name == "dcorr"), None)
    return [
        Row(one.name, one.kind, len(one.rows), values, _by_chance(correlated, used.shares, one, seed))
        for one, values in zip(candidates, _measured(metrics, used.shares, candidates, bootstrap, seed), strict=True)
    ]


def _by_chance(metric: Metric | None, reference: Array, one: Candidate, seed: int) -> dict[str, float]:
    """D.Corr by chance alone, on as many items as it was computed on."""
    if metric is None or one.kind != "prediction":
        return {}
    rows, most = np.arange(len(one.rows)), metric.most_items or len(one.rows)
    if len(rows) > most:
        rows = np.random.default_rng(seed).choice(rows, most, replace=False)
    value = dcorr_by_chance(reference[one.rows][rows], one.distributions[rows])
    return {} if math.isnan(value) else {metric.name: value}


def _ceiling(used: Referenced, metrics: Sequence[Metric], of: Ceiling, bootstrap: int, seed: int) -> list[Row]:
    counts = np.zeros_like(used.weights) if of == "reference" else used.votes.counts()
    rows = ceiling_of(counts, used.weights, metrics, resamples=bootstrap, seed=seed)
    if not rows and of == "reference":
        raise InputError(
            f"no reference with the counts of two annotators or more in {len(used.ids)} items",
            expected="references that are counts, not shares, for a human ceiling",
            hint="leave --ceiling away",
        )
    return rows


def _common(
    known: Referenced, predictions: Predictions, labels: Sequence[str], missing: Missing
) -> tuple[Referenced, dict[str, Array], dict[str, str]]:
    """The items to evaluate, what each prediction says of them (N, K), and the reason for each id that is left out."""
    if not known.ids:
        hint = "--reference-annotators N makes some annotators of each item its reference" if known.several else ""
        expected = "at least one item with a reference"
        raise InputError(f"no reference in {len(known.places)} items", expected=expected, hint=hint)
    matrices, unknown = {}, {}
    for name, rows in predictions.items():
        matrices[name], unknown[name] = _matrix(name, rows, known, labels)
    left_out = {id_: NO_REFERENCE for id_, place in known.places.items() if place < 0}
    everywhere = np.ones(len(known.ids), dtype=np.bool_)
    for name, matrix in matrices.items():
        there = ~np.isnan(matrix[:, 0])
        everywhere &= there
        lacking = [known.ids[row] for row in np.flatnonzero(~there)]
        if missing == "stop":
            if lacking:
                whose = [known.ids[row] for row in np.flatnonzero(there)]
                _stop_at(lacking, f"items with a reference but no row in prediction {name!r}", [*whose, *unknown[name]])
            _stop_at(unknown[name], f"ids in prediction {name!r} that no item has", known.places)
        for ids, reason in (
            (lacking, f"not in prediction {name!r}"),
            (unknown[name], f"in prediction {name!r}, but no item"),
        ):
            left_out |= {id_: f"{left_out[id_]}; {reason}" if id_ in left_out else reason for id_ in ids}
    used = np.flatnonzero(everywhere)
    if not len(used):
        raise InputError("no item that all predictions and the reference share", expected="the same ids in all files")
    if len(used) < len(known.ids):
        matrices = {name: matrix[used] for name, matrix in matrices.items()}
    return known.take(used), matrices, left_out


def _stop_at(ids: Collection[str], what: str, others: Iterable[str]) -> None:
    if ids:
        some = ", ".join(map(shown, islice(ids, SHOWN_IDS))) + (", ..." if len(ids) > SHOWN_IDS else "")
        raise InputError(
            f"{len(ids)} {what}: {some}",
            expected="one row for each item with a reference",
            hint=composed_alike([*ids], others)
            or "predict the same items, or skip what is missing (--on-error skip): all rows then use common items",
        )


def _matrix(name: str, rows: PredictionRows, known: Referenced, labels: Sequence[str]) -> tuple[Array, dict[str, None]]:
    """What a prediction says of the items with a reference (N, K), NaN where nothing; and the ids that no item has."""
    matrix = np.full((len(known.ids), len(labels)), np.nan)
    unknown: dict[str, None] = {}
    # One assignment at the end: row by row takes numpy longer than reading the file.
    places, numbers = array("q"), array("d")
    for id_, row in rows.items() if isinstance(rows, Mapping) else rows:
        place = known.places.get(id_)
        if place is None:
            unknown[id_] = None
        elif place >= 0:
            places.append(place)
            numbers.extend(_predicted(row, labels, name, id_))
    matrix[np.frombuffer(places, dtype=np.int64)] = np.frombuffer(numbers).reshape(len(places), len(labels))
    return matrix, unknown


def _predicted(
    row: Mapping[str, float] | LabelDistribution, labels: Sequence[str], name: str, id_: str
) -> tuple[float, ...]:
    """A row in label order; a sum that misses 1 by rounding is made exact."""
    if isinstance(row, LabelDistribution):
        if row.labels == labels:
            total = math.fsum(row.probabilities)
            return row.probabilities if total == 1 else tuple(p / total for p in row.probabilities)
        row = row.as_dict()
    where = f"in prediction {name!r}, item {shown(id_)}"
    if set(row) != set(labels) or not all(isinstance(p, int | float) for p in row.values()):
        raise InputError(
            f"{shown(dict(row))} {where}",
            expected=f"a number for each of: {', '.join(labels)}",
            hint="choose the task that the prediction was made for",
        )
    try:
        return proportions(LabelDistribution(tuple(row), tuple(row.values())).as_dict(), labels).probabilities
    except InputError as error:
        raise InputError(f"{error.found} {where}", expected=error.expected, hint=error.hint) from error


def _measured(
    metrics: Sequence[Metric], reference: Array, candidates: Sequence[Candidate], bootstrap: int, seed: int
) -> list[dict[str, Interval]]:
    """Each candidate's metrics. Candidates for the same items are measured together, on the same resamples."""
    together: dict[bytes, list[int]] = {}
    for place, candidate in enumerate(candidates):
        together.setdefault(candidate.rows.tobytes(), []).append(place)
    measured: list[dict[str, Interval]] = [{} for _ in candidates]
    for places in together.values():
        references = reference[candidates[places[0]].rows]
        distributions = [candidates[place].distributions for place in places]
        found = all_intervals(metrics, references, distributions, resamples=bootstrap, seed=seed)
        for metric, of_metric in zip(metrics, found, strict=True):
            for place, interval in zip(places, of_metric, strict=True):
                measured[place][metric.name] = interval
    return measured
