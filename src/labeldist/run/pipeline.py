"""The whole way, from a few labels per item to evaluated distributions: explain, select, judge, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.item import Item
from labeldist.datasets.files import read_items, write_items, write_rows
from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluate.evaluation import Evaluation
from labeldist.explain.condition import HUMAN, NONE, Condition
from labeldist.models.open import open_model
from labeldist.report.items import chosen_items, item_lines
from labeldist.report.tables import markdown_table
from labeldist.run.distributions import MeanLetterMass, distribution_row, evaluate_files
from labeldist.run.recorded import Recorded
from labeldist.run.settings import RunSettings, claim, remove_unfinished
from labeldist.run.stages import (
    Asked,
    Progress,
    Watch,
    choose_explanations,
    explain_items,
    explanation_pool,
    judge_items,
)
from labeldist.run.store import Store
from labeldist.run.survey import survey

# An explainer "items:NAME" takes the answers or explanations of that source that the items carry.
CARRIED = "items:"
STORE_NAME = "run.sqlite"
MJD = "MJD "


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did.

    ``calls_made`` and ``calls_reused``: model calls of this run; ``store``: totals of everything in the folder.
    ``letter_mass``: per condition the mean probability of all answers together (None: nothing judged).
    ``failures``: the rows of ``failures.jsonl``. ``shown``: the items asked for, as lines to print. ``files``: what was
    written.
    """

    out: Path
    items: int
    failures: tuple[dict[str, Any], ...]
    calls_made: int
    calls_reused: int
    store: dict[str, dict[str, int]]
    letter_mass: dict[str, float | None]
    evaluation: Evaluation | None
    shown: tuple[str, ...]
    files: tuple[Path, ...]


def run(
    settings: RunSettings,
    out: Path,
    *,
    overwrite: bool = False,
    show: int | Sequence[str] = 0,
    progress: Progress = lambda *_: None,
) -> RunSummary:
    """Run the published method over the items of a source and write everything to the folder ``out``.

    The folder gets ``run.sqlite`` (every model call), ``explanations.jsonl`` (items with raw answers, where a
    model was asked), ``mjd.CONDITION.jsonl`` per condition, ``evaluation.json`` and ``evaluation.md`` (where
    there are references) and ``failures.jsonl`` (where anything failed). Killed and started again, it repeats no
    finished model call and ends with the same results. ``show``: items whose distributions the summary should have,
    the first so many or by their ids. Source: arXiv 2412.13942.

    Raises :class:`~labeldist.core.errors.UsageError` where ``out`` holds a run with other settings (unless
    ``overwrite``), and :class:`~labeldist.core.errors.InputError` for bad items, before any model call.

    >>> import tempfile
    >>> row = '{"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", "e", "n"]}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "items.jsonl").write_text(row)
    ...     summary = run(RunSettings(f"{folder}/items.jsonl", model="scripted"), Path(folder) / "out")
    ...     [file.name for file in summary.files]
    ['explanations.jsonl', 'mjd.none.jsonl', 'mjd.label-free.jsonl', 'mjd.label-guided.jsonl']
    """
    dataset = open_source(settings.source, task=settings.task, on_error=settings.on_error, limit=settings.limit)
    found, conditions = survey(dataset, settings.conditions)
    skipped = [failure.as_row() for failure in dataset.failures]
    with Store(out / STORE_NAME) as store:
        claim(store, settings, overwrite=overwrite)
        remove_unfinished(out)
        watch = Watch(progress, [], settings.on_error, found.items)
        judge_model = Recorded(open_model(settings.model, settings.model_options), store)
        explainer = _explainer(settings, judge_model, store)
        explained, items = _explained(dataset, conditions, explainer, settings, watch, out)
        source = settings.explainer.removeprefix(CARRIED) if explainer is None else explainer.name
        of_pool = explanation_pool(source, settings.parser)
        mjds, mass = {}, {}
        for condition in conditions:
            asked = choose_explanations(items(), dataset.task, condition, of_pool, settings.judge.seed, watch)
            file = out / f"mjd.{condition.name.replace(':', '-')}.jsonl"
            mass[condition.name] = _judge_condition(condition, asked, dataset, judge_model, settings, watch, file)
            mjds[MJD + condition.name] = file
        evaluation = None
        if found.with_reference and any(value is not None for value in mass.values()):
            evaluation = evaluate_files(dataset, mjds, seed=settings.judge.seed, missing="skip")
        failures = (*skipped, *(failure.as_row() for failure in watch.failures))
        written = [*explained, *mjds.values(), *_write_evaluation(evaluation, out), *_write_failures(failures, out)]
        models = {id(model): model for model in (judge_model, explainer) if model is not None}.values()
        return RunSummary(
            out=out,
            items=found.items,
            failures=failures,
            calls_made=sum(model.made for model in models),
            calls_reused=sum(model.reused for model in models),
            store=store.totals(),
            letter_mass=mass,
            evaluation=evaluation,
            shown=tuple(_shown(dataset, mjds, show)),
            files=tuple(written),
        )


def _explainer(settings: RunSettings, judge_model: Recorded, store: Store) -> Recorded | None:
    """The model that explains; None where the items carry the explanations."""
    if settings.explainer.startswith(CARRIED):
        return None
    if settings.explainer in ("same", settings.model):
        return judge_model
    return Recorded(open_model(settings.explainer, settings.model_options), store)


def _explained(
    dataset: Dataset,
    conditions: Sequence[Condition],
    explainer: Recorded | None,
    settings: RunSettings,
    watch: Watch,
    out: Path,
) -> tuple[list[Path], Callable[[], Iterator[Item]]]:
    """The items with what the explainer answers, in a file; the items as they are where nobody needs to be asked."""
    if explainer is None or all(condition.guide in (NONE, HUMAN) for condition in conditions):
        return [], dataset.items
    file = out / "explanations.jsonl"
    answered = explain_items(
        dataset.items(), dataset.task, explainer, settings.generation, watch, profile=settings.parser
    )
    write_items(file, answered)
    return [file], lambda: read_items(file, dataset.task)


def _judge_condition(
    condition: Condition,
    asked: Iterable[Asked],
    dataset: Dataset,
    model: Recorded,
    settings: RunSettings,
    watch: Watch,
    file: Path,
) -> float | None:
    """Write the MJDs of one condition; returns their mean letter mass."""
    how = settings.judge.for_model(model)
    judged = judge_items(asked, dataset.task, model, how, watch, f"judge {condition.name}")
    mass = MeanLetterMass()
    write_rows(file, mass.of(distribution_row(one, pooled, model, how, condition.saw_labels) for one, pooled in judged))
    return mass.mean


def _shown(dataset: Dataset, mjds: Mapping[str, Path], wanted: int | Sequence[str]) -> Iterator[str]:
    items = chosen_items(dataset.items(), wanted)
    ids = {item.id for item in items}
    found = {
        name.removeprefix(MJD): {p.id: p.distribution for p in read_predictions(file, dataset.task) if p.id in ids}
        for name, file in mjds.items()
    }
    for item in items:
        of_item = {name: by_id[item.id] for name, by_id in found.items() if item.id in by_id}
        yield from (*item_lines(item, of_item, dataset.task), "")


def _write_evaluation(evaluation: Evaluation | None, out: Path) -> list[Path]:
    if evaluation is None:
        return []
    files = [out / "evaluation.json", out / "evaluation.md"]
    write_rows(files[0], [evaluation.as_dict()])
    files[1].write_text(markdown_table(evaluation, intervals=True), encoding="utf-8")
    return files


def _write_failures(failures: Sequence[dict[str, Any]], out: Path) -> list[Path]:
    """``failures.jsonl`` where there are some; one that an earlier run left is removed where there are none."""
    file = out / "failures.jsonl"
    if not failures:
        file.unlink(missing_ok=True)
        return []
    write_rows(file, failures)
    return [file]
