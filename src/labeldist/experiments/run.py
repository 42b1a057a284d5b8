"""Performs an experiment: opens what it needs, lets it work in its context, and writes what it found."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeldist.calls.engine import engine
from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluation.few_votes import are_few
from labeldist.evaluation.metric import all_metrics
from labeldist.evaluation.votes import median_votes
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.experiment import EXPERIMENTS, Experiment
from labeldist.experiments.figures import draw_findings
from labeldist.experiments.findings import Findings
from labeldist.experiments.measure import Distributions
from labeldist.experiments.render import RESULTS, TABLE, write_findings
from labeldist.experiments.settings import FILE, ExperimentSettings, keep_settings
from labeldist.explanations.explainer import read_explainer
from labeldist.reports.figures.style import can_draw
from labeldist.runs.beside import write_failures
from labeldist.runs.folder import FAILURES, Results, alone, own_files
from labeldist.runs.inputs import inputs_of
from labeldist.runs.stage_report import Progress, StageReport, silent
from labeldist.runs.stages import check_words, explain_items, explanation_pool
from labeldist.runs.survey import Survey, check_profile, check_source, survey
from labeldist.runs.tally import model_notes

STORE_NAME = "calls.sqlite"
# How files are called that an experiment writes into its folder.
NAMES = (FILE, RESULTS, TABLE, "mjd.*.jsonl", "figure-[0-9]*.svg", FAILURES)
Rows = tuple[dict[str, Any], ...]
NO_FIGURE = "no figure was drawn: that takes the extra 'plots' (pip install '.[plots]' in a clone of labeldist)"


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """What an experiment found and took. ``store``: totals of all calls kept, of all experiments in the same folder.

    ``failures``: what could not be done, item by item. ``files``: what was written.
    """

    experiment: Experiment
    findings: Findings
    items: int
    failures: Rows
    calls_made: int
    calls_reused: int
    store: dict[str, dict[str, int]]
    notes: tuple[str, ...]
    files: tuple[Path, ...]


def run_experiment(
    settings: ExperimentSettings, out: Path, *, overwrite: bool = False, progress: Progress = silent
) -> ExperimentSummary:
    """Run the experiment and write its results to the folder ``out/NAME``.

    ``out/calls.sqlite`` keeps every model call of all experiments in ``out``, so that none is made twice, whichever
    experiment asks. ``out/NAME`` gets ``results.jsonl``, ``results.md``, ``figure-N.svg`` (with the extra ``plots``),
    the distributions that were compared, and ``failures.jsonl`` where anything failed. Interrupted, it resumes
    when it is run again. Files of an earlier try are replaced if they are as it wrote them.

    Raises :class:`~labeldist.core.errors.UsageError` for an unknown experiment and where ``out/NAME`` has other
    settings, or files of others or changed ones under the names of results (unless ``overwrite``, which moves these
    aside), :class:`~labeldist.core.errors.InputError` for items without references, and
    :class:`~labeldist.core.errors.StoreError` where another process is using ``out``.
    """
    known = EXPERIMENTS.get(settings.name)
    settings = _filled(settings, known)
    check_profile(settings.parser)
    dataset = open_source(
        str(settings.source),
        task=settings.task,
        on_error=settings.on_error,
        limit=settings.limit,
        reference_annotators=settings.reference_annotators,
        repeated_labels=settings.repeated_labels,
        read=settings.read,
    )
    found = survey(dataset)
    _check(dataset, settings, found)
    folder, who = out / known.name, read_explainer(settings.explainer or "", settings.model)
    results = _results(settings, dataset, folder)
    with alone(out / STORE_NAME) if results.own.listed.exists() else nullcontext():
        results.check(overwrite=overwrite)
    with engine(settings.engine, settings.workers) as open_model:
        options = replace(settings.model_options, temperature=settings.generation.temperature)
        models = [open_model(settings.model, options)]
        settings.judge.for_model(models[0], len(dataset.task.labels))
        if who.model is not None and not who.is_judge:
            models.append(open_model(who.model, options))
        with alone(out / STORE_NAME), Store(out / STORE_NAME) as store, ExitStack() as recorded:
            kept = [recorded.enter_context(Recorded(model, store)) for model in models]
            context = _context(
                settings, dataset, found, kept, StageReport(progress, settings.on_error, found.items), folder
            )
            known.requires(context)
            keep_settings(folder, settings, overwrite=overwrite)
            moved = results.clear()
            check_words(context.items, context.task, context.judge, settings.judge)
            context = _explained(context, kept[-1])
            done = _summary(known, known.run(context), context, found.skipped, kept, store)
            results.own.settle()
            return replace(done, notes=(*done.notes, *moved))


def _filled(settings: ExperimentSettings, known: Experiment) -> ExperimentSettings:
    """The settings with the experiment's own source and explainer where none is named."""
    own = settings.explainer is None
    return replace(
        settings,
        source=settings.source or known.source,
        explainer=settings.explainer or known.explainer,
        parser=known.parser if own and settings.parser is None else settings.parser,
    )


def _check(dataset: Dataset, settings: ExperimentSettings, found: Survey) -> None:
    """Refuse what cannot work before a model is opened."""
    if not found.with_reference:
        raise InputError("no item with a reference", expected="references to compare with", place=Place(dataset.path))
    carried = read_explainer(settings.explainer or "", settings.model).carried
    if carried is not None:
        check_source(carried, found)


def _context(
    settings: ExperimentSettings,
    dataset: Dataset,
    found: Survey,
    models: list[Recorded],
    report: StageReport,
    out: Path,
) -> ExperimentContext:
    """The context with the items as they are; the explainer is last of ``models``, unless they carry explanations."""
    carried = read_explainer(settings.explainer or "", settings.model).carried
    source = models[-1].name if carried is None else carried
    known = tuple(dataset.items())
    return ExperimentContext(
        settings=settings,
        dataset=dataset,
        items=known,
        groups=found.groups,
        of_pool=explanation_pool(source, settings.parser, report),
        judge=models[0],
        metrics=tuple(all_metrics(dataset.task.values, few_votes=are_few(median_votes(known)))),
        report=report,
        out=out,
        own=own_files(out / FILE),
        references=_references(known, dataset.task),
    )


def _explained(context: ExperimentContext, explainer: Recorded) -> ExperimentContext:
    """The context with what ``explainer`` answers to its items, where they do not carry what is wanted."""
    settings = context.settings
    if read_explainer(settings.explainer or "", settings.model).carried is not None:
        return context
    found = explain_items(
        context.items, context.task, explainer, settings.generation, context.report, profile=settings.parser
    )
    items = tuple(found)
    return replace(context, items=items, references=_references(items, context.task))


def _references(items: Sequence[Item], task: Task) -> Distributions:
    """The reference of each item that has one."""
    found = {item.id: item.reference_distribution(task.label_names) for item in items}
    return {id_: one.probabilities for id_, one in found.items() if one is not None}


def _summary(
    known: Experiment,
    findings: Findings,
    context: ExperimentContext,
    skipped: Rows,
    models: list[Recorded],
    store: Store,
) -> ExperimentSummary:
    """Write everything, and say what was written."""
    drawn = can_draw()
    failures = (*skipped, *context.report.rows())
    files = [
        *write_findings(known, findings, context.out, context.own.note),
        *(draw_findings(findings, context.out, context.own.note) if drawn else []),
        *write_failures(failures, context.out / FAILURES, context.own),
    ]
    return ExperimentSummary(
        experiment=known,
        findings=findings,
        items=len(context.items),
        failures=failures,
        calls_made=sum(one.made for one in models),
        calls_reused=sum(one.reused for one in models),
        store=store.totals(),
        notes=(
            *store.notes,
            *model_notes(models),
            *context.report.notes(context.settings.parser),
            *([] if drawn else [NO_FIGURE]),
        ),
        files=tuple(files),
    )


def _results(settings: ExperimentSettings, dataset: Dataset, folder: Path) -> Results:
    """What is in the folder under the names of results; what took long to make, classifiers, is in folders of its own.

    Which distributions there will be, only the experiment knows.
    """
    names = sorted(file.name for pattern in NAMES for file in folder.glob(pattern))
    models = [settings.model, settings.explainer or ""]
    inputs = inputs_of(settings.classifier, settings.encoder, *settings.test_sets, models=models)
    return Results(own_files(folder / FILE), names, (*dataset.inputs, *inputs), kept=(FILE,))


def all_experiments() -> list[Experiment]:
    """All experiments, those of plugins among them, by name."""
    return [one for _, one in sorted(EXPERIMENTS.parts().items())]
