"""The whole way, from a few labels per item to evaluated posteriors: explain, select, judge, estimate, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from labeldist.calls.engine import engine
from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import InputError
from labeldist.core.item import Item
from labeldist.datasets.files import read_items, write_items, write_json, write_rows, write_text
from labeldist.datasets.source import Dataset, open_source
from labeldist.evaluation.evaluation import Evaluation
from labeldist.explanations.condition import HUMAN, Condition
from labeldist.explanations.explainer import read_explainer
from labeldist.judging.orders import read_orders
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions
from labeldist.reports.tables import markdown_table
from labeldist.runs.about import about_posterior, write_about
from labeldist.runs.asked import gather, judged_of, look_first_of_run
from labeldist.runs.batched import in_batches
from labeldist.runs.beside import write_failures
from labeldist.runs.distributions import evaluate_files
from labeldist.runs.folder import (
    ABOUT,
    EVALUATION,
    EVALUATION_TABLE,
    EXPLANATIONS,
    FAILURES,
    PATTERNS,
    STORE_NAME,
    Results,
    alone,
    own_files,
)
from labeldist.runs.inputs import inputs_of
from labeldist.runs.judge_advice import nothing_added
from labeldist.runs.judges import MjdSet, judge_names, judges_of_run, options_of, styles_told, without_batches
from labeldist.runs.judgments import asked_as
from labeldist.runs.names import mjds_name, posterior_name
from labeldist.runs.pilot import refuse_pilot
from labeldist.runs.posterior import RunPosterior, posteriors_of_run
from labeldist.runs.prepared import PreparedRun, RunSummary
from labeldist.runs.settings import RunSettings, flat_settings, keep_settings
from labeldist.runs.stage_report import Progress, StageReport, silent
from labeldist.runs.stages import (
    Choose,
    check_words,
    explain_items,
    explanation_pool,
)
from labeldist.runs.survey import (
    check_calibration,
    check_items,
    check_profile,
    check_source,
    conditions_of,
    leaks,
    needs_pool,
    notes_of,
    survey,
    told,
)
from labeldist.runs.tally import Tally, model_notes


def run(
    settings: RunSettings,
    out: Path,
    *,
    dataset: Dataset | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> RunSummary:
    """Run the published method over the items of a source and write everything to the folder ``out``.

    The folder gets ``run.sqlite`` (every model call), ``explanations.jsonl`` (items with raw answers, where a
    model was asked), ``mjd.CONDITION.jsonl`` per condition (of several judges ``mjd.JUDGE.CONDITION.jsonl``),
    ``posterior.jsonl`` (where there are labels), ``evaluation.json`` (where there are references) and
    ``failures.jsonl`` (where anything failed). Killed and started again, it repeats no finished model call and ends
    with the same results. Files of an earlier run are replaced if they are as it wrote them. ``dataset``: what
    ``settings.source`` names, where it is open already.
    Source: arXiv 2412.13942.

    Raises :class:`~labeldist.core.errors.UsageError` where ``out`` holds a run with other settings, or files of others
    or changed ones under the names of results (unless ``overwrite``, which moves these aside),
    :class:`~labeldist.runs.pilot.NotWorthUsingError` where a pilot advises against the judge,
    :class:`~labeldist.core.errors.InputError` for bad items, both before any model call, and
    :class:`~labeldist.core.errors.StoreError` where another process is using the folder.

    >>> import tempfile
    >>> row = '{"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", "e", "n"]}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "items.jsonl").write_text(row)
    ...     summary = run(RunSettings(f"{folder}/items.jsonl", model="scripted"), Path(folder) / "out")
    ...     [file.name for file in summary.files[1:]]
    ['mjd.none.jsonl', 'mjd.label-free.jsonl', 'mjd.label-guided.jsonl', 'posterior.jsonl', 'about.json']
    """
    with engine(settings.engine, settings.workers) as open_model:
        prepared = _prepared(settings, out, dataset or _opened(settings), open_model, overwrite=overwrite)
        with alone(out / STORE_NAME), Store(out / STORE_NAME) as store, ExitStack() as recorded:
            keep_settings(store, settings, overwrite=overwrite)
            moved = prepared.results.clear()
            judges = {name: recorded.enter_context(Recorded(one, store)) for name, one in prepared.judges.items()}
            model = prepared.explainer
            explainer = None if model is None else recorded.enter_context(Recorded(model, store))
            asked = [*judges.values(), *([explainer] if explainer else [])]
            tried = look_first_of_run(prepared, judges, progress)
            with in_batches(store, asked, partial(gather, prepared, judges.keys()), progress):
                done = _carry_out(prepared, judges, explainer, store, out, progress)
            prepared.results.own.settle()
            notes = [note for one in done.posteriors for note in nothing_added(one.name, one.calibration.saves)]
            reused = done.calls_reused - sum(one.asked_again for one in tried)
            advice = tuple(one.advice for one in tried if one.advice is not None)
            return replace(done, notes=(*done.notes, *notes, *moved), calls_reused=reused, advice=advice)


def _opened(settings: RunSettings) -> Dataset:
    return open_source(
        settings.source,
        task=settings.task,
        on_error=settings.on_error,
        limit=settings.limit,
        shard=settings.shard,
        reference_annotators=settings.reference_annotators,
        repeated_labels=settings.repeated_labels,
        read=settings.read,
    )


def _prepared(
    settings: RunSettings,
    out: Path,
    dataset: Dataset,
    open_model: Callable[[str, ModelOptions], LanguageModel],
    *,
    overwrite: bool,
) -> PreparedRun:
    """Check everything that can be checked before a model is asked or a file is written."""
    check_profile(settings.parser)
    # What the conditions are must not depend on the shard: shards are merged.
    whole = None if dataset.shard is None else survey(replace(dataset, shard=None))
    found = survey(dataset)
    conditions = conditions_of(settings.conditions, whole or found, settings.judge.style)
    asked = [asked_as(settings.judge, condition) for condition in conditions]
    refuse_pilot(settings.pilot, asked, batched=settings.model_options.batch is not None)
    check_items(dataset, conditions, settings.judge)
    check_calibration(settings.calibrate, found)
    names = judge_names(settings.models)
    who = read_explainer(settings.explainer, settings.models[0])
    if who.carried is not None and needs_pool(conditions):
        check_source(who.carried, whole or found)
    models = inputs_of(models=[*settings.models, settings.explainer])
    files = _names(conditions, [*names])
    results = Results(own_files(out / STORE_NAME), files, (*dataset.inputs, *models), patterns=PATTERNS)
    with alone(out / STORE_NAME) if results.own.listed.exists() else nullcontext():
        results.check(overwrite=overwrite)
    options = replace(settings.model_options, temperature=settings.generation.temperature)
    each = options_of([*names.values()], options)
    judges = judges_of_run(names, lambda spec: open_model(spec, each[spec]), settings.judge, conditions, dataset.task)
    explainer = None
    if who.model is not None and needs_pool(conditions):
        known = {names[name]: judge for name, judge in judges.items()}
        explainer = known.get(who.model) or open_model(who.model, without_batches(who.model, options))
    return PreparedRun(settings, dataset, found, tuple(conditions), judges, explainer, who.carried, results)


def _names(conditions: Sequence[Condition], judges: Sequence[str | None]) -> list[str]:
    """The names of all the files that a run may write."""
    groups = dict.fromkeys(condition.group for condition in conditions)
    mjds = [mjds_name(condition, judge) for judge in judges for condition in conditions]
    posteriors = [posterior_name(group) for group in (None, *(group for group in groups if group is not None))]
    return [ABOUT, EXPLANATIONS, *mjds, *posteriors, EVALUATION, EVALUATION_TABLE, FAILURES]


def _carry_out(
    prepared: PreparedRun,
    judges: Mapping[str | None, Recorded],
    explainer: Recorded | None,
    store: Store,
    out: Path,
    progress: Progress,
) -> RunSummary:
    report = StageReport(progress, prepared.settings.on_error, prepared.found.items)
    for judge in judges.values():
        check_words(prepared.dataset.items(), prepared.dataset.task, judge, prepared.settings.judge)
    files, items = _explained(prepared, explainer, report, out)
    source = (prepared.carried or "") if explainer is None else explainer.name
    of_pool = explanation_pool(source, prepared.settings.parser, report)
    mjds: dict[MjdSet, Path] = {}
    mass: dict[str, float | None] = {}
    bounds = styles_told(prepared.judges, prepared.settings.judge, prepared.dataset.task, prepared.conditions)
    for one in (MjdSet(condition, name) for name in judges for condition in prepared.conditions):
        file = out / mjds_name(one.condition, one.judge)
        # An item that nobody could explain can still be judged without explanations, or with those that it carries.
        asked = items() if needs_pool([one.condition]) else prepared.dataset.items()
        rows, tally = _judge_condition(prepared, one, asked, of_pool, judges[one.judge], report, file)
        mass[one.name] = tally.answer_mass
        bounds += one.told(tally.notes(one.condition.name))
        files.append(file)
        if rows:
            mjds[one] = file
    failures = (*prepared.found.skipped, *report.rows())
    files += write_failures(failures, out / FAILURES, prepared.results.own)
    posteriors, unsaid = _estimated(prepared, mjds, out)
    files += [one.file for one in posteriors]
    files += _about(prepared, mjds, posteriors, mass, out)
    evaluation, problems = _evaluated(prepared, mjds, posteriors)
    files += _written(evaluation, prepared, out)
    models = [model for model in (*judges.values(), explainer) if model is not None]
    return RunSummary(
        out=out,
        dataset=prepared.dataset,
        items=prepared.found.items,
        failures=failures,
        calls_made=sum(model.made for model in models),
        calls_reused=sum(model.reused for model in models),
        store=store.totals(),
        mjds={one.name: file for one, file in mjds.items()},
        posteriors=tuple(posteriors),
        answer_mass=mass,
        evaluation=evaluation,
        notes=(
            *told(prepared.dataset),
            *notes_of(prepared.found),
            *leaks(prepared.dataset, _by_people(prepared)),
            *store.notes,
            *model_notes(models),
            *report.notes(prepared.settings.parser),
            *bounds,
            *unsaid,
            *problems,
        ),
        files=tuple(files),
    )


def _written(evaluation: Evaluation | None, prepared: PreparedRun, out: Path) -> list[Path]:
    """The files of the evaluation, where there is one."""
    if evaluation is None:
        return []
    files, note = [out / EVALUATION, out / EVALUATION_TABLE], prepared.results.own.note
    write_json(files[0], evaluation.as_dict(), note=note)
    write_text(files[1], markdown_table(evaluation, intervals=True), note=note)
    return files


def _explained(
    prepared: PreparedRun, explainer: Recorded | None, report: StageReport, out: Path
) -> tuple[list[Path], Callable[[], Iterator[Item]]]:
    """The items with what the explainer answers, in a file; the items as they are where nobody needs to be asked."""
    if explainer is None:
        return [], prepared.dataset.items
    file, settings = out / EXPLANATIONS, prepared.settings
    items, task = prepared.dataset.items(), prepared.dataset.task
    answered = explain_items(items, task, explainer, settings.generation, report, profile=settings.parser)
    write_items(file, answered, note=prepared.results.own.note)
    return [file], lambda: _items_of(file, prepared)


def _items_of(file: Path, prepared: PreparedRun) -> Iterator[Item]:
    """The items in a file that this run wrote; none where every item failed before it could be written."""
    return read_items(file, prepared.dataset.task, repeated="each") if file.stat().st_size else iter(())


def _judge_condition(
    prepared: PreparedRun,
    judged: MjdSet,
    items: Iterator[Item],
    of_pool: Choose,
    model: Recorded,
    report: StageReport,
    file: Path,
) -> tuple[int, Tally]:
    """Write the MJDs of one condition by one judge; returns how many, and their mean answer mass."""
    tally = Tally(read_orders(prepared.settings.judge.orders).target)
    rows = judged_of(prepared, judged, items, of_pool, model, report)
    return write_rows(file, tally.of(rows), note=prepared.results.own.note), tally


def _by_people(prepared: PreparedRun) -> bool:
    """Whether a judge sees explanations of people, as a condition of their own or as those to choose from."""
    chosen = prepared.carried == HUMAN and needs_pool(prepared.conditions)
    return chosen or any(condition.guide == HUMAN for condition in prepared.conditions)


def _estimated(prepared: PreparedRun, mjds: Mapping[MjdSet, Path], out: Path) -> tuple[list[RunPosterior], list[str]]:
    """The posteriors, and what to know of them."""
    settings = prepared.settings
    if not prepared.found.with_labels and settings.calibrate != "reference":
        return [], []
    seed, note = settings.judge.seed, prepared.results.own.note
    return posteriors_of_run(prepared.dataset, mjds, out, calibrate=settings.calibrate, seed=seed, note=note)


def _about(
    prepared: PreparedRun,
    mjds: Mapping[MjdSet, Path],
    posteriors: Sequence[RunPosterior],
    mass: Mapping[str, float | None],
    out: Path,
) -> list[Path]:
    """The file that says what the results rest on."""
    judged = {one.name: file for one, file in mjds.items()}
    told = [about_posterior(one.name, one.file, one, one.annotators) for one in posteriors]
    settings = flat_settings(asdict(prepared.settings))
    note = prepared.results.own.note
    write_about(out / ABOUT, prepared.dataset, told, settings, judged=judged, answer_mass=mass, note=note)
    return [out / ABOUT]


def _evaluated(
    prepared: PreparedRun, mjds: Mapping[MjdSet, Path], posteriors: Sequence[RunPosterior]
) -> tuple[Evaluation | None, Sequence[str]]:
    """The evaluation, or why there is none."""
    if not prepared.found.with_reference:
        return None, ()
    if not mjds:
        return None, ("not evaluated: no item has a distribution",)
    named = {f"MJD {one.name}": file for one, file in mjds.items()}
    named |= {one.name: one.file for one in posteriors}
    try:
        return evaluate_files(prepared.dataset, named, seed=prepared.settings.judge.seed, missing="skip"), ()
    except InputError as error:
        return None, (f"not evaluated: {error.message}",)
