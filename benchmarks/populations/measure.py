"""One data set: the posterior against smoothed labels, with the human ceiling beside them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.populations.averaged import Drawn, averaged
from benchmarks.populations.smoothing import Array, fitted_pseudo_count, smoothed
from labeldist.core.item import Item
from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluation.ceiling import ceiling
from labeldist.evaluation.metric import all_metrics
from labeldist.judging.judge import JudgeSettings
from labeldist.models.base import LanguageModel
from labeldist.runs.posterior import estimate_to_file
from labeldist.runs.single import judge_to_file

SHOWN = ("kl", "tvd", "dcorr", "wasserstein")
POSTERIOR, FITTED, HALF = "posterior with the MJD", "labels, fitted smoothing", "labels, + 0.5 per label"


@dataclass(frozen=True, slots=True)
class Population:
    """A source, how many of its annotators are held out, how the model answers, and the task if another."""

    source: str
    reference_annotators: int = 2
    answers: str = "auto"
    task: str | None = None


# Options that begin with the same word cannot be told apart by their first token, so Circa is asked in letters.
POPULATIONS = (
    Population("md-agreement"),
    # The embedded model's tokenizer has no tokens for native options, so it is asked in English.
    Population("ocnli", task="nli-multilingual"),
    Population("klue-nli", task="nli-multilingual"),
    Population("circa", answers="letters"),
    Population("xnli"),
    Population("hs-brexit"),
    Population("lewidi-csc", answers="letters"),
    Population("lewidi-paraphrase:train", answers="letters"),
)


def measure(
    one: Population, model: LanguageModel, *, limit: int, seeds: Sequence[int] = (0,), resamples: int = 1000
) -> dict[str, Any]:
    """The metrics of the posterior with and without the model's judgments, of smoothed labels, and of people.

    Each is the mean over ``seeds``, which draw who is held out. The model sees no labels, so it is asked once.
    """
    with tempfile.TemporaryDirectory() as folder:
        mjd = Path(folder) / "mjd.jsonl"
        first = _opened(one, limit, seeds[0])
        judge_to_file(first, model, mjd, explanations="none", settings=JudgeSettings(style=one.answers))
        drawn, worth, pseudo_counts = [], [], []
        for seed in seeds:
            draw, concentration, each = _draw(_opened(one, limit, seed), mjd, Path(folder))
            drawn.append(draw)
            worth.append(concentration)
            pseudo_counts.append(each)
        people = list(first.items())
    metrics = [metric for metric in all_metrics(first.task.values) if metric.name in SHOWN]
    found = {metric.name: averaged(metric, drawn, resamples=resamples, seed=0) for metric in metrics}
    rows = [
        {"name": name, "kind": "distribution", **{metric: of.of(name).as_dict() for metric, of in found.items()}}
        for name in drawn[0].distributions
    ]
    rows += [
        {"name": row.name, "kind": row.kind, **{name: value.as_dict() for name, value in row.metrics.items()}}
        for row in ceiling(people, first.task.label_names, metrics, resamples=resamples, seed=0)
    ]
    return {
        "source": one.source,
        "task": first.task.name,
        "items": len(people),
        "held out": one.reference_annotators,
        "seeds": list(seeds),
        "model": model.name,
        "worth of labels and MJD": worth,
        "fitted pseudo-count": pseudo_counts,
        "rows": rows,
        "differences": {
            other: {name: of.difference(POSTERIOR, other).as_dict() for name, of in found.items()}
            for other in (HALF, FITTED)
        },
    }


def _opened(one: Population, limit: int, seed: int) -> Dataset:
    return open_source(
        one.source,
        task=one.task,
        limit=limit,
        reference_annotators=f"{one.reference_annotators}:{seed}",
        on_error="skip",
    )


def _draw(dataset: Dataset, mjd: Path, folder: Path) -> tuple[Drawn, float | None, float]:
    """One draw of the reference annotators; what the labels and the MJD are worth, and the fitted pseudo-count."""
    labels = dataset.task.label_names
    items = list(dataset.items())
    alone, both = folder / "alone.jsonl", folder / "both.jsonl"
    estimate_to_file(dataset, alone)
    known = estimate_to_file(dataset, both, evidence=[f"MJD={mjd}"])
    counts = np.array([item.label_counts(labels) for item in items], dtype=np.float64)
    each = fitted_pseudo_count(counts)
    distributions = {
        "MJD": _read(mjd, dataset, items),
        "posterior of the labels": _read(alone, dataset, items),
        POSTERIOR: _read(both, dataset, items),
        "uniform": np.full(counts.shape, 1 / len(labels)),
        "labels, frequencies": smoothed(counts, 0.0),
        HALF: smoothed(counts, 0.5),
        "labels, + 1 per label": smoothed(counts, 1.0),
        FITTED: smoothed(counts, each),
    }
    references = [item.reference_distribution(labels) for item in items]
    reference = np.array([one.probabilities for one in references if one is not None])
    return Drawn(reference, distributions), known.calibration.concentration, each


def _read(file: Path, dataset: Dataset, items: Sequence[Item]) -> Array:
    rows = {row.id: row.distribution.probabilities for row in read_predictions(file, dataset.task)}
    return np.array([rows[item.id] for item in items])
