"""What a run is before anything is asked, and what it did: records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.datasets.source import Dataset
from labeldist.evaluation.evaluation import Evaluation
from labeldist.explanations.condition import Condition
from labeldist.models.base import LanguageModel
from labeldist.runs.folder import Results
from labeldist.runs.judge_advice import Advice
from labeldist.runs.posterior import RunPosterior
from labeldist.runs.settings import RunSettings
from labeldist.runs.survey import Survey


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did.

    ``calls_made`` and ``calls_reused``: model calls of this run; ``store``: totals of everything in the folder.
    ``mjds``: the file of distributions of each condition (and judge, of several) that has any. ``posteriors``: what
    labels and MJDs give together. ``answer_mass``: of each the mean probability of all answers together (None: nothing
    judged). ``failures``: the rows of ``failures.jsonl``. ``notes``: what else to know. ``files``: what was written.
    ``advice``: what the first items told of each judge, where they were looked at first.
    """

    out: Path
    dataset: Dataset
    items: int
    failures: tuple[dict[str, Any], ...]
    calls_made: int
    calls_reused: int
    store: dict[str, dict[str, int]]
    mjds: dict[str, Path]
    posteriors: tuple[RunPosterior, ...]
    answer_mass: dict[str, float | None]
    evaluation: Evaluation | None
    notes: tuple[str, ...]
    files: tuple[Path, ...]
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that has been checked as far as that goes without asking a model. ``explainer`` None: items carry all.

    ``judges``: by the names that tell several apart.
    """

    settings: RunSettings
    dataset: Dataset
    found: Survey
    conditions: tuple[Condition, ...]
    judges: dict[str | None, LanguageModel]
    explainer: LanguageModel | None
    carried: str | None
    results: Results
