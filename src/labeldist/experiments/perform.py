"""Performs an experiment: opens what it needs, lets it work in its lab, and writes what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluate.metric import all_metrics
from labeldist.experiments.experiment import EXPERIMENTS, Experiment
from labeldist.experiments.figures import can_draw, draw_findings
from labeldist.experiments.findings import Findings
from labeldist.experiments.lab import Lab
from labeldist.experiments.settings import FILE, ExperimentSettings, claim
from labeldist.experiments.written import write_findings
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions
from labeldist.run.engine import engine
from labeldist.run.folder import FAILURES, alone, write_failures
from labeldist.run.pipeline import CARRIED
from labeldist.run.recorded import Recorded
from labeldist.run.stages import Choose, Progress, Watch, explain_items, explanation_pool
from labeldist.run.store import Store
from labeldist.run.survey import check_profile, check_source, survey
from labeldist.run.tally import model_notes

STORE_NAME = "calls.sqlite"
NO_FIGURE = "no figure was drawn: that takes the extra 'plots' (pip install '.[plots]' in a clone of labeldist)"


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """What an experiment found and took. ``store``: totals of all calls kept, of all experiments in the same folder.

    ``failures``: what could not be done, item by item. ``files``: what was written.
    """

    experiment: Experiment
    findings: Findings
    items: int
    failures: tuple[dict[str, Any], ...]
    calls_made: int
    calls_reused: int
    store: dict[str, dict[str, int]]
    notes: tuple[str, ...]
    files: tuple[Path, ...]


def perform(
    settings: ExperimentSettings, out: Path, *, overwrite: bool = False, progress: Progress = lambda *_: None
) -> ExperimentSummary:
    """Perform the experiment and write its results to the folder ``out/NAME``.

    ``out/calls.sqlite`` keeps every model call of all experiments in ``out``, so that none is made twice, whichever
    experiment asks. ``out/NAME`` gets ``results.jsonl``, ``results.md``, ``figure-N.svg`` (with the extra ``plots``),
    the distributions that were compared, and ``failures.jsonl`` where anything failed. Killed and started again, it
    goes on where it was.

    Raises :class:`~labeldist.core.errors.UsageError` for an unknown experiment and where ``out/NAME`` has other
    settings (unless ``overwrite``), :class:`~labeldist.core.errors.InputError` for items without references.
    """
    known = EXPERIMENTS.get(settings.name)
    folder = out / settings.name
    check_profile(settings.parser)
    dataset = open_source(
        settings.source or known.source, task=settings.task, on_error=settings.on_error, limit=settings.limit
    )
    found = survey(dataset)
    if not found.with_reference:
        raise InputError("no item with a reference", expected="references to compare with", place=Place(dataset.path))
    explainer = settings.explainer or known.explainer
    if explainer.startswith(CARRIED):
        check_source(explainer.removeprefix(CARRIED), found)
    with engine(settings.engine, settings.workers) as open_model:
        model = open_model(settings.model, settings.model_options)
        settings.judge.for_model(model)
        with alone(out / STORE_NAME), Store(out / STORE_NAME) as store, ExitStack() as recorded:
            claim(folder, settings, overwrite=overwrite)
            _remove_results(folder)
            judge = recorded.enter_context(Recorded(model, store))
            watch = Watch(progress, [], settings.on_error, found.items)
            models = [judge]
            with _explained(dataset, explainer, settings, judge, open_model, store, watch, models) as (items, of_pool):
                labels = dataset.task.label_names
                distributions = ((item.id, item.reference_distribution(labels)) for item in items)
                lab = Lab(
                    settings=settings,
                    dataset=dataset,
                    items=items,
                    groups=found.groups,
                    of_pool=of_pool,
                    judge=judge,
                    metrics=tuple(all_metrics()),
                    watch=watch,
                    out=folder,
                    references={id_: one.probabilities for id_, one in distributions if one is not None},
                )
                findings = known.perform(lab)
            files = write_findings(known, findings, folder)
            drawn = can_draw()
            files += draw_findings(findings, folder) if drawn else []
            failures = (*(f.as_row() for f in dataset.failures), *(f.as_row() for f in watch.failures))
            files += write_failures(failures, folder / FAILURES)
            return ExperimentSummary(
                experiment=known,
                findings=findings,
                items=found.items,
                failures=failures,
                calls_made=sum(one.made for one in models),
                calls_reused=sum(one.reused for one in models),
                store=store.totals(),
                notes=(*model_notes(models), *([] if drawn else [NO_FIGURE])),
                files=tuple(files),
            )


@contextmanager
def _explained(
    dataset: Dataset,
    explainer: str,
    settings: ExperimentSettings,
    judge: Recorded,
    open_model: Callable[[str, ModelOptions], LanguageModel],
    store: Store,
    watch: Watch,
    models: list[Recorded],
) -> Iterator[tuple[tuple[Item, ...], Choose]]:
    """The items with what the explainer answers, asked only for items whose explanations are wanted; and its pool."""
    if explainer.startswith(CARRIED):
        yield tuple(dataset.items()), explanation_pool(explainer.removeprefix(CARRIED), settings.parser)
        return
    with ExitStack() as opened:
        writer = judge
        if explainer not in ("same", settings.model):
            writer = opened.enter_context(Recorded(open_model(explainer, settings.model_options), store))
            models.append(writer)
        answered = explain_items(
            dataset.items(), dataset.task, writer, settings.generation, watch, profile=settings.parser
        )
        yield tuple(answered), explanation_pool(writer.name, settings.parser)


def _remove_results(folder: Path) -> None:
    """Remove what an earlier try left, so that results of different settings never lie side by side.

    What took long to make is not among it: model calls are in the store, and trained classifiers in folders.
    """
    for pattern in ("*.jsonl", "*.md", "figure-*.svg", ".*.part"):
        for file in folder.glob(pattern):
            if file.name != FILE:
                file.unlink(missing_ok=True)


def shipped() -> list[Experiment]:
    """All experiments, by name."""
    return [EXPERIMENTS.get(name) for name in sorted(EXPERIMENTS.names())]
