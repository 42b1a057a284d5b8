"""The whole way, from a few labels per item to evaluated distributions: explain, select, judge, evaluate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.datasets.failures import OnError
from labeldist.datasets.files import read_items, read_predictions, write_items, write_rows
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluate.compare import Evaluation, evaluate
from labeldist.explain.condition import HUMAN, NONE, Condition, parse_condition
from labeldist.judge.judge import JudgeSettings
from labeldist.judge.pool import Pooled
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions, open_model
from labeldist.report.tables import evaluation_markdown
from labeldist.run.recorded import Recorded
from labeldist.run.stages import (
    Asked,
    Generation,
    ItemFailure,
    Progress,
    Watch,
    choose_explanations,
    explain_items,
    explanation_pool,
    judge_items,
)
from labeldist.run.store import Store

# An explainer "items:NAME" takes the answers or explanations of that source that the items carry.
CARRIED = "items:"
DEFAULT_CONDITIONS = ("none", "label-free", "label-guided")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run does; everything that its results depend on.

    ``explainer`` is a model spec, ``items:SOURCE`` for explanations that the items carry, or ``same`` for the
    judging model. ``parser`` None means: as the items carry them, else the profile ``clean``.
    """

    source: str
    model: str = "embedded"
    explainer: str = "same"
    parser: str | None = None
    conditions: tuple[str, ...] = DEFAULT_CONDITIONS
    task: str | None = None
    limit: int | None = None
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    generation: Generation = field(default_factory=Generation)
    model_options: ModelOptions = field(default_factory=ModelOptions)
    on_error: OnError = "stop"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did. ``calls``: made now, and reused from the store; ``store``: totals over the whole folder."""

    items: int
    skipped_rows: int
    failures: tuple[ItemFailure, ...]
    calls: dict[str, int]
    store: dict[str, dict[str, int]]
    letter_mass: dict[str, float]
    evaluation: Evaluation | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first reading of all the items found, before anything is asked of a model."""

    items: int
    groups: tuple[str, ...]
    with_reference: int


def run(settings: RunSettings, out: Path, *, overwrite: bool = False, progress: Progress = lambda *_: None) -> RunSummary:
    """Run the published method over the items of a source and write everything to the folder ``out``.

    The folder gets ``run.sqlite`` (every model call), ``explanations.jsonl`` (items with raw answers, where a
    model was asked), ``mjd.CONDITION.jsonl`` per condition, ``evaluation.json`` and ``evaluation.md`` (where
    there are references) and ``failures.jsonl``. Killed and started again, it repeats no finished model call and
    ends with the same results. Source: arXiv 2412.13942.

    Raises :class:`UsageError` where ``out`` holds a run with other settings (unless ``overwrite``), and
    :class:`~labeldist.core.errors.InputError` for bad items, before any model call.
    """
    dataset = open_source(settings.source, task=settings.task, on_error=settings.on_error, limit=settings.limit)
    with Store(out / "run.sqlite") as store:
        _claim(store, settings, out, overwrite)
        survey = survey_items(dataset, settings)
        conditions = [parse_condition(spec, survey.groups) for spec in settings.conditions]
        judge_model = Recorded(open_model(settings.model, settings.model_options), store)
        watch = Watch(progress, [], settings.on_error)
        models = [judge_model]
        items_file: Path | None = None
        source = settings.explainer.removeprefix(CARRIED)
        if not settings.explainer.startswith(CARRIED):
            explainer = judge_model
            if settings.explainer not in ("same", settings.model):
                explainer = Recorded(open_model(settings.explainer, settings.model_options), store)
                models.append(explainer)
            source = explainer.name
            if any(condition.guide not in (NONE, HUMAN) for condition in conditions):
                items_file = out / "explanations.jsonl"
                write_items(
                    items_file, explain_items(dataset.items(), dataset.task, explainer, settings.generation, watch)
                )
        files = [] if items_file is None else [items_file]
        mass: dict[str, float] = {}
        of_pool = explanation_pool(source, settings.parser)
        for condition in conditions:
            items = dataset.items() if items_file is None else read_items(items_file, dataset.task)
            asked = choose_explanations(items, dataset.task, condition, of_pool, settings.judge.seed, watch)
            judged = judge_items(asked, dataset.task, judge_model, settings.judge, watch, f"judge {condition.name}")
            file = out / f"mjd.{condition.name.replace(':', '-')}.jsonl"
            masses: list[float] = []
            write_rows(file, _noting_mass(distribution_rows(judged, condition.saw_labels), masses))
            files.append(file)
            mass[condition.name] = sum(masses) / len(masses) if masses else float("nan")
        evaluation = None
        if survey.with_reference:
            evaluation = evaluate_files(
                dataset, {condition.name: file for condition, file in zip(conditions, files[-len(conditions):], strict=True)}
            )
            files += _write_evaluation(out, evaluation)
        rows = [failure.as_row() for failure in [*dataset.failures, *watch.failures]]
        if rows:
            write_rows(out / "failures.jsonl", rows)
            files.append(out / "failures.jsonl")
        return RunSummary(
            survey.items,
            len(dataset.failures),
            tuple(watch.failures),
            {"made": sum(m.made for m in models), "reused": sum(m.reused for m in models)},
            store.totals(),
            mass,
            evaluation,
            tuple(str(file) for file in files),
        )
