"""One data set: the posterior against smoothed labels, with the human ceiling beside them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluate.bootstrap import paired_difference
from labeldist.evaluate.metric import METRICS
from labeldist.judge.judge import JudgeSettings
from labeldist.models.base import LanguageModel
from labeldist.run.distributions import evaluate_files
from labeldist.run.posterior import estimate_to_file
from labeldist.run.single import judge_to_file

SMOOTHED = "+ 0.5 per label"
SHOWN = ("kl", "tvd", "dcorr", "wasserstein")


@dataclass(frozen=True, slots=True)
class Population:
    """A source, how many of its annotators are held out, how the model answers, and the task if another."""

    source: str
    hold_out: int = 2
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
    one: Population, model: LanguageModel, *, limit: int, seed: int = 0, resamples: int = 1000
) -> dict[str, Any]:
    """The metrics of the posterior with and without the model's judgments, of smoothed labels, and of people."""
    spec = f"{one.hold_out}:{seed}"
    dataset = open_source(one.source, task=one.task, limit=limit, hold_out=spec, on_error="skip")
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.jsonl" for name in ("mjd", "alone", "both")}
        settings = JudgeSettings(style=one.answers)
        judge_to_file(dataset, model, files["mjd"], explanations="none", settings=settings)
        estimate_to_file(dataset, files["alone"])
        known = estimate_to_file(dataset, files["both"], evidence=[f"MJD={files['mjd']}"])
        names = {
            "MJD": files["mjd"], "posterior of the labels": files["alone"], "posterior with the MJD": files["both"],
        }  # fmt: skip
        found = evaluate_files(dataset, names, bootstrap=resamples, missing="skip")
        differences = _differences(dataset, files["both"], resamples)
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            **{name: row.metrics[name].as_dict() for name in SHOWN if name in row.metrics},
        }
        for row in found.rows
        if row.kind != "baseline" or row.name in _baselines([row.name for row in found.rows])
    ]
    return {
        "source": one.source,
        "task": dataset.task.name,
        "items": found.items,
        "held out": one.hold_out,
        "seed": seed,
        "model": model.name,
        "worth of labels and MJD": known.calibration.concentration,
        "rows": rows,
        "posterior minus smoothed labels": differences,
    }


def _baselines(names: list[str]) -> list[str]:
    """The uniform distribution, and the smoothed labels of all the annotators."""
    smoothed = [name for name in names if name.endswith(SMOOTHED) and "against" not in name]
    return ["uniform", *([name for name in smoothed if name.startswith("all ")] or smoothed)]


def _differences(dataset: Dataset, posterior: Path, resamples: int) -> dict[str, Any]:
    """The posterior with the MJD minus all labels with half a pseudo-count per label, paired."""
    labels = dataset.task.label_names
    items = [item for item in dataset.items() if item.reference is not None]
    counts = np.array([item.label_counts(labels) for item in items]) + 0.5
    smoothed = counts / counts.sum(axis=1, keepdims=True)
    rows = {row.id: row.distribution.probabilities for row in read_predictions(posterior, dataset.task)}
    references = [item.reference_distribution(labels) for item in items]
    reference = np.array([one.probabilities for one in references if one is not None])
    mean = np.array([rows[item.id] for item in items])
    return {
        name: paired_difference(METRICS.get(name), reference, mean, smoothed, resamples=resamples).as_dict()
        for name in ("kl", "tvd", "dcorr")
    }
