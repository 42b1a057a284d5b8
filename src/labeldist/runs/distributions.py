"""Distributions as rows of a file, and files of distributions as an evaluation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labeldist.core.distribution import LabelDistribution
from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation
from labeldist.datasets.failures import Failure
from labeldist.datasets.files import SUFFIXES, is_there
from labeldist.datasets.predictions import Prediction, read_predictions
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.evaluation.compare import Ceiling, Missing, evaluate
from labeldist.evaluation.evaluation import Evaluation
from labeldist.explanations.condition import HUMAN
from labeldist.judging.average import LINEAR
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.pool import Pooled
from labeldist.judging.validity import MEAN, STATED, Validity
from labeldist.judging.verbalised import PARTIAL, REFUSED, STYLE
from labeldist.models.base import LanguageModel
from labeldist.runs.seen import Seen
from labeldist.runs.stages import Asked


def saw_labels(explanations: Sequence[Explanation], by_selection: bool | None) -> bool | None:
    """Whether what was shown depends on the item's labels: by how it was selected, or since an annotator wrote it.

    >>> saw_labels([Explanation("It may.", "neutral", "human")], False)
    True
    """
    return True if any(explanation.source == HUMAN for explanation in explanations) else by_selection


def distribution_row(
    asked: Asked,
    pooled: Pooled,
    model: LanguageModel,
    settings: JudgeSettings,
    leave_one_out: Mapping[str, Pooled] | None = None,
) -> dict[str, Any]:
    """An MJD as a row by the contract, with how it was made; ``settings`` are those of ``for_model``.

    ``leave_one_out``: the MJDs with one annotator of each label left out.
    """
    item, explanations = asked.item, asked.explanations
    labels = pooled.distribution.labels
    return {
        "id": item.id,
        "distribution": pooled.distribution.as_dict(),
        "standard_error": _by_label(labels, pooled.standard_error),
        "spread": _by_label(labels, pooled.spread),
        "orders": pooled.orders,
        "answer_mass": pooled.answer_mass,
        **_inexact(pooled, model, settings),
        "explanations": [{"label": e.label, "text": e.text, "source": e.source} for e in explanations],
        "saw_labels": saw_labels(explanations, asked.by_labels),
        **(
            {"leave_one_out": {label: one.distribution.as_dict() for label, one in leave_one_out.items()}}
            if leave_one_out
            else {}
        ),
        "model": model.name,
        "transform": settings.transform,
        "style": settings.style,
        "explicit": settings.explicit,
    }


def validity_row(asked: Asked, found: Validity, model: LanguageModel, settings: JudgeSettings) -> dict[str, Any]:
    """The validity of an item's explanations as a row of evidence; ``settings`` are those of ``for_model``."""
    labels = list(found.distribution)
    explained = zip(asked.explanations, found.values, strict=True)
    stated = {"scored_by": STATED, "samples": settings.samples or 1, **_unread(found.unread)}
    kind = model.capabilities.scores
    known = {} if kind == "exact" else {"scored_by": kind, "unlisted": found.unlisted}
    return {
        "id": asked.item.id,
        "scores": dict(found.scores),
        "distribution": dict(found.distribution),
        "standard_error": _by_label(labels, [*found.standard_error.values()]),
        "spread": _by_label(labels, [*found.spread.values()]),
        "validity_mean": dict(found.mean),
        "validity_max": dict(found.maximum),
        "answered": found.questions,
        "answer_mass": found.answer_mass,
        **(stated if settings.style == STATED else known),
        "explanations": [
            {"label": e.label, "text": e.text, "source": e.source, "validity": value} for e, value in explained
        ],
        "saw_labels": saw_labels(asked.explanations, asked.by_labels),
        "model": model.name,
        "transform": settings.transform,
        "style": settings.style,
        "per_label": settings.per_label or MEAN,
    }


def _inexact(pooled: Pooled, model: LanguageModel, settings: JudgeSettings) -> dict[str, Any]:
    """How the scores are known where they are not known exactly."""
    if settings.style == STYLE:
        return {
            "scored_by": STYLE,
            "answered": pooled.answers,
            "paraphrases": pooled.paraphrases,
            "samples": settings.samples or 1,
            "average": settings.average or LINEAR,
            **_unread(pooled.unread),
        }
    kind = model.capabilities.scores
    return {} if kind == "exact" else {"scored_by": kind, "unlisted": pooled.unlisted}


def _unread(unread: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """How many answers could not be read, of which kind, and these as they were written."""
    kinds = Counter(kind for kind, _ in unread)
    told = {"unread": len(unread), REFUSED: kinds[REFUSED], PARTIAL: kinds[PARTIAL]}
    return told | ({"unread_answers": [{"is": kind, "text": text} for kind, text in unread]} if unread else {})


def _by_label(labels: Sequence[str], numbers: Sequence[float]) -> dict[str, float | None]:
    """JSON has no NaN: what is not known is null."""
    return {label: None if math.isnan(number) else number for label, number in zip(labels, numbers, strict=True)}


def evaluate_files(
    dataset: Dataset,
    files: Mapping[str, Path],
    *,
    metrics: Sequence[str] | None = None,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    missing: Missing = "stop",
    report: ReadReport | None = None,
    failures: list[Failure] | None = None,
    with_ceiling: bool | None = None,
) -> Evaluation:
    """The distributions in ``files`` ({name to show: file}) against the references of ``dataset``, beside baselines.

    ``with_ceiling``: show the human ceiling (None: where annotators are held out as the reference).

    ``missing="skip"`` also skips bad rows of the files, and names them in ``failures``; ``report`` is that of the
    items. Raises :class:`UsageError`
    where distributions saw labels of the annotators that are held out here.
    """
    rows = {
        name: read_predictions(file, dataset.task, on_error=missing, failures=failures) for name, file in files.items()
    }
    return evaluate_rows(
        dataset,
        rows,
        metrics=metrics,
        bootstrap=bootstrap,
        seed=seed,
        missing=missing,
        report=report,
        with_ceiling=with_ceiling,
    )


def evaluate_rows(
    dataset: Dataset,
    predictions: Mapping[str, Iterator[Prediction]],
    *,
    metrics: Sequence[str] | None = None,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    missing: Missing = "stop",
    report: ReadReport | None = None,
    with_ceiling: bool | None = None,
) -> Evaluation:
    """As :func:`evaluate_files`, from the rows of files or of anything else."""
    hidden = dataset.reference_annotators
    seen = None if hidden is None else Seen(dataset.task.label_names)

    def said(name: str, rows: Iterator[Prediction]) -> Iterator[tuple[str, LabelDistribution]]:
        for row in rows if seen is None else seen.refused(name, rows):
            yield row.id, row.distribution

    ceiling: Ceiling = "reference" if hidden is None else "all"
    found = evaluate(
        dataset.items(report) if seen is None else seen.noted(dataset.items(report)),
        {name: said(name, rows) for name, rows in predictions.items()},
        dataset.task,
        bootstrap=bootstrap,
        seed=seed,
        metrics=metrics,
        missing=missing,
        with_ceiling=ceiling if with_ceiling or (with_ceiling is None and hidden is not None) else None,
    )
    return replace(found, reference_note=_reference_note(dataset))


def _reference_note(dataset: Dataset) -> str | None:
    if dataset.reference_annotators is not None:
        return str(dataset.reference_annotators)
    return None if dataset.about is None else dataset.about.reference_note


def evidence_files(specs: Sequence[str]) -> dict[str, Path]:
    """Those of ``specs`` that are files, by name: the others are names of evidence that items carry.

    Raises :class:`UsageError` where two files have one name.
    """
    return named_files([one for one in specs if "=" in one or one.lower().endswith(SUFFIXES) or is_there(Path(one))])


def named_files(specs: Sequence[str]) -> dict[str, Path]:
    """``NAME=FILE`` or ``FILE``, which is then named by itself without folder and suffix.

    Raises :class:`UsageError` where two files have one name.

    >>> named_files(["llm=a/mjd.jsonl", "b/mjd.none.jsonl"])
    {'llm': PosixPath('a/mjd.jsonl'), 'mjd.none': PosixPath('b/mjd.none.jsonl')}
    """
    files: dict[str, Path] = {}
    for spec in specs:
        name, equals, file = spec.partition("=")
        if not equals or Path(spec).exists():  # a path may hold an equals sign itself
            name, file = "", spec
        path = Path(file)
        name = name or path.name.removesuffix(".gz").rpartition(".")[0] or path.name
        if name in files:
            raise UsageError(f"two files of distributions are named {name!r}", hint="name them: NAME=FILE")
        files[name] = path
    return files
